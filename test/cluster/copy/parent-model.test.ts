/** Clones with a history at random: the copy that is a clone too reads as the source does, at each snapshot. */

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { compare, copy, Image } from 'rbdkit'
import t from 'tap'
import { openPool, withImage } from './fixture.js'

const object = 65_536
const overlap = 12 * object

/** Places and lengths that are those of objects, begin or end with one, or do not care. */
const range = fc
  .tuple(fc.nat(15), fc.nat(3), fc.constantFrom(0, 4096, 32_768, 777), fc.constantFrom(0, 4096, 32_768, 777))
  .map(([first, count, skip, rest]) => ({
    position: first * object + skip,
    length: Math.max(1, count * object + rest - skip),
  }))

const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), range }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('discard' as const), range }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('zeroes' as const), range }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('snapshot' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback' as const), to: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resize' as const), objects: fc.nat(4) }) },
)

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

/** Plays them; the names of the snapshots. */
async function play(image: Image, operations: Operation[]): Promise<string[]> {
  const names: string[] = []
  for (const next of operations) {
    const size = await image.size()
    if ('range' in next) {
      const { position } = next.range
      const length = Math.min(next.range.length, size - position)
      if (length <= 0) continue
      if (next.kind === 'write') await image.write(randomBytes(length), { position })
      if (next.kind === 'discard') await image.discard(position, length)
      if (next.kind === 'zeroes') await image.writeZeroes(position, length)
    } else if (next.kind === 'snapshot') {
      names.push(`s${names.length}`)
      await image.snapshots.create(names.at(-1) as string)
    } else if (next.kind === 'rollback') {
      const name = names[next.to % Math.max(1, names.length)]
      if (name !== undefined) await image.snapshots.rollback(name)
    } else {
      await image.resize(overlap + next.objects * object + 100, { allowShrink: true })
    }
  }
  return names
}

t.test('clones at random', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'parent', { size: overlap, objectSize: object })
  await withImage(ioctx, 'parent', async (image) => {
    await image.write(randomBytes(5 * object), { position: 0 })
    await image.write(randomBytes(5 * object), { position: 6 * object + 4096 })
    await image.snapshots.create('base')
  })
  const given = Number(process.env.RBDKIT_TEST_SEED)
  const seed = Number.isInteger(given) && given !== 0 ? given : Date.now() % 2 ** 31
  t.comment(`RBDKIT_TEST_SEED=${seed}`)
  let runs = 0
  const property = fc.asyncProperty(
    fc.array(operation, { minLength: 8, maxLength: 20 }),
    fc.constantFrom(undefined, ['layering', 'exclusive-lock'] as const),
    fc.constantFrom(object, 4 * object, object / 2),
    async (operations, features, objectSize) => {
      const image = `clone${runs++}`
      const options = { objectSize: object, cloneFormat: 2, ...(features && { features }) } as const
      await Image.clone(ioctx, { image: 'parent', snapshot: 'base' }, ioctx, image, options)
      const snapshots = await withImage(ioctx, image, (opened) => play(opened, operations))
      const from = { ioctx, image }
      const to = { ioctx, image: `${image}-copy` }
      await copy(from, { ...to, objectSize }, { deep: true, keepParent: true })
      for (const snapshot of [...snapshots, undefined]) {
        const at = snapshot === undefined ? {} : { snapshot }
        const { equal, extents } = await compare({ ...from, ...at }, { ...to, ...at })
        if (!equal) throw new Error(`at ${snapshot ?? 'its end'}: ${JSON.stringify(extents)}`)
      }
    },
  )
  await fc.assert(property, { seed, numRuns: 6, interruptAfterTimeLimit: 20_000, endOnFailure: true })
  t.ok(runs > 1)
})
