/** Leaving a console: what was typed before the escape character arrives, and a guest that reads nothing keeps nobody. */

import { Duplex, PassThrough } from 'node:stream'
import t from 'tap'
import { joinConsole } from '../../lib/cli/runs/console.js'

t.test('what was pasted before Ctrl-] is typed', async (t) => {
  const typed: string[] = []
  const console = new Duplex({
    read() {},
    write(data: Buffer, _, done) {
      setTimeout(() => {
        // What is destroyed meanwhile has not been sent.
        if (!this.destroyed) typed.push(data.toString())
        done()
      }, 20)
    },
  })
  const keyboard = new PassThrough()
  const joined = joinConsole(console, keyboard, new PassThrough(), new AbortController().signal)
  keyboard.write('first ')
  keyboard.write('second ')
  keyboard.write('last\u001dnever')
  keyboard.write('never')
  await joined
  t.equal(typed.join(''), 'first second last')
  t.ok(console.destroyed)
  t.equal(keyboard.listenerCount('data'), 0)
})

t.test('a guest that reads nothing is left all the same', async (t) => {
  const console = new Duplex({ read() {}, write() {} })
  const keyboard = new PassThrough()
  const joined = joinConsole(console, keyboard, new PassThrough(), new AbortController().signal)
  keyboard.write('anything')
  keyboard.write('\u001d')
  await joined
  t.ok(console.destroyed)
})
