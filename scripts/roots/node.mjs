/** Brings a Node of the major release given, from npm, into .rbdkit/nodes; what the tests use too. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const major = process.argv[2]
const name = `node-linux-${process.arch}`
const directory = fileURLToPath(new URL(`../../.rbdkit/nodes/${major}`, import.meta.url))
if (!existsSync(`${directory}/node_modules/${name}/bin/node`)) {
  mkdirSync(directory, { recursive: true })
  const args = ['install', '--prefix', directory, '--no-save', '--no-audit', '--no-fund', `${name}@${major}`]
  execFileSync('npm', args, { stdio: 'inherit' })
}
