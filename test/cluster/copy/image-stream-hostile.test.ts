/** Streams of images that somebody has damaged or made up: none costs more than its own bytes. */

import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleanupCopies, copy, Image, importDiff, importImage } from 'rbdkit'
import t from 'tap'
import { type DiffSpec, makeDiff, text, u64 } from '../../helpers/diff.js'
import { imageNames, mib, openPool, settledNames, withImage } from './fixture.js'

const pib = 2 ** 50

interface Stream {
  properties?: Readonly<Record<string, number>>
  metadata?: readonly (readonly [string, string])[]
  diffs: readonly DiffSpec[]
}

/** The format of doc/dev/rbd-export.rst. */
function makeStream({ properties = {}, metadata = [], diffs }: Stream): Buffer {
  return Buffer.concat([
    Buffer.from('rbd image v2\n'),
    ...Object.entries(properties).map(([tag, value]) =>
      Buffer.concat([Buffer.from(tag), u64(8), u64(value)]),
    ),
    ...metadata.map(([key, value]) => {
      const body = Buffer.concat([text(key), text(value)])
      return Buffer.concat([Buffer.from('M'), u64(body.length), body])
    }),
    Buffer.from('E'),
    Buffer.from('rbd image diffs v2\n'),
    u64(diffs.length),
    ...diffs.map((diff) => makeDiff({ ...diff, version: 2 })),
  ])
}

/** Layering only, so nobody knows which of its quarter of a milliard objects are there. */
const plain = { O: 22, T: 1 }
const ends = [
  { offset: 0, content: Buffer.from('first') },
  { offset: pib - 4096, content: Buffer.from('last') },
]
const huge: Stream = {
  properties: plain,
  diffs: [
    { to: 'snap', size: pib, records: ends },
    { from: 'snap', size: pib, records: ends },
  ],
}

t.test('a huge size that is claimed: what fails or is aborted is removed all the same', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const whole = makeStream(huge)
  const cut = Readable.from([whole.subarray(0, -20)], { objectMode: false })
  await t.rejects(importImage(cut, { ioctx, image: 'cut' }).then(), { code: 'ERR_RBDKIT_FORMAT' })
  t.same(await settledNames(ioctx), [])

  async function* andWait() {
    yield whole.subarray(0, -20)
    await sleep(60_000, undefined, { ref: false })
  }
  const controller = new AbortController()
  const stream = Readable.from(andWait(), { objectMode: false })
  const job = importImage(stream, { ioctx, image: 'aborted' }, { signal: controller.signal })
  job.catch(() => {})
  while (!(await rados('ls')).includes('rbd_data')) await sleep(100)
  controller.abort(new Error('enough'))
  await t.rejects(job.then(), { message: 'enough' })
  while ((await imageNames(ioctx)).length > 0) await sleep(100)
  t.notMatch(await rados('ls'), /rbd_data|rbdkit/)
})

t.test('what a killed copy has left of one is cleaned up', async (t) => {
  const { ioctx, rados } = await openPool(t)
  await Image.create(ioctx, 'other', { size: 64 * mib })
  await withImage(ioctx, 'other', (image) => image.write(randomBytes(mib), { position: 0 }))
  const name = 'x.rbdkit-0123456789abcdef'
  await Image.create(ioctx, name, { size: pib, features: ['layering'] })
  const id = await withImage(ioctx, name, async (image) => {
    await image.write(randomBytes(4096), { position: pib - 4096 })
    await image.snapshots.create('snap')
    await image.snapshots.protect('snap')
    await image.write(randomBytes(4096), { position: pib - 4096 })
    return (await image.info()).id
  })
  const numbers = ['size', 'layer', 'before', 'offset', 'read', 'wrote', 'objects-moved', 'moved', 'crc']
  const record = [
    'rbdkit-copy 1',
    ...['kind 0', 'state 0', 'target x', `id ${id}`, 'source ', 'settings ', 'old-id ', 'old-name '],
    ...[...numbers, 'client', 'written'].map((field) => `${field} 0`),
    'end\n',
  ]
  await rados('setomapval', 'rbdkit.copies', name, record.join('\n'))
  t.match(await cleanupCopies({ ioctx }), [{ name, target: 'x', action: 'remove', done: true }])
  t.same(await settledNames(ioctx), ['other'])
  const objects = async () =>
    (await rados('ls')).split('\n').filter((object) => object.startsWith('rbd_data'))
  // An OSD trims what a removed snapshot had in its own time.
  for (let i = 0; i < 100 && (await objects()).length > 1; i++) await sleep(200)
  t.equal((await objects()).length, 1, "another image's objects are left alone")
})

t.test('metadata: thousands of keys are set, more are refused', async (t) => {
  const { ioctx } = await openPool(t)
  const keys = (count: number) => Array.from({ length: count }, (_, i) => [`key${i}`, `value${i}`] as const)
  const diffs = [{ size: mib, records: [] }]
  const many = { properties: plain, metadata: keys(5000), diffs }
  await importImage(Readable.from([makeStream(many)], { objectMode: false }), { ioctx, image: 'many' })
  await withImage(ioctx, 'many', async (image) => {
    t.same(await image.metadata.list(), new Map(many.metadata))
  })
  const tooMany = makeStream({ ...many, metadata: keys(10_001) })
  await t.rejects(
    importImage(Readable.from([tooMany], { objectMode: false }), { ioctx, image: 'too-many' }).then(),
    { code: 'ERR_RBDKIT_FORMAT', message: /more metadata than 10000 keys/ },
  )
})

t.test('names of snapshots that lead elsewhere are not given', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  for (const to of ['../../x', 'a/b', 'other@snap']) {
    const diff = { to, size: mib, records: [] }
    await t.rejects(
      importDiff(Readable.from([makeDiff(diff)], { objectMode: false }), { ioctx, image: 'image' }).then(),
      { code: 'EINVAL', message: /no snapshot with '\/' or '@' is made/ },
    )
    const stream = makeStream({ properties: plain, diffs: [diff, { from: to, size: mib, records: [] }] })
    const job = importImage(Readable.from([stream], { objectMode: false }), { ioctx, image: 'x' })
    await t.rejects(job.then(), { code: 'ERR_RBDKIT_FORMAT', message: /'\/' or '@' in its name/ })
  }
  await withImage(ioctx, 'image', async (image) => t.same(await image.snapshots.list(), []))
  t.same(await settledNames(ioctx), ['image'])
})

t.test('striping is bounded where images are made', async (t) => {
  const { ioctx } = await openPool(t)
  // Both are harmless to librbd; what it cannot compute with is far away.
  const [count, unit] = [5000, 256]
  for (const [given, message] of [
    [{ stripeUnit: 65_536, stripeCount: count }, /stripeCount.*<= 4096/],
    [{ stripeUnit: unit, stripeCount: 2 }, /stripeUnit.*>= 512/],
  ] as const) {
    await t.rejects(Image.create(ioctx, 'x', { size: mib, ...given }), { code: 'ERR_OUT_OF_RANGE', message })
    const job = copy({ file: '/dev/null' }, { ioctx, image: 'x', ...given })
    await t.rejects(job.then(), { code: 'ERR_OUT_OF_RANGE', message })
  }
  for (const [properties, message] of [
    [{ ...plain, U: 65_536, C: count }, /a stripe count of 5000, which is more than 4096/],
    [{ ...plain, U: unit, C: 2 }, /a stripe unit of 256 bytes/],
  ] as const) {
    const stream = makeStream({ properties, diffs: [{ size: mib, records: [] }] })
    const job = importImage(Readable.from([stream], { objectMode: false }), { ioctx, image: 'x' })
    await t.rejects(job.then(), { code: 'ERR_RBDKIT_FORMAT', message })
  }
  t.same(await settledNames(ioctx), [])
})
