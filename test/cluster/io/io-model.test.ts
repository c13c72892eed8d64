import fc from 'fast-check'
import { Cluster, Image, type IoCtx } from 'rbdkit'
import t, { type Test } from 'tap'
import { mib, openPool } from '../copy/fixture.js'

/** Random operations on an image and on a model in memory, in the manner of fsx. */

const maxSize = 3 * mib

/** What an image and its snapshots should hold. */
interface Model {
  bytes: Buffer
  snapshots: Map<string, Buffer>
}

interface Real {
  ioctx: IoCtx
  name: string
  image: Image
  clones: number
}

type Command = fc.AsyncCommand<Model, Real>

function command(
  label: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): Command {
  return { check, run: async (model, real) => run(model, real), toString: () => label }
}

async function compare(image: Image, expected: Buffer): Promise<void> {
  const size = await image.size()
  if (size !== expected.length) throw new Error(`size ${size}, not ${expected.length}`)
  const { buffer } = await image.read({ position: 0, length: size })
  if (buffer.equals(expected)) return
  const at = buffer.findIndex((byte, i) => byte !== expected[i])
  throw new Error(`byte ${at} is ${buffer[at]}, not ${expected[at]}`)
}

/** A range within the image as it is when the command runs. */
function range(model: Model, from: number, share: number): [position: number, length: number] {
  const position = Math.floor(from * model.bytes.length)
  return [position, Math.floor(share * share * (model.bytes.length - position))]
}

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const fill = fc.integer({ min: 1, max: 255 })

const write = fc.tuple(unit, unit, fill, fc.boolean()).map(([from, share, byte, vector]) =>
  command(`write(${from}, ${share}, ${byte}, ${vector})`, async (model, { image }) => {
    const [position, length] = range(model, from, share)
    const data = Buffer.alloc(length, byte)
    if (vector) await image.writev([data.subarray(0, length >> 1), data.subarray(length >> 1)], position)
    else await image.write(data, { position })
    data.fill(0xaa)
    model.bytes.fill(byte, position, position + length)
  }),
)

const zero = fc.tuple(unit, unit, fc.boolean()).map(([from, share, thick]) =>
  command(`zero(${from}, ${share}, ${thick})`, async (model, { image }) => {
    const [position, length] = range(model, from, share)
    await image.writeZeroes(position, length, { thick })
    model.bytes.fill(0, position, position + length)
  }),
)

/** A discard zeroes whole objects; it may keep what it covers in part, so the model takes over what is there. */
const discard = fc.tuple(unit, unit).map(([from, share]) =>
  command(`discard(${from}, ${share})`, async (model, { image }) => {
    const [position, length] = range(model, from, share)
    await image.discard(position, length)
    if (length === 0) return
    const { buffer } = await image.read({ position, length })
    for (const [i, byte] of buffer.entries()) {
      if (byte !== 0 && byte !== model.bytes[position + i])
        throw new Error(`discard made byte ${position + i} ${byte}`)
    }
    buffer.copy(model.bytes, position)
  }),
)

const read = fc.tuple(unit, unit).map(([from, share]) =>
  command(`read(${from}, ${share})`, async (model, { image }) => {
    const [position, length] = range(model, from, share)
    const { buffer, bytesRead } = await image.read({ position, length })
    if (bytesRead !== length || !buffer.equals(model.bytes.subarray(position, position + length))) {
      throw new Error(`read(${position}, ${length}) differs`)
    }
  }),
)

/** A sector at a time, as Pacific's librbd takes it. */
const compareAndWrite = fc.tuple(unit, fill, fc.boolean()).map(([from, byte, wrong]) =>
  command(
    `compareAndWrite(${from}, ${byte}, ${wrong})`,
    async (model, { image }) => {
      const position = Math.floor((from * model.bytes.length) / 512) * 512
      const there = model.bytes.subarray(position, position + 512)
      const expected = Buffer.from(there)
      if (wrong) expected[0] = (expected[0] as number) ^ 1
      const { written } = await image.compareAndWrite(expected, Buffer.alloc(512, byte), { position })
      if (written === wrong) throw new Error(`compareAndWrite(${position}): written is ${written}`)
      if (written) there.fill(byte)
      const { buffer } = await image.read({ position, length: 512 })
      if (!buffer.equals(there)) throw new Error(`read(${position}) differs after compareAndWrite`)
    },
    (model) => model.bytes.length >= 512,
  ),
)

const resize = fc.integer({ min: 1, max: maxSize }).map((size) =>
  command(`resize(${size})`, async (model, { image }) => {
    await image.resize(size, { allowShrink: true })
    const bytes = Buffer.alloc(size)
    model.bytes.copy(bytes, 0, 0, Math.min(size, model.bytes.length))
    model.bytes = bytes
  }),
)

const snapshotName = fc.constantFrom('one', 'two', 'three')

const snapshot = snapshotName.map((name) =>
  command(
    `snapshot(${name})`,
    async (model, { image }) => {
      await image.snapshots.create(name)
      model.snapshots.set(name, Buffer.from(model.bytes))
    },
    (model) => !model.snapshots.has(name),
  ),
)

const rollback = snapshotName.map((name) =>
  command(
    `rollback(${name})`,
    async (model, { image }) => {
      await image.snapshots.rollback(name)
      model.bytes = Buffer.from(model.snapshots.get(name) ?? '')
    },
    (model) => model.snapshots.has(name),
  ),
)

const removeSnapshot = snapshotName.map((name) =>
  command(
    `removeSnapshot(${name})`,
    async (model, { image }) => {
      await image.snapshots.remove(name)
      model.snapshots.delete(name)
    },
    (model) => model.snapshots.has(name),
  ),
)

const reopen = fc.constant(
  command('reopen', async (model, real) => {
    await real.image.close()
    for (const [name, bytes] of model.snapshots) {
      const then = await Image.open(real.ioctx, real.name, { snapshot: name })
      await compare(then, bytes)
      await then.close()
    }
    real.image = await Image.open(real.ioctx, real.name)
    await compare(real.image, model.bytes)
  }),
)

/** Goes on with a clone of a snapshot. */
const clone = snapshotName.map((name) =>
  command(
    `clone(${name})`,
    async (model, real) => {
      const child = `clone-${real.clones++}`
      await Image.clone(real.ioctx, { image: real.name, snapshot: name }, real.ioctx, child, {
        cloneFormat: 2,
      })
      await real.image.close()
      real.name = child
      real.image = await Image.open(real.ioctx, child)
      model.bytes = Buffer.from(model.snapshots.get(name) ?? '')
      model.snapshots.clear()
    },
    (model) => model.snapshots.has(name),
  ),
)

const flatten = fc.constant(
  command('flatten', async (_model, { image }) => {
    if ((await image.parent()) !== undefined) await image.flatten()
  }),
)

const layouts = [
  { objectSize: 65_536 },
  { objectSize: mib, features: ['layering'] },
  { objectSize: 131_072, features: ['layering', 'striping'], stripeUnit: 16_384, stripeCount: 3 },
] as const

/** Of librbd's cache: none is a cluster's default, which is writearound. */
async function withPolicy(t: Test, policy: string | undefined): Promise<IoCtx> {
  const { ioctx, test } = await openPool(t)
  if (policy === undefined) return ioctx
  const { confFile, keyring } = test
  const options = { rbd_cache: true, rbd_cache_policy: policy }
  const cluster = await Cluster.connect({ confFile, keyring, options })
  t.teardown(() => cluster.close())
  return cluster.openIoCtx(ioctx.pool)
}

for (const [policy, seconds] of [
  [undefined, 12],
  ['writeback', 12],
  ['writethrough', 12],
] as const) {
  t.test(`random operations do what they do to a buffer, cache: ${policy}`, async (t) => {
    const ioctx = await withPolicy(t, policy)
    const given = Number(process.env.RBDKIT_TEST_SEED)
    const seed = Number.isInteger(given) && given !== 0 ? given : Date.now() % 2 ** 31
    t.comment(`RBDKIT_TEST_SEED=${seed}`)
    let runs = 0
    const io = [write, write, zero, discard, read, compareAndWrite]
    const others = [resize, snapshot, rollback, removeSnapshot, reopen, clone, flatten]
    const commands = fc.commands([...io, ...others], { maxCommands: 60, size: 'max' })
    const property = fc.asyncProperty(commands, fc.constantFrom(...layouts), async (list, layout) => {
      const name = `model-${runs++}`
      await Image.create(ioctx, name, { size: mib, ...layout })
      const real: Real = { ioctx, name, image: await Image.open(ioctx, name), clones: runs * 1000 }
      const model: Model = { bytes: Buffer.alloc(mib), snapshots: new Map() }
      try {
        await fc.asyncModelRun(() => ({ model, real }), list)
        await compare(real.image, model.bytes)
      } finally {
        await real.image.close()
      }
    })
    const interruptAfterTimeLimit = seconds * 1000
    await fc.assert(property, { seed, numRuns: 9, interruptAfterTimeLimit, endOnFailure: true })
    t.ok(runs > 0)
  })
}
