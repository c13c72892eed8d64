// fio's rbd engine: the side that all others are compared with.
import { installed, measure, output } from './run.mjs'

const modes = {
  random: { read: 'randread', write: 'randwrite' },
  sequential: { read: 'read', write: 'write' },
}

/** `slat` is only the time to queue an operation; `lat` is from the call to the completion, as on the other sides. */
function parse(stdout) {
  const [job] = JSON.parse(stdout.slice(stdout.indexOf('{'))).jobs
  const side = job.read.total_ios > 0 ? job.read : job.write
  const { min, max, mean, percentile } = side.lat_ns
  const [p50, p99, p999] = ['50.000000', '99.000000', '99.900000'].map((key) => percentile[key])
  return {
    operations: side.total_ios,
    seconds: side.runtime / 1000,
    latency: { min, mean, p50, p99, p999, max },
  }
}

export const fio = {
  name: 'fio',
  label: 'fio rbd engine',
  missing: () => (installed('fio', '--version') ? null : 'the package fio'),
  version: () => output('fio', '--version'),

  run(target, workload, budget) {
    const { operation, pattern, blockSize, depth } = workload
    const command = ['fio', '--name=bench', '--ioengine=rbd', '--clientname=admin']
    command.push(`--pool=${target.pool}`, `--rbdname=${target.image}`)
    command.push(`--rw=${modes[pattern][operation]}`, `--bs=${blockSize}`, `--iodepth=${depth}`)
    // Offsets as independent of each other as on the other sides, and others in each run.
    command.push('--direct=1', '--invalidate=0', '--norandommap', '--randrepeat=0')
    // One random buffer for each place in the queue, written as it is, as the other sides do.
    command.push('--scramble_buffers=0')
    command.push('--lat_percentiles=1', '--clat_percentiles=0', '--output-format=json', '--eta=never')
    if (budget.operations !== undefined) command.push(`--number_ios=${budget.operations}`)
    else command.push('--time_based', `--runtime=${budget.seconds}`)
    return measure(target, workload, budget, command, parse)
  },
}
