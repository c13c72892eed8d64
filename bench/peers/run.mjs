// What all sides have in common: a command in a process of its own, and one form of result.
import { spawnSync } from 'node:child_process'
import { timed } from '../process.mjs'

/**
 * Ceph options for fio and the rbd command. Cache off. A client that copies on read takes the exclusive lock for reads
 * too, and only with the lock librbd loads the object map of a head: without this option fio asks the OSD for every
 * block, and is compared with something else.
 */
export const cephArgs = '--rbd_cache=false --rbd_clone_copy_on_read=true'

/** Whether a command can be run. */
export const installed = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** Standard output of a command that tells its version. */
export const output = (command, ...args) => spawnSync(command, args, { encoding: 'utf8' }).stdout.trim()

/**
 * Runs a side's command; `parse` makes `{ operations, seconds, latency, loopDelay }` of its output. Latencies are in
 * nanoseconds; a side that does not tell them has `null`. `warm` is `{ operations, cpuSeconds }` of the part of the run
 * that a just-in-time compiler no longer disturbs, of sides that have one.
 */
export async function measure(target, workload, budget, command, parse) {
  const { stdout, cpuSeconds, stolen } = await timed(command, {
    env: { CEPH_CONF: target.confFile, CEPH_ARGS: cephArgs },
    cores: workload.cores,
    limitSeconds: 60 + 4 * budget.seconds,
  })
  const { operations, seconds, latency = null, loopDelay = null, warm = null } = parse(stdout)
  const startupOnly = budget.operations !== undefined
  if (!(operations > 0 && (seconds > 0 || startupOnly)))
    throw new Error(`${command[0]} did nothing:\n${stdout.slice(-2000)}`)
  const bytes = operations * workload.blockSize
  return {
    operations,
    bytes,
    seconds,
    iops: operations / seconds,
    bytesPerSecond: bytes / seconds,
    latency,
    loopDelay,
    warm,
    cpuSeconds,
    stolen,
  }
}

/** The last line is the child's answer; librados may have said something before. */
export function lastLine(stdout) {
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

/** What a child process of ours is told. */
export function childJob(target, workload, budget) {
  const { operation, pattern, blockSize, depth, objects } = workload
  const job = { pool: target.pool, image: target.image, operation, pattern, blockSize, depth, objects }
  return JSON.stringify({ ...job, seconds: budget.seconds, operations: budget.operations })
}
