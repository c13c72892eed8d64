// Python's rbd, with asynchronous calls: for context.
import { fileURLToPath } from 'node:url'
import { childJob, installed, lastLine, measure, output } from './run.mjs'

const program = fileURLToPath(new URL('../children/python-rbd.py', import.meta.url))
/** Debian's own Python: its packages are not seen by another one that comes first in PATH. */
const python = '/usr/bin/python3'

export const pythonRbd = {
  name: 'python',
  label: 'Python rbd',
  missing: () =>
    installed(python, '-c', 'import rados, rbd') ? null : 'the packages python3-rbd and python3-rados',
  version: () => output(python, '--version'),

  run(target, workload, budget) {
    return measure(target, workload, budget, [python, program, childJob(target, workload, budget)], lastLine)
  },
}
