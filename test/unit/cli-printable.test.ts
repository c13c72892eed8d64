import t from 'tap'
import { printable } from '../../lib/cli/printable.js'

t.test('a terminal takes no orders from a name; a file gets it as it is', async (t) => {
  const text = 'rbd/\u001b[2Jvm\u0007@a\r\u009b1m\tb\nümläut 像\n'
  t.equal(printable(text, { isTTY: true }), 'rbd/?[2Jvm?@a??1m\tb\nümläut 像\n')
  t.equal(printable(text, { isTTY: false }), text)
})
