/** Who may read a file that is being written, and who may in the end. */

import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { copy } from 'rbdkit'
import t from 'tap'

const mib = 1024 * 1024

for (const [name, mask, before, after] of [
  ['a new file', 0o027, undefined, 0o640],
  ['a new file that all may read', 0o022, undefined, 0o644],
  ['a private file that is replaced', 0o022, 0o600, 0o600],
  ['a file that is replaced', 0o077, 0o664, 0o664],
] as const) {
  t.test(`${name}: 0600 until it is whole`, async (t) => {
    const directory = t.testdir()
    const [from, to] = [join(directory, 'from'), join(directory, 'to')]
    writeFileSync(from, Buffer.alloc(24 * mib, 1))
    if (before !== undefined) {
      writeFileSync(to, 'old')
      chmodSync(to, before)
    }
    const old = process.umask(mask)
    t.teardown(() => process.umask(old))
    const temporary = () => readdirSync(directory).find((file) => /^to\.rbdkit-[0-9a-f]{16}$/.test(file))
    const modes = new Set<number>()
    let over = false
    const options = { replace: before !== undefined, bandwidthLimit: 48 * mib }
    const job = copy({ file: from }, { file: to }, options).finally(() => {
      over = true
    })
    while (!over) {
      const file = temporary()
      // As soon as it has been given its mode it is also renamed.
      const state =
        file === undefined ? undefined : statSync(join(directory, file), { throwIfNoEntry: false })
      if (state && state.size > 0) modes.add(state.mode & 0o777)
      await sleep(5)
    }
    await job
    modes.delete(after)
    t.same([...modes], after === 0o600 ? [] : [0o600])
    t.equal(statSync(to).mode & 0o777, after)
  })
}
