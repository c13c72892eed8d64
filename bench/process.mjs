// Runs one side in a process of its own and counts what that process costs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { clientCores } from './placement.mjs'

/** What the kernel counts of the process: all threads, start-up and end included. */
const measure = fileURLToPath(new URL('children/measure.py', import.meta.url))

/**
 * Runs a command pinned to the client's cores (`cores` of them, or all). Rejects when it fails, with the end of what it
 * said, or when it takes longer than `limitSeconds`.
 */
export async function timed(command, { env, cores, limitSeconds }) {
  const before = processorTimes()
  const child = spawn('/usr/bin/python3', [measure, clientCores(cores), ...command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // a group of its own: what hangs is ended together with all it started
    detached: true,
  })
  const endGroup = () => {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // it has ended
    }
  }
  let overdue = false
  const limit = setTimeout(() => {
    overdue = true
    endGroup()
  }, limitSeconds * 1000)
  process.once('exit', endGroup)
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text
    })
  }
  try {
    const [status] = await once(child, 'close')
    if (overdue) throw new Error(`${command[0]} did not end within ${limitSeconds} s`)
    const taken = /^\{.*\}$/.exec(output.stderr.trim().split('\n').at(-1))
    if (status !== 0 || taken === null) {
      throw new Error(`${command.join(' ')} failed:\n${`${output.stdout}\n${output.stderr}`.slice(-2000)}`)
    }
    return { stdout: output.stdout, ...JSON.parse(taken[0]), stolen: stolenShare(before) }
  } finally {
    clearTimeout(limit)
    process.off('exit', endGroup)
  }
}

function processorTimes() {
  const [, ...times] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/)
  return { all: times.slice(0, 8).reduce((sum, time) => sum + Number(time), 0), stolen: Number(times[7]) }
}

/** Share of the machine's processor time that its host gave to others meanwhile. */
function stolenShare(before) {
  const now = processorTimes()
  return (now.stolen - before.stolen) / Math.max(1, now.all - before.all)
}
