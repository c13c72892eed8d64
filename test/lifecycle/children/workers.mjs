// Workers one after the other, each ended at a step, while the main thread goes on with I/O of its own:
// { step, ending, times, confFile, pool, secure }. Prints how often a worker ended as expected.
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { reach } from './steps.mjs'

const spec = JSON.parse(process.argv[2])
const expected = { terminate: 1, natural: 0, exit: 5, throw: 1 }
// Little of it: the workers are what is tested.
const own = await reach({ ...spec, step: 'reading', depth: 4, pauseMs: 5 })

for (let i = 0; i < spec.times; i++) {
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: spec })
  const errors = []
  worker.on('error', (error) => errors.push(error))
  const exited = new Promise((resolve) => worker.on('exit', resolve))
  await Promise.race([new Promise((resolve) => worker.on('message', resolve)), exited])
  if (spec.ending === 'main-exit') {
    if (spec.step === 'connecting') await sleep(spec.delayMs)
    process.exit(3)
  }
  if (spec.ending === 'terminate') {
    if (spec.step === 'connecting') await sleep(2 * i)
    await worker.terminate()
  }
  const code = await exited
  if (code !== expected[spec.ending]) throw new Error(`worker ${i} ended with ${code}: ${errors[0]?.stack}`)
  if (spec.ending === 'throw' && errors[0]?.message !== 'on purpose') throw errors[0]
  const before = own.done
  while (own.done < before + 16) await sleep(1)
}
await own.cluster.close()
console.log(spec.times)
