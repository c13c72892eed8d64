// rbdkit as a program uses it: `await image.read()`, one promise an operation.
import { fileURLToPath } from 'node:url'
import { childJob, lastLine, measure } from './run.mjs'

const program = fileURLToPath(new URL('../children/promises.mjs', import.meta.url))

export const rbdkitPromises = {
  name: 'rbdkit-promises',
  label: 'rbdkit, promises',
  missing: () => null,
  version: () => `Node ${process.version}`,

  run(target, workload, budget) {
    const command = [process.execPath, program, childJob(target, workload, budget)]
    return measure(target, workload, budget, command, lastLine)
  },
}
