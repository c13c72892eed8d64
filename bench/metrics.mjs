// The figures that a comparison gives, each with the way it is told.

const nanoseconds = (key) => (run) => (run.latency === null ? Number.NaN : run.latency[key] / 1000)

/** CPU seconds that a side needs before and after its operations, from runs of (nearly) no operations. */
const steadySeconds = (run, startup) => run.cpuSeconds - startup

export const metrics = {
  iops: { label: 'IOPS', digits: 0, value: (run) => run.iops },
  bandwidth: { label: 'bandwidth, MiB/s', digits: 0, value: (run) => run.bytesPerSecond / 2 ** 20 },
  mean: { label: 'mean latency, us', digits: 1, value: nanoseconds('mean') },
  p99: { label: 'p99 latency, us', digits: 0, value: nanoseconds('p99') },
  cpu: {
    label: 'CPU an operation, us',
    digits: 2,
    value: (run, startup) => (steadySeconds(run, startup) / run.operations) * 1e6,
  },
  cpuWhole: {
    label: 'the same with start-up, us',
    digits: 2,
    value: (run) => (run.cpuSeconds / run.operations) * 1e6,
  },
  cpuGiB: {
    label: 'CPU seconds a GiB',
    digits: 3,
    value: (run, startup) => steadySeconds(run, startup) / (run.bytes / 2 ** 30),
  },
  cpuGiBWhole: {
    label: 'the same with start-up',
    digits: 3,
    value: (run) => run.cpuSeconds / (run.bytes / 2 ** 30),
  },
  /** Only a Node process has an event loop. */
  loopDelay: {
    label: 'event-loop delay p99, ms',
    digits: 1,
    value: (run) => run.loopDelay?.p99 ?? Number.NaN,
  },
}

/** For small blocks, and for large ones. */
export const smallBlocks = ['iops', 'mean', 'p99', 'cpu', 'cpuWhole', 'loopDelay']
export const largeBlocks = ['bandwidth', 'mean', 'p99', 'cpuGiB', 'cpuGiBWhole', 'loopDelay']
