import { readFileSync } from 'node:fs'
import t from 'tap'
import { type Feature, featureNames, toFeatures } from '../../lib/rbd/features.js'

t.test('the bits are those of rbd/features.h', (t) => {
  const header = readFileSync('/usr/include/rbd/features.h', 'utf8')
  const names = new Map<string, string>()
  for (const [, name, text] of header.matchAll(/#define RBD_FEATURE_NAME_(\w+)\s+"([^"]+)"/g)) {
    names.set(String(name), String(text))
  }
  const bits = [...header.matchAll(/#define RBD_FEATURE_(\w+)\s+\(1ULL<<(\d+)\)/g)]
  t.ok(bits.length >= 12)
  for (const [, name, bit] of bits) {
    const text = names.get(String(name)) as Feature
    t.same(featureNames(1n << BigInt(String(bit))), [text], text)
    t.equal(toFeatures('f', [text]), 1n << BigInt(String(bit)))
  }
  t.end()
})

t.test('names and masks', (t) => {
  t.equal(toFeatures('f', []), 0n)
  t.equal(toFeatures('f', ['layering', 'fast-diff', 'layering']), 0b10001n)
  t.equal(toFeatures('f', 1n << 63n), 1n << 63n)
  t.same(featureNames(1n << 63n), [], 'a bit without a name')
  t.throws(() => toFeatures('f', ['toString' as Feature]), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => toFeatures('f', 5 as unknown as bigint), { code: 'ERR_INVALID_ARG_TYPE' })
  t.end()
})
