import { randomBytes } from 'node:crypto'
import { Image, type IoCtx } from 'rbdkit'
import t, { type Test } from 'tap'
import { contentOf, mib, openPool } from '../copy/fixture.js'

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript callers may pass
type Any = any

const badNumbers: [value: unknown, code: string][] = [
  [-1, 'ERR_OUT_OF_RANGE'],
  [-1n, 'ERR_OUT_OF_RANGE'],
  [Number.NaN, 'ERR_OUT_OF_RANGE'],
  [Number.POSITIVE_INFINITY, 'ERR_OUT_OF_RANGE'],
  [0.5, 'ERR_OUT_OF_RANGE'],
  [2 ** 53, 'ERR_OUT_OF_RANGE'],
  [2n ** 53n, 'ERR_OUT_OF_RANGE'],
  [2n ** 64n, 'ERR_OUT_OF_RANGE'],
  ['0', 'ERR_INVALID_ARG_TYPE'],
  [undefined, 'ERR_INVALID_ARG_TYPE'],
  [null, 'ERR_INVALID_ARG_TYPE'],
  [{}, 'ERR_INVALID_ARG_TYPE'],
]

function detached(): Buffer {
  const buffer = Buffer.from(new ArrayBuffer(512))
  structuredClone(buffer.buffer, { transfer: [buffer.buffer as ArrayBuffer] })
  return buffer
}

function resizable(): Uint8Array {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer
  return new Uint8Array(new Resizable(512, { maxByteLength: 1024 }))
}

/** Calls `run`, which must answer with a promise, and one that rejects. */
async function rejects(test: Test, run: () => Promise<unknown>, code: string, label: string): Promise<void> {
  let promise: Promise<unknown>
  try {
    promise = run()
  } catch (error) {
    test.fail(`${label}: threw ${String(error)}`)
    return
  }
  await test.rejects(promise, { code }, `${label}: ${code}`)
}

t.test('bad arguments of block I/O harm nothing', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const image: Any = await Image.open(ioctx, 'image')
  const data = randomBytes(mib)
  await image.write(data, { position: 0 })
  const buffer = Buffer.alloc(512, 0xff)
  for (const [value, code] of badNumbers) {
    const label = `${typeof value} ${String(value)}`
    await rejects(t, () => image.read({ position: value, length: 512 }), code, `read at ${label}`)
    await rejects(t, () => image.read({ position: 0, length: value }), code, `read length ${label}`)
    await rejects(t, () => image.write(buffer, { position: value }), code, `write at ${label}`)
    await rejects(t, () => image.readv([buffer], value), code, `readv at ${label}`)
    await rejects(t, () => image.writev([buffer], value), code, `writev at ${label}`)
    await rejects(t, () => image.discard(value, 512), code, `discard at ${label}`)
    await rejects(t, () => image.discard(0, value), code, `discard length ${label}`)
    await rejects(t, () => image.writeZeroes(value, 512), code, `writeZeroes at ${label}`)
    await rejects(t, () => image.writeZeroes(0, value), code, `writeZeroes length ${label}`)
    await rejects(t, () => image.resize(value), code, `resize ${label}`)
    if (value === undefined) continue
    await rejects(t, () => image.write(buffer, { position: 0, offset: value }), code, `offset ${label}`)
    await rejects(t, () => image.write(buffer, { position: 0, length: value }), code, `length ${label}`)
  }
  const views: [value: unknown, code: string, label: string][] = [
    [undefined, 'ERR_INVALID_ARG_TYPE', 'undefined'],
    [null, 'ERR_INVALID_ARG_TYPE', 'null'],
    ['text', 'ERR_INVALID_ARG_TYPE', 'a string'],
    [[1, 2], 'ERR_INVALID_ARG_TYPE', 'an array'],
    [new ArrayBuffer(8), 'ERR_INVALID_ARG_TYPE', 'an ArrayBuffer'],
    [detached(), 'ERR_INVALID_ARG_VALUE', 'a detached buffer'],
    [resizable(), 'ERR_INVALID_ARG_VALUE', 'a resizable buffer'],
  ]
  for (const [value, code, label] of views) {
    await rejects(t, () => image.write(value, { position: 0 }), code, `write ${label}`)
    await rejects(t, () => image.writev([buffer, value], 0), code, `writev ${label}`)
    await rejects(t, () => image.readv([value], 0), code, `readv ${label}`)
    if (value !== undefined)
      await rejects(t, () => image.read({ buffer: value, position: 0 }), code, `read ${label}`)
  }
  const detachedView = new DataView(new ArrayBuffer(8))
  structuredClone(detachedView.buffer, { transfer: [detachedView.buffer] })
  await rejects(
    t,
    () => image.write(detachedView, { position: 0 }),
    'ERR_INVALID_ARG_VALUE',
    'a detached DataView',
  )
  const others: [run: () => Promise<unknown>, code: string, label: string][] = [
    [() => image.read(), 'ERR_INVALID_ARG_TYPE', 'read()'],
    [() => image.read(null), 'ERR_INVALID_ARG_TYPE', 'read(null)'],
    [() => image.read(buffer), 'ERR_INVALID_ARG_TYPE', 'read without position'],
    [() => image.read(buffer, 500, 13, 0), 'ERR_OUT_OF_RANGE', 'read past the buffer'],
    [
      () => image.read({ position: 0, length: 8, offset: 4 }),
      'ERR_INVALID_ARG_VALUE',
      'offset without buffer',
    ],
    [() => image.read({ position: 0, length: 2 ** 31 }), 'ERR_OUT_OF_RANGE', 'more than 2 GiB'],
    [() => image.write(buffer), 'ERR_INVALID_ARG_TYPE', 'write without position'],
    [() => image.write(buffer, null), 'ERR_INVALID_ARG_TYPE', 'write with null'],
    [() => image.write(buffer, 513, 0, 0), 'ERR_OUT_OF_RANGE', 'write offset past the buffer'],
    [() => image.readv([], 0), 'ERR_INVALID_ARG_VALUE', 'no buffers'],
    [() => image.readv(buffer, 0), 'ERR_INVALID_ARG_TYPE', 'not an array'],
    [() => image.writev(Array(1025).fill(buffer), 0), 'ERR_INVALID_ARG_VALUE', 'too many buffers'],
    [() => image.writeZeroes(0, 512, { thick: 1 }), 'ERR_INVALID_ARG_TYPE', 'thick: 1'],
    [() => image.writeZeroes(0, 512, true), 'ERR_INVALID_ARG_TYPE', 'options: true'],
    [() => image.resize(mib, { allowShrink: 'yes' }), 'ERR_INVALID_ARG_TYPE', 'allowShrink'],
    [() => image.resize(mib, { onProgress: 5 }), 'ERR_INVALID_ARG_TYPE', 'onProgress'],
    [() => image.resize(mib, { signal: 'x' }), 'ERR_INVALID_ARG_TYPE', 'signal'],
  ]
  for (const [run, code, label] of others) await rejects(t, run, code, label)
  t.ok(buffer.equals(Buffer.alloc(512, 0xff)), 'the buffer is unchanged')
  t.equal(await image.size(), mib)
  await image.close()
  t.ok((await contentOf(ioctx, 'image')).equals(data), 'the image is unchanged')
})

t.test('bad names and options', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const image: Any = await Image.open(ioctx, 'image')
  await image.snapshots.create('snap')
  const I: Any = Image
  const names: [value: unknown, code: string][] = [
    ['', 'ERR_INVALID_ARG_VALUE'],
    ['a\0b', 'ERR_INVALID_ARG_VALUE'],
    [5, 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
  ]
  for (const [name, code] of names) {
    const label = JSON.stringify(name) ?? 'undefined'
    const parent = { image: 'image', snapshot: 'snap' }
    const calls: [string, () => Promise<unknown>][] = [
      ['open', () => I.open(ioctx, name)],
      ['open by id', () => I.open(ioctx, { id: name })],
      ['create', () => I.create(ioctx, name, { size: mib })],
      ['remove', () => I.remove(ioctx, name)],
      ['rename from', () => I.rename(ioctx, name, 'new')],
      ['rename to', () => I.rename(ioctx, 'image', name)],
      ['clone', () => I.clone(ioctx, { ...parent, image: name }, ioctx, 'new')],
      ['clone of', () => I.clone(ioctx, { ...parent, snapshot: name }, ioctx, 'new')],
      ['clone to', () => I.clone(ioctx, parent, ioctx, name)],
      ['snapshots.create', () => image.snapshots.create(name)],
      ['snapshots.remove', () => image.snapshots.remove(name)],
      ['snapshots.rename', () => image.snapshots.rename('snap', name)],
      ['snapshots.protect', () => image.snapshots.protect(name)],
      ['snapshots.rollback', () => image.snapshots.rollback(name)],
    ]
    if (name !== undefined) calls.push(['open at', () => I.open(ioctx, 'image', { snapshot: name })])
    for (const [call, run] of calls) await rejects(t, run, code, `${call} ${label}`)
  }
  // Nothing is made of this name; what another program has made of it can be used.
  for (const name of ['a/b', 'a@b']) {
    const parent = { image: 'image', snapshot: 'snap' }
    const made: [string, () => Promise<unknown>][] = [
      ['create', () => I.create(ioctx, name, { size: mib })],
      ['rename to', () => I.rename(ioctx, 'image', name)],
      ['clone to', () => I.clone(ioctx, parent, ioctx, name)],
      ['snapshots.create', () => image.snapshots.create(name)],
      ['snapshots.rename to', () => image.snapshots.rename('snap', name)],
    ]
    for (const [call, run] of made) await rejects(t, run, 'ERR_INVALID_ARG_VALUE', `${call} ${name}`)
    const used: [string, () => Promise<unknown>][] = [
      ['open', () => I.open(ioctx, name)],
      ['open at', () => I.open(ioctx, 'image', { snapshot: name })],
      ['remove', () => I.remove(ioctx, name)],
      ['rename from', () => I.rename(ioctx, name, 'new')],
      ['clone', () => I.clone(ioctx, { ...parent, image: name }, ioctx, 'new')],
      ['snapshots.remove', () => image.snapshots.remove(name)],
      ['snapshots.rename from', () => image.snapshots.rename(name, 'new')],
      ['snapshots.protect', () => image.snapshots.protect(name)],
      ['snapshots.rollback', () => image.snapshots.rollback(name)],
    ]
    for (const [call, run] of used) await rejects(t, run, 'ENOENT', `${call} ${name}`)
  }
  const create = (options: unknown) => () => I.create(ioctx, 'new', options)
  const options: [unknown, string][] = [
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [{ size: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ size: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ size: mib, objectSize: 5000 }, 'ERR_INVALID_ARG_VALUE'],
    [{ size: mib, objectSize: 2048 }, 'ERR_OUT_OF_RANGE'],
    [{ size: mib, objectSize: 64 * mib }, 'ERR_OUT_OF_RANGE'],
    [{ size: mib, features: 'layering' }, 'ERR_INVALID_ARG_TYPE'],
    [{ size: mib, features: ['flying'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ size: mib, features: ['__proto__'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ size: mib, features: -1n }, 'ERR_OUT_OF_RANGE'],
    [{ size: mib, stripeUnit: 4096 }, 'ERR_INVALID_ARG_VALUE'],
    [{ size: mib, stripeUnit: 5000, stripeCount: 2 }, 'EINVAL'],
    [{ size: mib, dataPool: '' }, 'ERR_INVALID_ARG_VALUE'],
    [{ size: mib, dataPool: 'no-such-pool' }, 'ENOENT'],
    [{ size: mib, features: 1n << 60n }, 'ENOSYS'],
  ]
  for (const [given, code] of options) {
    await rejects(t, create(given), code, `create ${String(given)} ${code}`)
  }
  for (const [what, wrong] of Object.entries({ undefined, image, cluster: ioctx.cluster, object: {} })) {
    await rejects(t, () => I.list(wrong), 'ERR_INVALID_ARG_TYPE', `list of ${what}`)
    await rejects(t, () => I.open(wrong, 'image'), 'ERR_INVALID_ARG_TYPE', `open in ${what}`)
    const clone = () => I.clone(ioctx, { image: 'image', snapshot: 'snap' }, wrong, 'new')
    await rejects(t, clone, 'ERR_INVALID_ARG_TYPE', `clone into ${what}`)
  }
  await rejects(t, () => I.open(ioctx, 'image', { readOnly: 1 }), 'ERR_INVALID_ARG_TYPE', 'readOnly: 1')
  await rejects(t, () => I.open(ioctx, 'image', 'x'), 'ERR_INVALID_ARG_TYPE', 'options: x')
  await rejects(
    t,
    () => I.clone(ioctx, { image: 'image', snapshot: 'snap' }, ioctx, 'new', { cloneFormat: 3 }),
    'ERR_OUT_OF_RANGE',
    'clone format 3',
  )
  await image.close()
  t.same(
    (await Image.list(ioctx)).map(({ name }) => name),
    ['image'],
  )
})

t.test('closed handles', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const io = await cluster.openIoCtx(ioctx.pool)
  const image = await Image.open(io, 'image')
  await io.close()
  t.equal(image.closed, true, 'children close with their parent')
  const calls: (() => Promise<unknown>)[] = [
    () => image.read({ position: 0, length: 1 }),
    () => image.write(Buffer.alloc(1), { position: 0 }),
    () => image.readv([Buffer.alloc(1)], 0),
    () => image.writev([Buffer.alloc(1)], 0),
    () => image.discard(0, 1),
    () => image.writeZeroes(0, 1),
    () => image.flush(),
    () => image.info(),
    () => image.size(),
    () => image.resize(1),
    () => image.snapshots.create('s'),
    () => image.snapshots.list(),
    () => image.flatten(),
    () => image.parent(),
    () => image.metadata.get('a'),
    () => image.locks.acquire('exclusive'),
    () => image.listWatchers(),
  ]
  for (const call of calls)
    await t.rejects(call(), { name: 'CephError', code: 'EBADF', image: 'image' }, String(call))
  const statics: ((closed: IoCtx) => Promise<unknown>)[] = [
    (closed) => Image.list(closed),
    (closed) => Image.open(closed, 'image'),
    (closed) => Image.create(closed, 'new', { size: 1 }),
    (closed) => Image.remove(closed, 'image'),
    (closed) => Image.rename(closed, 'image', 'new'),
    (closed) => closed.stat(),
  ]
  for (const call of statics) await t.rejects(call(io), { code: 'EBADF', pool: ioctx.pool }, String(call))
  await image.close()
  await io.close()
})
