/** This file loads the addon, the developer's build or a prebuilt binary, and declares all that it exports. */

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import type { BenchNative } from './native/bench.js'
import type { CopyNative } from './native/copy.js'
import type { CoreNative } from './native/core.js'
import type { LibvirtNative } from './native/libvirt.js'
import type { RadosNative } from './native/rados.js'
import type { RbdNative } from './native/rbd.js'
import type { RbdPoolsNative } from './native/rbd-pools.js'

/** Every function of the addon. A test compares these names with the loaded binary's. */
export interface Native
  extends BenchNative,
    CoreNative,
    CopyNative,
    LibvirtNative,
    RadosNative,
    RbdNative,
    RbdPoolsNative {}

/** The addon could not be loaded; `code` is `ERR_RBDKIT_ADDON`. */
class AddonLoadError extends Error {
  readonly code = 'ERR_RBDKIT_ADDON'
}

const require = createRequire(import.meta.url)
// dist/internal/ and lib/internal/ are both two levels down.
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

function load(): Native {
  // The developer's build, which a published package does not have; PREBUILDS_ONLY tests what users get.
  const developer = join(root, 'build-cmake', 'Release', 'rbdkit.node')
  try {
    if (!process.env.PREBUILDS_ONLY && existsSync(developer)) return require(developer) as Native
    const build = require('node-gyp-build') as (directory: string) => Native
    return build(root)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AddonLoadError(
      `rbdkit's native addon cannot be loaded on ${process.platform}-${process.arch}, Node ${process.version}: ${reason}\n` +
        'What helps: `npm rebuild rbdkit` builds it from source (needs g++, make, python3 and the packages ' +
        'librados-dev, librbd-dev, libvirt-dev, libdeflate-dev, zlib1g-dev, libzstd-dev); npm 11 and later run ' +
        'install scripts only once they are ' +
        "approved, so approve rbdkit's; in a checkout of rbdkit, `npm run build`.",
      { cause },
    )
  }
}

/** The addon, loaded once an environment. */
export const native: Native = load()

if (isMainThread) {
  // From here on teardown has a deadline: process.exit() must not wait for a dead cluster.
  process.on('exit', (code) => native.processExit(code))
}
