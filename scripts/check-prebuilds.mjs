/** `npm pack` and `npm publish` run it first: a package without binaries would be built by every user, or fail. */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const PLATFORMS = ['linux-x64']
const FILES = ['rbdkit.glibc.node', 'rbdkit_copy_from.so']

const missing = PLATFORMS.flatMap((platform) => FILES.map((file) => `prebuilds/${platform}/${file}`)).filter(
  (file) => !existsSync(fileURLToPath(new URL(`../${file}`, import.meta.url))),
)
if (missing.length > 0) {
  process.stderr.write(`rbdkit: not packed without ${missing.join(' and ')}: npm run prebuild:linux\n`)
  process.exitCode = 1
}
