/** docs/coverage.md tells the truth. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../helpers/package.js'

/** The headers of this host are of other versions than those that the ledger was made from. */
const OTHER_HEADERS = 3

const script = join(root, 'scripts', 'coverage-ledger.mjs')
const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
const skip = status === OTHER_HEADERS ? stderr.trim() : false

t.test('the ledger of C functions is up to date', { skip }, async (t) => {
  t.equal(status, 0, stderr.trim())
})
