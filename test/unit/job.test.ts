import t from 'tap'
import { Job, type JobContext, type JobOptions } from '../../lib/internal/job.js'
import { uncaughtException } from '../helpers/uncaught.js'

/** A job whose work the test plays. */
function makeJob(options?: JobOptions<number>) {
  let context: JobContext<number> | undefined
  let settle: { resolve: (value: string) => void; reject: (reason: unknown) => void } | undefined
  const job = new Job<number, string>(options, (given) => {
    context = given
    return new Promise((resolve, reject) => {
      settle = { resolve, reject }
      given.signal.addEventListener('abort', () => reject(given.signal.reason))
    })
  })
  if (!context || !settle) throw new Error('the work was not started at once')
  return { job, ...context, ...settle }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('await gives the result, to each who asks', async (t) => {
  const { job, resolve } = makeJob()
  resolve('copied')
  t.equal(await job, 'copied')
  t.equal(await job, 'copied')
  t.equal(await job.finally(() => {}), 'copied')
})

t.test('a loop sees the newest progress and always the last', async (t) => {
  const { job, report, resolve } = makeJob()
  const seen: number[] = []
  const loop = (async () => {
    for await (const p of job) {
      seen.push(p)
      await turn()
    }
  })()
  report(1)
  await turn()
  report(2)
  report(3)
  report(4)
  await turn()
  report(5)
  resolve('')
  await loop
  t.equal(seen[0], 1)
  t.equal(seen.at(-1), 5)
  t.notOk(seen.includes(2), 'what nobody had time for is left out')
  t.same(
    seen,
    [...seen].sort((a, b) => a - b),
  )
})

t.test('two loops are independent; a late one gets the last report', async (t) => {
  const { job, report, resolve } = makeJob()
  report(1)
  const first = job[Symbol.asyncIterator]()
  t.same(await first.next(), { value: 1, done: false })
  report(2)
  const second = job[Symbol.asyncIterator]()
  t.same(await second.next(), { value: 2, done: false })
  t.same(await first.next(), { value: 2, done: false })
  resolve('')
  t.same(await first.next(), { value: undefined, done: true })
  await job
  const late: number[] = []
  for await (const p of job) late.push(p)
  t.same(late, [2])
})

t.test('a loop throws when the job fails', async (t) => {
  const { job, report, reject } = makeJob()
  report(1)
  reject(new Error('no space'))
  const seen: number[] = []
  await t.rejects(
    (async () => {
      for await (const p of job) seen.push(p)
    })(),
    { message: 'no space' },
  )
  t.same(seen, [1])
  await t.rejects(Promise.resolve(job), { message: 'no space' })
})

t.test('leaving the loop does not end the job', async (t) => {
  const { job, report, resolve, signal } = makeJob()
  report(1)
  for await (const _ of job) break
  t.notOk(signal.aborted)
  resolve('copied')
  t.equal(await job, 'copied')
})

t.test('the signal ends the job with its reason', async (t) => {
  const controller = new AbortController()
  const { job, signal } = makeJob({ signal: controller.signal })
  const reason = new Error('changed my mind')
  controller.abort(reason)
  t.equal(signal.reason, reason)
  await t.rejects(Promise.resolve(job), reason)

  const started = new Job({ signal: controller.signal }, async (context) => context.signal.throwIfAborted())
  await t.rejects(Promise.resolve(started), reason)
})

t.test('a throw in onProgress ends the job with that error, and it is called no more', async (t) => {
  const error = new Error('in the callback')
  let calls = 0
  const { job, report, signal } = makeJob({
    onProgress() {
      calls++
      throw error
    },
  })
  report(1)
  t.equal(signal.reason, error)
  report(2)
  t.equal(calls, 1)
  await t.rejects(Promise.resolve(job), error)

  const late = makeJob({
    onProgress() {
      throw error
    },
  })
  const uncaught = uncaughtException()
  late.resolve('done before it could be ended')
  late.report(1)
  t.equal(await late.job, 'done before it could be ended', 'what is done is done')
  t.equal(await uncaught, error, 'and the error is not lost')
})

t.test('wrong options reject', async (t) => {
  const start = async () => 'never'
  const signal = {} as AbortSignal
  await t.rejects(Promise.resolve(new Job({ signal }, start)), { code: 'ERR_INVALID_ARG_TYPE' })
  const onProgress = 'text' as unknown as () => void
  const job = new Job({ onProgress }, start)
  await t.rejects(
    (async () => {
      for await (const _ of job);
    })(),
    { code: 'ERR_INVALID_ARG_TYPE' },
  )
})

t.test('a rejection is handled once somebody awaits or iterates, and only then', async (t) => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  // tap has a listener of its own that fails the test.
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', note)
  t.teardown(() => {
    process.removeAllListeners('unhandledRejection')
    for (const other of others) process.on('unhandledRejection', other)
  })

  const watched = makeJob()
  watched.report(1)
  for await (const _ of watched.job) break
  watched.reject(new Error('watched'))

  const awaited = makeJob()
  const end = awaited.job.catch(() => 'caught')
  awaited.reject(new Error('awaited'))
  t.equal(await end, 'caught')

  const ignored = makeJob()
  ignored.reject(new Error('ignored'))
  await turn()
  await turn()
  t.same(
    unhandled.map((reason) => (reason as Error).message),
    ['ignored'],
  )
})

t.test('a settled job does not keep listening to a long-lived signal', async (t) => {
  const controller = new AbortController()
  const { job, resolve, signal } = makeJob({ signal: controller.signal })
  resolve('')
  await job
  controller.abort()
  t.notOk(signal.aborted)
})
