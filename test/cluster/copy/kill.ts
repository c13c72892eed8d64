/** Copies in a process of their own, ended with SIGKILL at a moment or at an exact call. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type CopyOptions, cleanupCopies, type Leftover } from 'rbdkit'
import type { CopyPool } from './fixture.js'

const child = fileURLToPath(new URL('child.mjs', import.meta.url))
const preloadSource = fileURLToPath(new URL('../../helpers/kill-at.c', import.meta.url))

/** `stream`: a file of `rbd export --export-format 2`, which is imported. */
type End = { file: string } | { stream: string } | { image: string; snapshot?: string }

export interface KilledCopy {
  source: End
  destination: End
  options?: Pick<CopyOptions, 'replace' | 'resume' | 'maxMemory' | 'deep' | 'serverSide' | 'bandwidthLimit'>
  /** `function:which:before|after`. */
  at?: string
  /** Milliseconds after data began to move. */
  afterMs?: number
}

/** Compiles what `at` needs, into a test's directory. */
export function buildPreload(directory: string): string {
  const library = join(directory, 'kill-at.so')
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, preloadSource, '-ldl'])
  return library
}

/** Runs a copy and kills it. True: it was killed; false: it had ended by then. */
export async function killCopy(
  { ioctx, test }: CopyPool,
  preload: string,
  { source, destination, options, at, afterMs }: KilledCopy,
): Promise<boolean> {
  const { confFile, keyring } = test
  const spec = JSON.stringify({ confFile, keyring, pool: ioctx.pool, source, destination, options })
  const env = { ...process.env, ...(at && { LD_PRELOAD: preload, RBDKIT_KILL_AT: at }) }
  const running = spawn(process.execPath, [child, spec], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  running.stderr.on('data', (data) => {
    errors += data
  })
  const exit = once(running, 'exit')
  if (afterMs !== undefined) {
    await Promise.race([once(running.stdout, 'data'), exit])
    await sleep(afterMs)
    running.kill('SIGKILL')
  } else {
    running.stdout.resume()
  }
  const [code, signal] = await exit
  if (signal === 'SIGKILL') return true
  if (code !== 0) throw new Error(`the copy ended with ${code ?? signal}: ${errors}`)
  return false
}

/** Waits until Ceph takes no killed copy for alive any more. */
export async function untilNoneInUse(where: { ioctx: CopyPool['ioctx'] }): Promise<Leftover[]> {
  for (;;) {
    const left = await cleanupCopies(where, { dryRun: true })
    if (!left.some((leftover) => leftover.inUse)) return left
    await sleep(250)
  }
}
