// Who operates on objects: a bare loop in C, rbdkit's promises, Python's rados and `rados bench`.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { childJob, installed, lastLine, measure, output } from './run.mjs'

const local = (path) => fileURLToPath(new URL(path, import.meta.url))
const floor = local('../../.rbdkit/floor-objects')
/** Debian's own Python: its packages are not seen by another one that comes first in PATH. */
const python = '/usr/bin/python3'

export const floorObjects = {
  name: 'floor-objects',
  label: 'bare C loop',
  missing: () => (existsSync(floor) ? null : 'scripts/bench.sh, which builds it'),
  version: () => 'bench/floor/objects.cc',

  run(target, workload, budget) {
    const { operation, blockSize, depth, objects } = workload
    const amounts = [blockSize, depth, budget.seconds, budget.operations ?? 0, objects]
    const command = [floor, target.pool, operation, ...amounts.map(String)]
    return measure(target, workload, budget, command, lastLine)
  },
}

export const rbdkitObjects = {
  name: 'rbdkit-objects',
  label: 'rbdkit, promises',
  missing: () => null,
  version: () => `Node ${process.version}`,

  run(target, workload, budget) {
    const command = [process.execPath, local('../children/objects.mjs'), childJob(target, workload, budget)]
    return measure(target, workload, budget, command, lastLine)
  },
}

export const pythonRados = {
  name: 'python-rados',
  label: 'Python rados',
  missing: () => (installed(python, '-c', 'import rados') ? null : 'the package python3-rados'),
  version: () => output(python, '--version'),

  run(target, workload, budget) {
    const command = [python, local('../children/python-rados.py'), childJob(target, workload, budget)]
    return measure(target, workload, budget, command, lastLine)
  },
}

/** Its seconds are whole ones, and it takes no number of operations: start-up is a second of one at a time. */
export const radosBench = {
  name: 'rados-bench',
  label: 'rados bench',
  missing: () => (installed('rados', '--version') ? null : 'the package ceph-common'),
  version: () => output('rados', '--version').split('\n')[0],

  run(target, workload, budget) {
    const { operation, blockSize, depth } = workload
    const threads = budget.operations === undefined ? depth : 1
    const seconds = budget.operations === undefined ? Math.ceil(budget.seconds) : 1
    const options = ['-p', target.pool, 'bench', String(seconds)]
    const write = [
      'write',
      '-b',
      String(blockSize),
      '-t',
      String(threads),
      '--run-name',
      'rados-bench',
      '--no-cleanup',
    ]
    const env = { ...process.env, CEPH_CONF: target.confFile }
    // It reads what it has written, and nothing else.
    if (operation === 'read') execFileSync('rados', [...options, ...write], { env, stdio: 'pipe' })
    const read = ['rand', '-t', String(threads), '--run-name', 'rados-bench']
    const command = ['rados', ...options, ...(operation === 'read' ? read : write)]
    return measure(target, workload, budget, command, (stdout) => {
      const operations = Number(/^Total (?:writes|reads) made:\s*(\d+)/m.exec(stdout)?.[1])
      const took = Number(/^Total time run:\s*([\d.]+)/m.exec(stdout)?.[1])
      return { operations, seconds: took }
    })
  },
}
