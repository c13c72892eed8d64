// The figures of a copy. Each tells how rbdkit's run is beside another side's of the same round.

/** How many times as fast. */
const speed = (ours, theirs) => theirs / ours
/** What part of it. */
const share = (ours, theirs) => ours / theirs

const perGiB = (seconds, run) => seconds / (run.bytes / 2 ** 30)
const MiB = 2 ** 20

export const copyMetrics = {
  /** The other tools do not tell; a user of theirs waits for the whole process. */
  copySeconds: {
    label: 'time of the copy, s',
    digits: 3,
    beside: speed,
    value: (run) => run.copySeconds ?? run.seconds,
  },
  seconds: { label: 'time of the whole process, s', digits: 3, beside: speed, value: (run) => run.seconds },
  copyCpu: {
    label: 'CPU of the copy, s',
    digits: 3,
    beside: share,
    value: (run) => run.copyCpuSeconds ?? run.cpuSeconds,
  },
  cpu: {
    label: 'CPU of the whole process, s',
    digits: 3,
    beside: share,
    value: (run) => run.cpuSeconds,
  },
  workSeconds: {
    label: 'time of the work, s',
    digits: 3,
    beside: speed,
    value: (run) => run.workSeconds ?? Number.NaN,
  },
  workCpu: {
    label: 'CPU of the work, s',
    digits: 3,
    beside: share,
    value: (run) => run.workCpuSeconds ?? Number.NaN,
  },
  perSecond: {
    label: 'events a second',
    digits: 0,
    beside: (ours, theirs) => ours / theirs,
    value: (run) => run.events / run.workSeconds,
  },
  copyCpuGiB: {
    label: 'CPU of the copy, s a GiB',
    digits: 3,
    beside: share,
    value: (run) => perGiB(run.copyCpuSeconds ?? run.cpuSeconds, run),
  },
  cpuGiB: {
    label: 'CPU of the whole process, s a GiB',
    digits: 3,
    beside: share,
    value: (run) => perGiB(run.cpuSeconds, run),
  },
  maxRss: {
    label: 'peak memory (RSS), MiB',
    digits: 0,
    beside: share,
    value: (run) => run.maxRss / MiB,
  },
  grownRss: {
    label: 'the same above the idle process, MiB',
    digits: 0,
    beside: share,
    value: (run) => (run.grownRss ?? Number.NaN) / MiB,
  },
  clientMiB: {
    label: "the client's network, both ways, MiB",
    digits: 1,
    beside: share,
    value: (run) => (run.clientBytes ?? Number.NaN) / MiB,
  },
  loopDelay: {
    label: 'event-loop delay p99, ms',
    digits: 1,
    beside: share,
    value: (run) => run.loopDelay?.p99 ?? Number.NaN,
  },
}

const resources = ['maxRss', 'grownRss', 'loopDelay']

/** For copies of much data, where CPU is told by the GiB of it, and for those of little. */
export const bulk = ['copySeconds', 'seconds', 'copyCpuGiB', 'cpuGiB', ...resources]
export const little = ['copySeconds', 'seconds', 'copyCpu', 'cpu', ...resources]
