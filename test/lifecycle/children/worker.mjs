// One worker of workers.mjs: goes to a step, says so, and ends there.
import { parentPort, workerData as spec } from 'node:worker_threads'
import { reach } from './steps.mjs'

await reach({ ...spec, rounds: spec.ending === 'natural' ? 20 : undefined })
parentPort.postMessage('reached')
if (spec.ending === 'exit') process.exit(5)
if (spec.ending === 'throw')
  setTimeout(() => {
    throw new Error('on purpose')
  }, 1)
// To be ended from outside.
if (spec.ending === 'terminate' || spec.ending === 'main-exit') setInterval(() => {}, 1000)
