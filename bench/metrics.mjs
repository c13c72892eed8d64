// The figures that a comparison gives, each with the way it is told.

const nanoseconds = (key) => (run) => (run.latency === null ? Number.NaN : run.latency[key] / 1000)

/** Without what a side needs before and after its operations, which runs of (nearly) no operations tell. */
const steady = (run, startup) => (run.cpuSeconds - startup) / run.operations

/** Without the compiler as well, where there is one; a C program is as warm as it gets at once. */
const warm = (run, startup) => (run.warm ? run.warm.cpuSeconds / run.warm.operations : steady(run, startup))

const GiB = (run) => 2 ** 30 / (run.bytes / run.operations)

export const metrics = {
  iops: { label: 'IOPS', digits: 0, value: (run) => run.iops },
  bandwidth: { label: 'bandwidth, MiB/s', digits: 0, value: (run) => run.bytesPerSecond / 2 ** 20 },
  mean: { label: 'mean latency, us', digits: 1, value: nanoseconds('mean') },
  p99: { label: 'p99 latency, us', digits: 0, value: nanoseconds('p99') },
  cpu: {
    label: 'CPU an operation, us',
    digits: 2,
    value: (run, startup) => steady(run, startup) * 1e6,
  },
  cpuWarm: {
    label: 'the same once warm, us',
    digits: 2,
    value: (run, startup) => warm(run, startup) * 1e6,
  },
  cpuWhole: {
    label: 'the same with start-up, us',
    digits: 2,
    value: (run) => (run.cpuSeconds / run.operations) * 1e6,
  },
  cpuGiB: {
    label: 'CPU seconds a GiB',
    digits: 3,
    value: (run, startup) => steady(run, startup) * GiB(run),
  },
  cpuGiBWarm: {
    label: 'the same once warm',
    digits: 3,
    value: (run, startup) => warm(run, startup) * GiB(run),
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
export const smallBlocks = ['iops', 'mean', 'p99', 'cpu', 'cpuWarm', 'cpuWhole', 'loopDelay']
export const largeBlocks = ['bandwidth', 'mean', 'p99', 'cpuGiB', 'cpuGiBWarm', 'cpuGiBWhole', 'loopDelay']
