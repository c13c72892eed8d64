/** docs/coverage.md tells the truth, the tables of C functions are those that native code uses, and the enums are C's. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../helpers/package.js'

/** The headers of this host are of other versions than those that the ledger was made from. */
const OTHER_HEADERS = 3

function check(script: string) {
  return spawnSync(process.execPath, [join(root, 'scripts', script), '--check'], { encoding: 'utf8' })
}

const { status, stderr } = check('coverage-ledger.mjs')
const skip = status === OTHER_HEADERS ? stderr.trim() : false

t.test('the ledger of C functions is up to date', { skip }, async (t) => {
  t.equal(status, 0, stderr.trim())
})

for (const script of [
  'generate-libvirt.mjs',
  'generate-tables.mjs',
  'generate-parameters.mjs',
  'generate-enums.mjs',
]) {
  t.test(`what ${script} writes is up to date`, { skip }, async (t) => {
    t.match(check(script), { status: 0, stderr: '' })
  })
}
