/** The engine of steps: what is undone, what the error says, what an abort waits for. */

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ProvisionError } from '../../lib/provision/errors.js'
import { runSteps, type Step, type StepOutcome } from '../../lib/provision/steps.js'

/** Steps that write down what they do. */
class Log {
  readonly said: string[] = []

  step(
    name: string,
    { run, undo }: { run?: () => Promise<StepOutcome>; undo?: () => Promise<boolean> } = {},
  ): Step {
    return {
      name,
      run: async () => {
        this.said.push(`run ${name}`)
        return (await run?.()) ?? 'made'
      },
      undo: async () => {
        this.said.push(`undo ${name}`)
        return (await undo?.()) ?? true
      },
    }
  }
}

async function failure(promise: Promise<unknown>): Promise<ProvisionError> {
  const error = await promise.catch((reason: unknown) => reason)
  if (error instanceof ProvisionError) return error
  throw new Error(`it was not refused: ${String(error)}`)
}

t.test('each step in its turn', async (t) => {
  const log = new Log()
  const progress: unknown[] = []
  const steps = [log.step('a'), log.step('b', { run: async () => 'found' })]
  const results = await runSteps('work', steps, { onProgress: (one) => progress.push(one) })
  t.same(results, [
    { step: 'a', outcome: 'made' },
    { step: 'b', outcome: 'found' },
  ])
  t.same(progress, [
    { step: 'a', outcome: 'made', done: 1, total: 2 },
    { step: 'b', outcome: 'found', done: 2, total: 2 },
  ])
  t.same(log.said, ['run a', 'run b'])
})

t.test('a failure undoes in reverse order, also what failed', async (t) => {
  const log = new Log()
  const cause = new Error('the disk is full')
  const steps = [
    log.step('a'),
    log.step('b', { undo: async () => false }),
    log.step('c', { run: () => Promise.reject(cause) }),
    log.step('d'),
  ]
  const error = await failure(runSteps('work', steps, {}))
  t.same(log.said, ['run a', 'run b', 'run c', 'undo c', 'undo b', 'undo a'])
  t.equal(error.cause, cause)
  t.match(error, {
    code: 'ERR_RBDKIT_STEP_FAILED',
    operation: 'work',
    step: 'c',
    undone: ['c', 'a'],
    left: [],
  })
  t.equal(error.message, "ERR_RBDKIT_STEP_FAILED: the step 'c' failed; undone: c, a: the disk is full, work")
})

t.test('what cannot be undone is told, and the rest is undone', async (t) => {
  const log = new Log()
  const steps = [
    log.step('a'),
    log.step('b', { undo: () => Promise.reject(new Error('it is in use')) }),
    log.step('c', { run: () => Promise.reject(new Error('no')) }),
  ]
  const error = await failure(runSteps('work', steps, {}))
  t.match(error, { undone: ['c', 'a'], left: [{ step: 'b', error: { message: 'it is in use' } }] })
  t.match(error.message, /undone: c, a; left behind: b \(it is in use\): no/)
})

t.test('an abort lets the call end that is under way', async (t) => {
  const log = new Log()
  const controller = new AbortController()
  let over = false
  const steps = [
    log.step('a'),
    log.step('b', {
      run: async () => {
        controller.abort(new Error('enough'))
        await sleep(50)
        over = true
        return 'made'
      },
      undo: async () => {
        t.ok(over, 'it is undone when it is over')
        return true
      },
    }),
    log.step('c'),
  ]
  const error = await failure(runSteps('work', steps, { signal: controller.signal }))
  t.match(error, { code: 'ABORT_ERR', step: 'b', cause: controller.signal.reason, undone: ['b', 'a'] })
  t.same(log.said, ['run a', 'run b', 'undo b', 'undo a'])
  const early = await failure(runSteps('work', [log.step('x')], { signal: controller.signal }))
  t.match(early, { code: 'ABORT_ERR', undone: [] })
  t.notOk(log.said.includes('run x'))
})

t.test('an abort after the last step counts too', async (t) => {
  const log = new Log()
  const controller = new AbortController()
  const onProgress = () => controller.abort(new Error('enough'))
  const error = await failure(runSteps('work', [log.step('a')], { signal: controller.signal, onProgress }))
  t.match(error, { code: 'ABORT_ERR', undone: ['a'] })
})

t.test('a call that never ends does not hold the caller', { timeout: 60_000 }, async (t) => {
  const log = new Log()
  const controller = new AbortController()
  const never = (): Promise<never> => {
    controller.abort(new Error('enough'))
    return new Promise(() => {})
  }
  const steps = [log.step('a'), log.step('b', { run: never, undo: never })]
  const error = await failure(runSteps('work', steps, { signal: controller.signal }))
  t.match(error, { code: 'ABORT_ERR', undone: ['a'], left: [{ step: 'b' }] })
  t.match(error.message, /left behind: b \(it was not answered within 10 s/)
})
