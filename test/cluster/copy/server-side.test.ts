/** Copies that the OSDs do among themselves: what they give, on three OSDs. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  type Cluster,
  type CopyOptions,
  type CopyResult,
  cleanupCopies,
  compare,
  copy,
  Image,
  type ImageLayout,
  type IoCtx,
  namespaceCreate,
} from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { cli } from '../cli/fixture.js'
import { type CopyPool, imageNames, mib, openPool, settledNames, withImage } from './fixture.js'
import { killCopy, untilNoneInUse } from './kill.js'

const exec = promisify(execFile)

const started = LocalCluster.start({ osds: 3, config: { 'osd client watch timeout': 5 } })
t.teardown(async () => (await started).close())
const open = async (t: Parameters<typeof openPool>[0]) => openPool(t, await started)

/** Random bytes at the given places. */
async function fill({ ioctx }: CopyPool, name: string, data: readonly (readonly [number, number])[]) {
  await withImage(ioctx, name, async (image) => {
    for (const [position, length] of data) await image.write(randomBytes(length), { position })
  })
}

/** An image of 24 MiB and a bit: a hole, a dense beginning and end, a thin object; then a snapshot, and other content. */
async function makeSource(pool: CopyPool, name: string, options: ImageLayout = {}) {
  await Image.create(pool.ioctx, name, { size: 24 * mib + 12288, ...options })
  await fill(pool, name, [
    [0, 4 * mib],
    [4 * mib, 4 * mib],
    [12 * mib + 4096, 4096],
    [20 * mib, 4 * mib],
    [24 * mib, 12288],
  ])
  await withImage(pool.ioctx, name, (image) => image.snapshots.create('snap'))
  await fill(pool, name, [[mib, 8 * mib]])
}

/** Copies on the OSDs, and compares with an ordinary copy. */
async function check(
  t: Parameters<typeof openPool>[0],
  from: { ioctx: IoCtx; image: string; snapshot?: string },
  to: { ioctx: IoCtx; image: string; dataPool?: string },
  options: CopyOptions = {},
): Promise<CopyResult> {
  const result = await copy(from, to, { serverSide: 'require', ...options })
  const { equal, a } = await compare(from, { ioctx: to.ioctx, image: to.image })
  t.ok(equal, `${to.image}: the same content`)
  if (options.verify !== 'none') t.equal(result.digest, a.digest, 'the digest is of the content')
  t.equal(result.bytes, result.holes + result.bytesWritten + Number(result.serverSide?.bytes))
  return result
}

async function withPool(t: Parameters<typeof openPool>[0], cluster: Cluster, prefix: string): Promise<IoCtx> {
  const pool = randomName(prefix)
  await cluster.pools.create(pool)
  const ioctx = await cluster.openIoCtx(pool)
  t.teardown(async () => {
    await ioctx.close()
    await cluster.pools.delete(pool)
  })
  return ioctx
}

t.test('a snapshot and the head, whatever the layout and wherever to', async (t) => {
  const pool = await open(t)
  const { ioctx, cluster } = pool
  const other = await withPool(t, cluster, 'other')
  const data = await withPool(t, cluster, 'data')
  const namespace = randomName('ns')
  await namespaceCreate(other, namespace)
  const tenant = await cluster.openIoCtx(other.pool, { namespace })
  const layouts: [string, ImageLayout][] = [
    ['plain', {}],
    ['small', { objectSize: 65536 }],
    ['large', { objectSize: 8 * mib }],
    ['striped', { objectSize: mib, stripeUnit: 65536, stripeCount: 3 }],
    ['apart', { dataPool: data.pool }],
    ['bare', { features: ['layering'] }],
  ]
  for (const [name, layout] of layouts) {
    await makeSource(pool, name, layout)
    const result = await check(t, { ioctx, image: name, snapshot: 'snap' }, { ioctx, image: `${name}-snap` })
    t.ok(Number(result.serverSide?.objects) >= 2, `${name}: ${JSON.stringify(result.serverSide)}`)
    t.notOk(result.serverSide?.refused)
    await check(t, { ioctx, image: name }, { ioctx: other, image: name })
  }
  await check(t, { ioctx, image: 'plain' }, { ioctx: tenant, image: 'plain', dataPool: data.pool })
  await check(t, { ioctx: tenant, image: 'plain' }, { ioctx, image: 'back' })
  await Image.remove(tenant, 'plain')
  await tenant.close()
  t.same(
    await cleanupCopies({ ioctx }, { dryRun: true }),
    [],
    'no record is left, nor a temporary snapshot of an image without a lock',
  )
})

t.test('an encrypted image is copied as it is stored, and opens with its passphrase', async (t) => {
  const pool = await open(t)
  const { ioctx, rbd, test } = pool
  const passphrase = join(t.testdir(), 'passphrase')
  writeFileSync(passphrase, 'a passphrase')
  await Image.create(ioctx, 'source', { size: 32 * mib })
  await rbd('encryption', 'format', 'source', 'luks1', passphrase)
  // Through a handle with the encryption loaded, of which neither rbdkit nor the command has one.
  const decrypted = (image: string, what: string) => {
    const disk = `driver=rbd,pool=${ioctx.pool},image=${image},conf=${test.confFile}`
    const secret = ['--object', `secret,id=key,file=${passphrase}`]
    const luks = 'encrypt.format=luks,encrypt.key-secret=key'
    return exec('qemu-io', [...secret, '--image-opts', `${disk},${luks}`, '-c', what], { timeout: 60_000 })
  }
  await decrypted('source', 'write -P 0x5a 4M 16M')
  const result = await check(t, { ioctx, image: 'source' }, { ioctx, image: 'copy' })
  t.ok(Number(result.serverSide?.objects) >= 4)
  await withImage(ioctx, 'copy', async (image) => {
    const { buffer } = await image.read({ length: 6, position: 0 })
    t.same(Buffer.from(buffer), Buffer.from('LUKS\xba\xbe', 'latin1'))
    const content = await image.read({ length: mib, position: 12 * mib })
    t.notOk(Buffer.from(content.buffer).includes(Buffer.alloc(16, 0x5a)), 'it is not decrypted')
  })
  const { stdout } = await decrypted('copy', 'read -P 0x5a 4M 16M')
  t.match(stdout, /read 16777216\/16777216 bytes/)
  t.notMatch(stdout, /Pattern verification failed/)
})

t.test('nothing of what they copy comes here, and all levels verify it', async (t) => {
  const pool = await open(t)
  const { ioctx } = pool
  await Image.create(ioctx, 'source', { size: 16 * mib })
  await fill(pool, 'source', [[0, 16 * mib]])
  for (const verify of ['none', 'checksum', 'osd', 'read-back', 'full'] as const) {
    let last: { bytesDone: number } | undefined
    const result = await check(
      t,
      { ioctx, image: 'source' },
      { ioctx, image: verify },
      {
        verify,
        onProgress: (progress) => {
          last = progress
        },
      },
    )
    t.match(result, { bytesRead: 0, bytesWritten: 0, serverSide: { objects: 4, bytes: 16 * mib } }, verify)
    t.equal(last?.bytesDone, 16 * mib, 'each byte counted once')
  }
})

t.test('the object map that it gets is right', async (t) => {
  const pool = await open(t)
  const { ioctx, rbd } = pool
  await makeSource(pool, 'source')
  await check(t, { ioctx, image: 'source', snapshot: 'snap' }, { ioctx, image: 'made' })
  const made = await Image.open(ioctx, 'made')
  const { features, flags } = await made.info()
  await made.close()
  t.ok(features.includes('object-map') && features.includes('fast-diff'), features.join())
  t.equal(flags, 0n)
  // Of what is not right it would make the flag invalid.
  await rbd('object-map', 'check', 'made')
  t.notMatch(await rbd('info', 'made'), /invalid/)
  const used = JSON.parse(await rbd('du', 'made', '--format', 'json')) as { images: { used_size: number }[] }
  t.equal(used.images[0]?.used_size, 16 * mib + 12288, 'the thin object, too')
  await rbd('snap', 'create', 'made@new')
  await withImage(ioctx, 'made', (image) => image.discard(0, 8 * mib))
  await rbd('snap', 'rollback', 'made@new')
  t.ok((await compare({ ioctx, image: 'source', snapshot: 'snap' }, { ioctx, image: 'made' })).equal)
})

t.test('objects with holes are copied as ever', async (t) => {
  const pool = await open(t)
  const { ioctx } = pool
  const object = 4 * mib
  await Image.create(ioctx, 'source', { size: 16 * object })
  await fill(pool, 'source', [
    ...Array.from({ length: 12 }, (_, i) => [i * object + 8192, 4096] as const),
    // A sixteenth of it is a hole, and a quarter.
    [12 * object, 2 * mib],
    [12 * object + 2.25 * mib, 1.75 * mib],
    [13 * object, 2 * mib],
    [13 * object + 3 * mib, mib],
    // Its end is missing.
    [14 * object, 3.875 * mib],
  ])
  const result = await check(t, { ioctx, image: 'source' }, { ioctx, image: 'made' })
  t.match(result.serverSide, { objects: 1, bytes: object })
  t.equal(result.bytesWritten, 12 * 4096 + 3 * mib + 3.875 * mib, 'no hole became data')
})

t.test("a clone: what only its parent has is copied as ever, what is the child's own is not", async (t) => {
  const pool = await open(t)
  const { ioctx } = pool
  await Image.create(ioctx, 'parent', { size: 24 * mib })
  await fill(pool, 'parent', [[0, 16 * mib]])
  await withImage(ioctx, 'parent', async (image) => {
    await image.snapshots.create('base')
    await image.snapshots.protect('base')
  })
  await Image.clone(ioctx, { image: 'parent', snapshot: 'base' }, ioctx, 'child')
  await withImage(ioctx, 'child', async (image) => {
    await image.write(randomBytes(100), { position: 5 * mib })
    await image.write(Buffer.alloc(4 * mib), { position: 8 * mib })
    await image.write(randomBytes(4 * mib), { position: 20 * mib })
    await image.snapshots.create('s')
    await image.write(randomBytes(4 * mib), { position: 0 })
  })
  const result = await check(t, { ioctx, image: 'child', snapshot: 's' }, { ioctx, image: 'made' })
  t.match(result.serverSide, { objects: 4, bytes: 16 * mib }, 'copied up (before and after), zeroed, new')
  t.match(result, { bytesWritten: 4 * mib }, "the parent's fourth object")
})

t.test('in the place of an image, nothing of that shows through', async (t) => {
  const pool = await open(t)
  const { ioctx } = pool
  await makeSource(pool, 'source')
  await Image.create(ioctx, 'old', { size: 24 * mib + 12288 })
  await fill(pool, 'old', [[0, 24 * mib]])
  const result = await check(
    t,
    { ioctx, image: 'source', snapshot: 'snap' },
    { ioctx, image: 'old' },
    {
      replace: true,
    },
  )
  t.ok(result.replaced)
  t.ok(Number(result.serverSide?.objects) > 0)
})

t.test('to an erasure-coded pool; out of one, where nobody sees the holes, as ever', async (t) => {
  const pool = await open(t)
  const { ioctx, cluster, test } = pool
  const coded = randomName('coded')
  const ceph = async (...args: string[]) => {
    await exec('ceph', args, { env: { ...process.env, ...test.env }, timeout: 60_000 })
  }
  const profile = ['k=2', 'm=1', 'crush-failure-domain=osd']
  await ceph('osd', 'erasure-code-profile', 'set', coded, ...profile)
  await ceph('osd', 'pool', 'create', coded, '8', '8', 'erasure', coded)
  await ceph('osd', 'pool', 'set', coded, 'allow_ec_overwrites', 'true')
  await ceph('osd', 'pool', 'application', 'enable', coded, 'rbd')
  t.teardown(() => cluster.pools.delete(coded))
  await makeSource(pool, 'source')
  const to = await check(t, { ioctx, image: 'source' }, { ioctx, image: 'coded', dataPool: coded })
  t.ok(Number(to.serverSide?.objects) > 0)
  const back = await check(t, { ioctx, image: 'coded' }, { ioctx, image: 'back' }, { serverSide: 'auto' })
  t.match(back.serverSide, { objects: 0, bytes: 0, refused: /erasure-coded/ })
  const required = copy({ ioctx, image: 'coded' }, { ioctx, image: 'never' }, { serverSide: 'require' })
  await t.rejects(Promise.resolve(required), {
    code: 'ERR_SERVER_SIDE_UNSUPPORTED',
    message: /erasure-coded/,
  })
  await Image.remove(ioctx, 'coded')
  t.same(await settledNames(ioctx), ['back', 'source'])
})

t.test('SIGKILL in the middle: what they had copied is found, not copied again', async (t) => {
  const pool = await open(t)
  const { ioctx } = pool
  await Image.create(ioctx, 'source', { size: 48 * mib })
  await fill(pool, 'source', [
    [0, 40 * mib],
    [44 * mib, 4096],
  ])
  await withImage(ioctx, 'source', (image) => image.snapshots.create('snap'))
  const source = { image: 'source', snapshot: 'snap' }
  const destination = { image: 'made' }
  const slow = { serverSide: 'require', bandwidthLimit: 8 * mib } as const
  t.ok(await killCopy(pool, '', { source, destination, options: slow, afterMs: 2000 }))
  t.notOk((await imageNames(ioctx)).includes('made'))
  await untilNoneInUse({ ioctx })
  await t.rejects(Promise.resolve(copy({ ioctx, ...source }, { ioctx, ...destination }, { resume: true })), {
    code: 'ERR_SOURCE_CHANGED',
    message: /other options/,
  })
  const result = await check(t, { ioctx, ...source }, { ioctx, ...destination }, { resume: true })
  t.match(result.serverSide, { objects: 10, bytes: 40 * mib })
  t.ok(result.bytesResumed >= 4 * mib && result.bytesResumed < 40 * mib, `${result.bytesResumed} were there`)

  t.ok(await killCopy(pool, '', { source, destination: { image: 'gone' }, options: slow, afterMs: 500 }))
  await untilNoneInUse({ ioctx })
  t.match(await cleanupCopies({ ioctx }), [{ target: 'gone', action: 'remove', done: true }])
  t.same(await settledNames(ioctx), ['made', 'source'])
})

t.test('the command', async (t) => {
  const pool = await open(t)
  const { ioctx, test } = pool
  await makeSource(pool, 'source')
  const name = ioctx.pool
  const args = ['cp', '--server-side', 'require', `${name}/source@snap`, `${name}/made`]
  const plain = await cli(test.confFile, ...args)
  t.match(plain, { status: 0, stderr: '', stdout: /\n12\S* MiB of it copied by the OSDs\n$/ })
  const auto = ['cp', '--server-side', 'auto', '--object-size', '1m', '--json']
  const other = await cli(test.confFile, ...auto, `${name}/source`, `${name}/other`)
  t.match(JSON.parse(other.stdout), { serverSide: { objects: 0, refused: /object size/ } })
})
