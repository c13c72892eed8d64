// rbdkit's native load generator, `bench()`: no JavaScript an operation.
import { fileURLToPath } from 'node:url'
import { childJob, lastLine, measure } from './run.mjs'

const program = fileURLToPath(new URL('../children/engine.mjs', import.meta.url))

export const rbdkitEngine = {
  name: 'rbdkit-engine',
  label: 'rbdkit, bench()',
  missing: () => null,
  version: () => `Node ${process.version}`,

  run(target, workload, budget) {
    const command = [process.execPath, program, childJob(target, workload, budget)]
    return measure(target, workload, budget, command, lastLine)
  },
}
