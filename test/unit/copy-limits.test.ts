import { closeSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { compare, copy } from 'rbdkit'
import t from 'tap'

const mib = 1024 * 1024

t.test('a limit of bytes or of operations holds, also for what is read again', async (t) => {
  const directory = t.testdir()
  const from = { file: join(directory, 'from') }
  writeFileSync(from.file, Buffer.alloc(12 * mib, 'x'))
  const seconds = async (job: PromiseLike<{ seconds: number }>): Promise<number> => (await job).seconds
  const file = (name: string) => ({ file: join(directory, name) })
  // Three pieces of 4 MiB: the second and the third wait, for 0.3 s in all; twice so when they are read again.
  t.ok((await seconds(copy(from, file('a'), { bandwidthLimit: 20 * mib }))) > 0.25)
  t.ok(
    (await seconds(copy(from, file('b'), { bandwidthLimit: BigInt(20 * mib), verify: 'read-back' }))) > 0.55,
  )
  t.ok((await seconds(copy(from, file('c'), { iopsLimit: 10 }))) > 0.25)
  // Both sides count.
  t.ok((await seconds(compare(from, file('a'), { bandwidthLimit: 40 * mib }))) > 0.25)
  t.ok((await seconds(compare(from, file('a'), { iopsLimit: 10 }))) > 0.25)
})

t.test('the first piece is not held back, and an abort need not wait for the second', async (t) => {
  const directory = t.testdir()
  const from = { file: join(directory, 'from') }
  writeFileSync(from.file, Buffer.alloc(4 * mib, 'x'))
  const to = { file: join(directory, 'to') }
  await copy(from, to, { bandwidthLimit: 1, iopsLimit: 1 })
  writeFileSync(from.file, Buffer.alloc(9 * mib, 'x'))
  const controller = new AbortController()
  const options = { bandwidthLimit: 1, signal: controller.signal }
  const jobs = [copy(from, { file: join(directory, 'other') }, options), compare(from, to, options)]
  setTimeout(() => controller.abort(new Error('enough')), 100)
  await Promise.all(jobs.map((job) => t.rejects(Promise.resolve<unknown>(job), { message: 'enough' })))
  t.same(readdirSync(directory).sort(), ['from', 'to'])
})

t.test('verifying a file: what somebody else writes into it meanwhile is found', async (t) => {
  const directory = t.testdir()
  const from = { file: join(directory, 'from') }
  writeFileSync(from.file, Buffer.alloc(16 * mib, 'x'))
  const to = join(directory, 'to')
  for (const verify of ['read-back', 'full'] as const) {
    await copy(from, { file: `${to}.${verify}` }, { verify })
    t.ok(readFileSync(`${to}.${verify}`).equals(readFileSync(from.file)), verify)
    const job = copy(from, { file: to }, { verify, bandwidthLimit: 40 * mib })
    for await (const { phase, bytesDone } of job) if (phase === 'copy' && bytesDone > 4 * mib) break
    const temporary = readdirSync(directory).find((name) => name.startsWith('to.rbdkit-')) as string
    const fd = openSync(join(directory, temporary), 'r+')
    writeSync(fd, 'y', 5000)
    closeSync(fd)
    await t.rejects(Promise.resolve(job), {
      name: 'CopyError',
      code: 'ERR_VERIFY_FAILED',
      message: verify === 'full' ? /^4096 bytes in 1 extent .* 4096 at 4096: '.*to'$/ : / 4194304 at 0: /,
    })
    t.notOk(
      readdirSync(directory).some((name) => /^to(\.rbdkit|$)/.test(name)),
      'nothing is left',
    )
  }
})

t.test('bad limits', async (t) => {
  const from = { file: '/nonexistent' }
  const bad: [object, string][] = [
    [{ bandwidthLimit: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ bandwidthLimit: 1.5 }, 'ERR_OUT_OF_RANGE'],
    [{ bandwidthLimit: '10M' }, 'ERR_INVALID_ARG_TYPE'],
    [{ iopsLimit: -1 }, 'ERR_OUT_OF_RANGE'],
  ]
  for (const [options, code] of bad) {
    await t.rejects(Promise.resolve(copy(from, { file: '/nonexistent2' }, options)), { code })
    await t.rejects(Promise.resolve(compare(from, from, options)), { code })
  }
})
