/** `npm run docs`: the pages of the API can be made, every link in a doc comment leads somewhere. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../helpers/package.js'

t.test('typedoc finds nothing wrong', async (t) => {
  const typedoc = join(root, 'node_modules', '.bin', 'typedoc')
  const { status, stdout, stderr } = spawnSync(typedoc, ['--emit', 'none'], { cwd: root, encoding: 'utf8' })
  t.equal(status, 0, `${stdout}${stderr}`)
})
