/** `npm run build:gyp`: the consumer's build, `build/Release/rbdkit.node` by node-gyp from binding.gyp. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { nodeDirectory } from './node-headers.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const nodeGyp = fileURLToPath(new URL('bin/node-gyp.js', import.meta.resolve('node-gyp/package.json')))
const headers = nodeDirectory()
const args = [nodeGyp, 'rebuild', '--jobs=2', ...(headers === undefined ? [] : [`--nodedir=${headers}`])]
const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
if (error) throw error
process.exitCode = status ?? 1
