/** Diffs out of images and into them, in both directions with the `rbd` command. */

import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { applyDiff, exportDiff, Image, type IoCtx, importDiff, inspectDiff, mergeDiffs } from 'rbdkit'
import t from 'tap'
import { makeDiff, seeded } from '../../helpers/diff.js'
import { contentOf, mib, openPool, withImage } from '../copy/fixture.js'

const exec = promisify(execFile)

const snapshots = ['one', 'two', 'three']

/** Random writes, zeros, discards and sizes, with a snapshot after each round. */
async function makeHistory(ioctx: IoCtx, name: string, seed: number, layout: object): Promise<void> {
  const random = seeded(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  let size = 10 * mib + 512 * below(1000)
  await Image.create(ioctx, name, { size, ...layout })
  await withImage(ioctx, name, async (image) => {
    for (const snapshot of [...snapshots, undefined]) {
      for (let i = 0; i < 8; i++) {
        const position = below(size - 1)
        const length = Math.min(size - position, 1 + below(i % 2 === 0 ? 2 * mib : 9000))
        const kind = below(4)
        if (kind === 0) await image.discard(position, length)
        else await image.write(kind === 1 ? Buffer.alloc(length) : randomBytes(length), { position })
      }
      if (snapshot === undefined) break
      await image.snapshots.create(snapshot)
      size += (below(3) - 1) * 2 * mib
      await image.resize(size, { allowShrink: true })
    }
  })
}

type Step = [from: string | undefined, to: string | undefined]
const all: Step[] = [
  [undefined, 'one'],
  ['one', 'two'],
  ['two', 'three'],
  ['three', undefined],
]
const few: Step[] = [
  [undefined, 'one'],
  ['one', undefined],
]

for (const [name, layout, wholeObject, steps] of [
  ['plain', {}, false, all],
  ['striped', { objectSize: mib, stripeUnit: 65536, stripeCount: 3 }, false, few],
  ['whole', {}, true, few],
] as const) {
  t.test(`a history goes there and back, with rbd at either end: ${name}`, async (t) => {
    const { ioctx, rbd } = await openPool(t)
    const directory = t.testdir()
    await makeHistory(ioctx, 'from', name.length * 31, layout)
    for (const image of ['ours', 'theirs', 'mixed']) await rbd('create', '--size', '1M', image)
    for (const [i, [fromSnapshot, snapshot]] of steps.entries()) {
      const ours = join(directory, `${i}-ours`)
      const theirs = join(directory, `${i}-rbd`)
      const begin = fromSnapshot === undefined ? {} : { fromSnapshot }
      const end = snapshot === undefined ? {} : { snapshot }
      const version = i % 2 === 0 ? 1 : 2
      const info = await exportDiff(
        { ioctx, image: 'from', ...end },
        { file: ours },
        { ...begin, wholeObject, version },
      )
      t.same(await inspectDiff({ file: ours }), info, 'what is said is what is written')
      const spec = snapshot === undefined ? 'from' : `from@${snapshot}`
      const option = fromSnapshot === undefined ? [] : ['--from-snap', fromSnapshot]
      const whole = wholeObject ? ['--whole-object'] : []
      await rbd('export-diff', '--no-progress', ...option, ...whole, spec, theirs)
      const expected = await inspectDiff({ file: theirs })
      t.match(info, { ...begin, size: expected.size })
      t.ok(info.dataBytes <= expected.dataBytes, 'no more data than rbd has')
      t.ok(info.dataBytes + info.zeroBytes >= expected.dataBytes, 'and no less of the image')

      // rbd's diff by us, ours by rbd (which takes version 1), ours by us.
      t.same(await importDiff({ file: theirs }, { ioctx, image: 'theirs' }, { allowShrink: true }), expected)
      t.same(await importDiff({ file: ours }, { ioctx, image: 'mixed' }, { allowShrink: true }), info)
      const first = join(directory, `${i}-v1`)
      if (version === 2) {
        await exportDiff({ ioctx, image: 'from', ...end }, { file: first }, { ...begin, wholeObject })
      }
      await rbd('import-diff', '--no-progress', version === 2 ? first : ours, 'ours')
      const want = await contentOf(ioctx, 'from', snapshot)
      for (const image of ['ours', 'theirs', 'mixed']) {
        t.ok((await contentOf(ioctx, image, snapshot)).equals(want), `${image} at ${snapshot ?? 'its end'}`)
      }
    }
    // All of it at once, onto a file.
    const merged = { file: join(directory, 'merged') }
    await mergeDiffs(
      steps.map((_, i) => ({ file: join(directory, `${i}-ours`) })),
      merged,
    )
    const disk = { file: join(directory, 'disk') }
    await applyDiff(merged, disk)
    t.ok(readFileSync(disk.file).equals(await contentOf(ioctx, 'from')), 'merged and applied to a new file')
    // And one after another onto a file that is there.
    writeFileSync(disk.file, Buffer.alloc(0))
    for (const i of steps.keys()) {
      await applyDiff({ file: join(directory, `${i}-ours`) }, disk, { allowShrink: true })
    }
    t.ok(readFileSync(disk.file).equals(await contentOf(ioctx, 'from')), 'applied in place')
  })
}

t.test('protection, a clone with its parent, and a pipe between two images', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'golden', { size: 9 * mib })
  await withImage(ioctx, 'golden', async (image) => {
    await image.write(randomBytes(3 * mib), { position: 2 * mib })
    await image.snapshots.create('base')
    await image.snapshots.protect('base')
  })
  await Image.clone(ioctx, { image: 'golden', snapshot: 'base' }, ioctx, 'child')
  await withImage(ioctx, 'child', (image) => image.write(randomBytes(5000), { position: 4 * mib }))
  await rbd('create', '--size', '9M', 'flat')

  // One job writes to the pipe that the other reads from.
  const fifo = join(t.testdir(), 'fifo')
  await exec('mkfifo', [fifo])
  const fd = openSync(fifo, 'r+')
  const exporting = exportDiff({ ioctx, image: 'child' }, { fd })
  const importing = importDiff({ fd }, { ioctx, image: 'flat' })
  t.same(await importing, await exporting)
  closeSync(fd)
  t.ok((await contentOf(ioctx, 'flat')).equals(await contentOf(ioctx, 'child')), 'with what the parent has')

  const file = join(fifo, '..', 'protected')
  const info = await exportDiff({ ioctx, image: 'golden', snapshot: 'base' }, { file }, { version: 2 })
  t.equal(info.isProtected, true)
  await rbd('create', '--size', '9M', 'copy')
  await importDiff({ file }, { ioctx, image: 'copy' })
  await withImage(ioctx, 'copy', async (image) => {
    t.match(await image.snapshots.list(), [{ name: 'base', protected: true }])
    await image.snapshots.unprotect('base')
  })
  await rbd('rm', '--no-progress', 'child')
  await withImage(ioctx, 'golden', (image) => image.snapshots.unprotect('base'))
})

t.test('what does not fit is refused, and the image is as it was', async (t) => {
  const { ioctx } = await openPool(t)
  const directory = t.testdir()
  await Image.create(ioctx, 'image', { size: 8 * mib })
  await withImage(ioctx, 'image', async (image) => {
    await image.write(randomBytes(mib), { position: mib })
    await image.snapshots.create('a')
  })
  const before = await contentOf(ioctx, 'image')
  const target = { ioctx, image: 'image' }
  const make = (name: string, spec: Parameters<typeof makeDiff>[0]): { file: string } => {
    const file = join(directory, name)
    writeFileSync(file, makeDiff(spec))
    return { file }
  }
  const records = [{ offset: 0, content: randomBytes(2 * mib) }]
  const of = { pool: ioctx.pool, image: 'image', name: 'CephError' }

  await t.rejects(
    Promise.resolve(importDiff(make('1', { from: 'b', to: 'c', size: 8 * mib, records }), target)),
    {
      ...of,
      code: 'ENOENT',
      message: /begins at snapshot 'b', which the image does not have/,
    },
  )
  await t.rejects(
    Promise.resolve(importDiff(make('2', { from: 'a', to: 'a', size: 8 * mib, records }), target)),
    {
      ...of,
      code: 'EEXIST',
      message: /ends at snapshot 'a', which the image has already/,
    },
  )
  const small = make('3', { from: 'a', to: 'b', size: 4 * mib, records })
  await t.rejects(Promise.resolve(importDiff(small, target)), {
    ...of,
    code: 'EINVAL',
    message: /would shrink/,
  })

  const cut = make('4', { from: 'a', to: 'b', size: 8 * mib, records })
  truncateSync(cut.file, readFileSync(cut.file).length - 1)
  await t.rejects(Promise.resolve(importDiff(cut, target)), {
    code: 'ERR_RBDKIT_FORMAT',
    message: /ends too early/,
  })
  t.ok(
    (await contentOf(ioctx, 'image')).equals(before),
    'nothing was written, not even of a diff that is cut',
  )

  // From a pipe that breaks off: no snapshot.
  const fifo = join(directory, 'fifo')
  await exec('mkfifo', [fifo])
  const feeder = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', cut.file, fifo])
  const fd = openSync(fifo, 'r')
  await t.rejects(Promise.resolve(importDiff({ fd }, target)), { code: 'ERR_RBDKIT_FORMAT' })
  closeSync(fd)
  if (feeder.exitCode === null) await once(feeder, 'close')
  await withImage(ioctx, 'image', async (image) => {
    t.same(
      (await image.snapshots.list()).map(({ name }) => name),
      ['a'],
    )
  })
  await importDiff(make('5', { from: 'a', to: 'b', size: 8 * mib, records }), target)
  t.ok(
    (await contentOf(ioctx, 'image', 'b')).equals(
      Buffer.concat([records[0]?.content as Buffer, before.subarray(2 * mib)]),
    ),
  )

  const out = { file: join(directory, 'out') }
  await t.rejects(Promise.resolve(exportDiff(target, out, { fromSnapshot: 'none' })), {
    ...of,
    code: 'ENOENT',
  })
  await t.rejects(Promise.resolve(exportDiff({ ...target, snapshot: 'none' }, out)), {
    ...of,
    code: 'ENOENT',
    snapshot: 'none',
  })
  await t.rejects(Promise.resolve(exportDiff({ ...target, snapshot: 'a' }, out, { fromSnapshot: 'b' })), {
    ...of,
    code: 'EINVAL',
  })
  await t.rejects(Promise.resolve(exportDiff(target, cut)), { code: 'EEXIST', path: cut.file })
  await t.rejects(Promise.resolve(importDiff({ file: join(directory, 'none') }, target)), {
    code: 'ENOENT',
    path: join(directory, 'none'),
  })
  t.same(readdirSync(directory).sort(), ['1', '2', '3', '4', '5', 'fifo'])
})

t.test('a job that is aborted leaves nothing', async (t) => {
  const { ioctx } = await openPool(t)
  const directory = t.testdir()
  await Image.create(ioctx, 'image', { size: 64 * mib })
  await withImage(ioctx, 'image', (image) => image.write(randomBytes(32 * mib), { position: 0 }))
  const out = { file: join(directory, 'out') }
  const source = { ioctx, image: 'image' }
  for (const delay of [0, 20, 60]) {
    const controller = new AbortController()
    // A pipe that nobody reads: the job cannot end by itself.
    const { stdin, child } = stuck()
    const piping = exportDiff(source, { fd: stdin }, { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), delay)
    await t.rejects(Promise.resolve(piping), { message: 'enough' })
    child.kill()
  }
  await t.rejects(Promise.resolve(exportDiff(source, out, { signal: AbortSignal.abort() })), {
    name: 'AbortError',
  })
  const { stdout, child } = stuck()
  const controller = new AbortController()
  const importing = importDiff({ fd: stdout }, source, { signal: controller.signal })
  setTimeout(() => controller.abort(new Error('enough')), 20)
  await t.rejects(Promise.resolve(importing), { message: 'enough' })
  child.kill()
  t.same(readdirSync(directory), [])
})

/** A child that neither reads nor writes, and our ends of its pipes. */
function stuck(): { stdin: number; stdout: number; child: ReturnType<typeof spawn> } {
  const child = spawn('sleep', ['60'], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdout.pause()
  const fd = (stream: unknown): number => (stream as { _handle: { fd: number } })._handle.fd
  return { stdin: fd(child.stdin), stdout: fd(child.stdout), child }
}

t.test('from a snapshot to itself: nothing, as rbd writes it', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const directory = t.testdir()
  await makeHistory(ioctx, 'image', 5, {})
  const ours = { file: join(directory, 'ours') }
  const info = await exportDiff({ ioctx, image: 'image', snapshot: 'two' }, ours, { fromSnapshot: 'two' })
  t.match(info, { fromSnapshot: 'two', toSnapshot: 'two', dataExtents: 0, zeroExtents: 0 })
  const theirs = join(directory, 'theirs')
  await rbd('export-diff', '--no-progress', '--from-snap', 'two', 'image@two', theirs)
  t.ok(readFileSync(ours.file).equals(readFileSync(theirs)))
  await t.rejects(
    exportDiff(
      { ioctx, image: 'image', snapshot: 'one' },
      { file: join(directory, 'x') },
      { fromSnapshot: 'two' },
    ).then(),
    { code: 'EINVAL', message: /'two' is newer/ },
  )
})
