/** This file keeps one watchdog process for each owner process, while anything runs. */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

let watchdog: ChildProcess | undefined
let users = 0

/** Starts the watchdog with the first user. */
export function acquireGuard(): void {
  users += 1
  if (watchdog !== undefined) return
  const program = fileURLToPath(new URL('./watchdog.js', import.meta.url))
  // bundled into one file it is not there: then the next start clears what a crash leaves
  if (!existsSync(program)) return
  const child = spawn(process.execPath, [program, String(process.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  // a script that ends without close() must not be held back by it
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
  watchdog = child
}

/** Ends the watchdog with the last user. */
export function releaseGuard(): void {
  users -= 1
  if (users > 0) return
  users = 0
  const child = watchdog
  watchdog = undefined
  child?.kill('SIGKILL')
}
