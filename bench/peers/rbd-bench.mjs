// `rbd bench`: for context. It tells no latencies, and has no time limit: it ends by bytes.
import { installed, measure, output } from './run.mjs'

/** `elapsed: 1   ops: 16384   ops/sec: 12345.67   bytes/sec: 48 MiB/s`: seconds are whole, so ops/sec tells the time. */
function parse(stdout) {
  const found = /elapsed:\s*\d+\s+ops:\s*(\d+)\s+ops\/sec:\s*([\d.]+|inf)/.exec(stdout)
  if (found === null) throw new Error(`rbd bench said:\n${stdout.slice(-2000)}`)
  // its clock is coarse: a few operations took it no time
  return { operations: Number(found[1]), seconds: found[2] === 'inf' ? 0 : found[1] / found[2] }
}

export const rbdBench = {
  name: 'rbd-bench',
  label: 'rbd bench',
  missing: () => (installed('rbd', '--version') ? null : 'the package ceph-common'),
  version: () => output('rbd', '--version').split('\n')[0],

  /** `budget.expectedIops`: what another side did, to choose how many bytes take about the time. */
  run(target, workload, budget) {
    const { operation, pattern, blockSize, depth } = workload
    const operations = budget.operations ?? Math.ceil((budget.expectedIops ?? 5000) * budget.seconds)
    const threads = Math.min(depth, operations)
    const command = ['rbd', 'bench', `${target.pool}/${target.image}`, '--io-type', operation]
    command.push('--io-size', String(blockSize), '--io-threads', String(threads))
    command.push('--io-total', String(operations * blockSize))
    command.push('--io-pattern', pattern === 'random' ? 'rand' : 'full-seq')
    return measure(target, workload, budget, command, parse)
  },
}
