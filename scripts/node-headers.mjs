/** Where node-gyp finds Node's headers without a download. */

import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The prefix of the running `node` when its headers are installed with it (Debian's and nodejs.org's packages have
 * them), else undefined: node-gyp then downloads them.
 */
export function nodeDirectory() {
  const prefix = dirname(dirname(realpathSync(process.execPath)))
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? prefix : undefined
}
