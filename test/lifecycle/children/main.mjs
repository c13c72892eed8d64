// Goes to a step and ends the process there: { step, ending, delayMs, confFile, pool, secure }.
import { setTimeout as sleep } from 'node:timers/promises'
import { reach } from './steps.mjs'

const spec = JSON.parse(process.argv[2])
// A natural end comes when nothing is in flight any more.
await reach({ ...spec, rounds: spec.ending === 'natural' ? 20 : undefined })
if (spec.delayMs) await sleep(spec.delayMs)
if (spec.ending === 'exit') process.exit(3)
if (spec.ending === 'throw') throw new Error('on purpose')
if (spec.ending === 'throw-later')
  setTimeout(() => {
    throw new Error('on purpose')
  }, 1)
if (spec.ending === 'sigterm') process.kill(process.pid, 'SIGTERM')
