/** Trees of clones over pools, namespaces and the trash: shown, flattened, removed. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import {
  type CloneTree,
  type CloneTreeProgress,
  Cluster,
  cloneTree,
  type Feature,
  flattenTree,
  Image,
  type IoCtx,
  namespaceCreate,
  poolInit,
  removeTree,
  Trash,
} from 'rbdkit'
import t, { type Test } from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { program } from '../cli/fixture.js'
import { imageNames, mib, openPool, withImage } from '../copy/fixture.js'

const exec = promisify(execFile)

async function snapshot(ioctx: IoCtx, image: string): Promise<{ image: string; snapshot: string }> {
  await withImage(ioctx, image, (opened) => opened.snapshots.create('s'))
  return { image, snapshot: 's' }
}

/** What a tree says of the images: `name:depth`, indented by nesting. */
function outline(tree: CloneTree): unknown[] {
  const name = `${tree.image}:${tree.depth}${tree.trash ? ':trash' : ''}${tree.error ? ':error' : ''}`
  return tree.clones.length === 0 ? [name] : [name, tree.clones.map(outline)]
}

/** golden ─ binned (in the trash), middle (another pool) ─ low (a namespace of it) ─ lowest */
async function plant(t: Test, features?: Feature[]) {
  const { cluster, ioctx, test } = await openPool(t)
  const name = randomName('children')
  await cluster.pools.create(name)
  t.teardown(() => cluster.pools.delete(name))
  const other = await cluster.openIoCtx(name)
  await poolInit(other)
  await namespaceCreate(other, 'inner')
  const inner = await cluster.openIoCtx(name, { namespace: 'inner' })
  const format = { cloneFormat: 2 as const, ...(features && { features }) }
  await Image.create(ioctx, 'golden', { size: 8 * mib })
  await withImage(ioctx, 'golden', (image) => image.write(Buffer.from('golden'), { position: 0 }))
  const base = await snapshot(ioctx, 'golden')
  await Image.clone(ioctx, base, ioctx, 'binned', format)
  await Image.clone(ioctx, base, other, 'middle', format)
  await Image.clone(other, await snapshot(other, 'middle'), inner, 'low', format)
  await Image.clone(inner, await snapshot(inner, 'low'), inner, 'lowest', format)
  await new Trash(ioctx).move('binned', { delaySeconds: 3600 })
  return { cluster, ioctx, other, inner, test, pools: [ioctx.pool, name] as const }
}

const whole = ['golden:0', [['binned:1:trash'], ['middle:1', [['low:2', [['lowest:3']]]]]]]

t.test('a tree over pools, namespaces and the trash', async (t) => {
  const { ioctx, inner, pools } = await plant(t)
  const tree = await cloneTree(ioctx, 'golden')
  // The order of pools, which have random names, decides that of their images.
  const inOrder = pools[0] < pools[1] ? whole : ['golden:0', [...(whole[1] as unknown[])].reverse()]
  t.same(outline(tree), inOrder)
  t.equal(tree.snapshot, undefined)
  const middle = tree.clones.find(({ image }) => image === 'middle')
  t.match(middle, { pool: pools[1], namespace: '', size: 8 * mib, snapshot: { name: 's' }, trash: false })
  t.equal(JSON.parse(JSON.stringify(tree)).clones.length, 2, 'ids are numbers of any size, and JSON has them')
  t.match(await cloneTree(inner, 'low'), { depth: 2, snapshot: undefined, clones: [{ image: 'lowest' }] })
  const binned = tree.clones.find(({ trash }) => trash)
  t.match(await cloneTree(ioctx, { id: binned?.id ?? '' }), { image: 'binned', trash: true, clones: [] })
  await t.rejects(cloneTree(ioctx, 'none'), { code: 'ENOENT', image: 'none' })
  await t.rejects(cloneTree(ioctx, 'golden', { concurrency: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(cloneTree(ioctx, 'golden', { signal: AbortSignal.abort(new Error('enough')) }), {
    message: 'enough',
  })
})

t.test('who may not read a pool with clones is told so', async (t) => {
  const { cluster, ioctx, test } = await plant(t)
  const user = `client.${randomName('reader')}`
  const caps = { mon: 'profile rbd', osd: `profile rbd pool=${ioctx.pool}` }
  const { key } = await cluster.auth.getOrCreate(user, caps)
  t.teardown(() => cluster.auth.remove(user))
  await using reader = await Cluster.connect({ confFile: test.confFile, name: user, key })
  await t.rejects(cloneTree(await reader.openIoCtx(ioctx.pool), 'golden'), { code: 'EPERM' })
})

async function checkFlat(t: Test, ioctx: IoCtx, image: string): Promise<void> {
  await withImage(ioctx, image, async (opened) => {
    t.equal(await opened.parent(), undefined, image)
    t.equal((await opened.read({ position: 0, length: 6 })).buffer.toString(), 'golden')
  })
}

t.test('as few images are flattened as will do', async (t) => {
  const { ioctx, inner } = await plant(t)
  const told: string[] = []
  const onProgress = ({ image, imagesDone, imagesTotal }: CloneTreeProgress): void => {
    told.push(`${image?.image} ${imagesDone}/${imagesTotal}`)
  }
  const flattened = await flattenTree(ioctx, 'golden', { maxDepth: 1, onProgress })
  t.same(
    flattened.map(({ image }) => image),
    ['low'],
    'its snapshots are free of golden too',
  )
  t.same(told, ['undefined 0/1', 'low 1/1'])
  await checkFlat(t, inner, 'low')
  t.match(await cloneTree(inner, 'low'), { depth: 0, clones: [{ image: 'lowest', depth: 1 }] })
  t.same(await flattenTree(ioctx, 'golden', { maxDepth: 1 }), [])
  // @ts-expect-error: how deep is too deep is the caller's to say
  await t.rejects(flattenTree(ioctx, 'golden', {}), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('without deep-flatten the clones of a flattened image stay as deep', async (t) => {
  const { ioctx, inner } = await plant(t, ['layering'])
  const flattened = await flattenTree(ioctx, 'golden', { maxDepth: 1 })
  t.same(flattened.map(({ image }) => image).sort(), ['low', 'lowest'])
  await checkFlat(t, inner, 'low')
  await checkFlat(t, inner, 'lowest')
  await Image.clone(inner, { image: 'low', snapshot: 's' }, inner, 'late', { cloneFormat: 2 })
  t.match(await cloneTree(inner, 'late'), { depth: 3 }, 'its snapshot reads from golden as ever')
})

t.test('a tree is removed whole, or not at all', async (t) => {
  const { ioctx, other, inner } = await plant(t)
  const inTrash = await new Trash(ioctx).list()
  await t.rejects(removeTree(ioctx, 'golden'), { code: 'EPERM', image: 'binned', message: /until .*'force'/ })
  const low = await Image.open(inner, 'lowest')
  await t.rejects(removeTree(ioctx, 'golden', { force: true }), {
    code: 'EBUSY',
    image: 'lowest',
    message: /client\.\d+/,
  })
  await low.close()
  t.same(await imageNames(inner), ['low', 'lowest'], 'nothing is gone')
  t.same(await new Trash(ioctx).list(), inTrash)
  const stop = new AbortController()
  const aborted = removeTree(ioctx, 'golden', {
    force: true,
    signal: stop.signal,
    concurrency: 1,
    onProgress: ({ imagesDone }) => {
      if (imagesDone === 1) stop.abort(new Error('enough'))
    },
  })
  await t.rejects(aborted, { message: 'enough' })
  t.match(await cloneTree(ioctx, 'golden'), { clones: { length: 2 } }, 'what is left is a whole tree')
  const removed = await removeTree(ioctx, 'golden', { force: true })
  t.equal(removed.at(-1)?.image, 'golden', 'the root goes last')
  for (const place of [ioctx, other, inner]) {
    t.same(await imageNames(place), [])
    t.same(await new Trash(place).list(), [])
  }
})

t.test('rbdkit tree', async (t) => {
  const { ioctx, test } = await plant(t)
  const env = { ...process.env, CEPH_CONF: test.confFile }
  const rbdkit = (...args: string[]) => exec(process.execPath, [program, 'tree', ...args], { env })
  const { stdout } = await rbdkit('ls', `${ioctx.pool}/golden`)
  const lines = stdout.trimEnd().split('\n')
  t.equal(lines[0], `${ioctx.pool}/golden  8 MiB`)
  t.match(
    stdout,
    /[├└]─ .+\/middle {2}8 MiB, of @s, depth 1\n[│ ] {2}└─ .+\/inner\/low {2}8 MiB, of @s, depth 2\n/,
  )
  t.match(stdout, /\/binned {2}.*in the trash: [0-9a-f]+\n/)
  const json = JSON.parse((await rbdkit('ls', `${ioctx.pool}/golden`, '--json')).stdout)
  t.match(json, { image: 'golden', depth: 0, clones: { length: 2 } })
  t.match(
    (await rbdkit('flatten', '--max-depth', '2', `${ioctx.pool}/golden`)).stdout,
    /^[^\n]+\/inner\/lowest\n$/,
  )
  await t.rejects(rbdkit('rm', `${ioctx.pool}/golden`), { code: 1, stderr: /in the trash until/ })
  const { stdout: removed } = await rbdkit('rm', '--force', `${ioctx.pool}/golden`)
  // 'lowest' was made independent.
  t.match(removed, new RegExp(`^(?:.+\\n){3}${ioctx.pool}/golden\\n$`))
})
