// rbdkit's native load generator, `bench()`: no JavaScript an operation.
import { fileURLToPath } from 'node:url'
import * as rbdkit from 'rbdkit'
import { childJob, lastLine, measure } from './run.mjs'

const program = fileURLToPath(new URL('../children/engine.mjs', import.meta.url))

export const rbdkitEngine = {
  name: 'rbdkit-engine',
  label: 'rbdkit, bench()',
  missing: () => ('bench' in rbdkit ? null : 'bench(), which rbdkit does not have yet'),
  version: () => `Node ${process.version}`,

  run(target, workload, budget) {
    const command = [process.execPath, program, childJob(target, workload, budget)]
    return measure(target, workload, budget, command, lastLine)
  },
}
