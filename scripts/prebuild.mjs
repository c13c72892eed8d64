/**
 * `npm run prebuild:linux`: the binary that the npm package carries, `prebuilds/linux-<arch>/rbdkit.glibc.node`. Build
 * it on the oldest distribution that it is to run on: glibc's version comes from the machine.
 */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nodeDirectory } from './node-headers.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const prebuildify = promisify(createRequire(import.meta.url)('prebuildify'))

const headers = nodeDirectory()
// prebuildify has no option for it; node-gyp reads it from npm's environment. Other headers would be downloaded.
if (headers !== undefined) process.env.npm_package_config_node_gyp_nodedir = headers
process.env.JOBS ??= '2'

await prebuildify({
  cwd: root,
  nodeGyp: fileURLToPath(new URL('bin/node-gyp.js', import.meta.resolve('node-gyp/package.json'))),
  napi: true,
  strip: true,
  tagLibc: true,
  targets: [{ runtime: 'node', target: process.versions.node }],
})
