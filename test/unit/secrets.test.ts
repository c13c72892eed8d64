import { randomBytes } from 'node:crypto'
import t from 'tap'
import { isKey, withoutKeys } from '../../lib/internal/secrets.js'
import { invalidArgType } from '../../lib/internal/validate.js'

/** As Ceph makes them: type, time of creation, length, secret. */
function makeKey(type: number, length: number): string {
  const head = Buffer.alloc(12)
  head.writeUInt16LE(type, 0)
  head.writeUInt32LE(Math.floor(Date.now() / 1000), 2)
  head.writeUInt32LE(randomBytes(4).readUInt32LE() % 1e9, 6)
  head.writeUInt16LE(length, 10)
  return Buffer.concat([head, randomBytes(length)]).toString('base64')
}

t.test('a key of any type and length is taken out, wherever it stands', async (t) => {
  for (const [type, length] of [
    [1, 16],
    [2, 32],
    [7, 21],
  ] as const) {
    for (let i = 0; i < 50; i++) {
      const key = makeKey(type, length)
      t.ok(isKey(key))
      for (const around of ['KEY', "'KEY'", 'client.KEY', '/etc/ceph/KEY', 'a/KEY, b', 'key = KEY\n'])
        t.equal(withoutKeys(around.replace('KEY', key)), around.replace('KEY', '<key>'), around)
      t.notMatch(invalidArgType('x', 'y', key).message, key.slice(0, 20))
    }
  }
})

t.test('names, digests and ids stay as they are', async (t) => {
  for (let i = 0; i < 2000; i++) {
    const text = `vm-${randomBytes(20).toString('hex')}/${randomBytes(32).toString('base64')}`
    t.equal(withoutKeys(text), text)
    if (!t.passing()) break
  }
  t.equal(withoutKeys('crc32c:9ea2e428 sha256:YWJj'), 'crc32c:9ea2e428 sha256:YWJj')
})
