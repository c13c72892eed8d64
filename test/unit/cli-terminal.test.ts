import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { printableOn } from '../../lib/cli/terminal/terminal.js'
import { root } from '../helpers/package.js'

t.test('a terminal takes no orders from a name; a file gets it as it is', async (t) => {
  const text = 'rbd/\u001b[2Jvm\u0007@a\r\u009b1m\tb\nümläut 像 \u202eevil\n'
  t.equal(printableOn(text, { isTTY: true }), 'rbd/?[2Jvm?@a??1m\tb\nümläut 像 ?evil\n')
  t.equal(printableOn(text, { isTTY: false }), text)
})

t.test('the command prints in one place only', async (t) => {
  const folder = join(root, 'lib', 'cli')
  const files = readdirSync(folder, { recursive: true }).map(String)
  t.ok(files.includes('terminal/terminal.ts'))
  for (const file of files.filter((one) => one.endsWith('.ts') && one !== 'terminal/terminal.ts')) {
    const text = readFileSync(join(folder, file), 'utf8')
    t.notMatch(text, /\bstd(?:out|err)\.write\(|\bconsole\.\w+\(|\bwriteSync\([12]\b/, file)
  }
})
