/** When the OSDs may not copy an image, and what becomes of a copy of theirs that is disturbed. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Cluster, type CopyDestination, compare, copy, Image } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { root } from '../../helpers/package.js'
import { type CopyPool, imageNames, mib, openPool, settledNames, withImage } from './fixture.js'

const exec = promisify(execFile)

async function makeSource({ ioctx }: CopyPool, name: string, options: object = {}): Promise<void> {
  await Image.create(ioctx, name, { size: 8 * mib, ...options })
  await withImage(ioctx, name, (image) => image.write(randomBytes(8 * mib), { position: 0 }))
}

/** `require` is an error that says why, `auto` an ordinary copy that does. */
async function refused(
  t: Parameters<typeof openPool>[0],
  { ioctx }: CopyPool,
  name: string,
  destination: Partial<Extract<CopyDestination, { ioctx: unknown }>>,
  why: RegExp,
): Promise<void> {
  const [image, snapshot] = name.split('@') as [string, string?]
  const from = { ioctx, image, ...(snapshot === undefined ? {} : { snapshot }) }
  const to = { ioctx, image: `${image}-made`, ...destination }
  const before = await imageNames(ioctx)
  await t.rejects(Promise.resolve(copy(from, to, { serverSide: 'require' })), {
    name: 'CopyError',
    code: 'ERR_SERVER_SIDE_UNSUPPORTED',
    message: why,
  })
  t.same(await settledNames(ioctx), before)
  const { serverSide, bytesWritten } = await copy(from, to, { serverSide: 'auto' })
  t.match(serverSide, { objects: 0, bytes: 0, refused: why }, String(why))
  t.equal(bytesWritten, 8 * mib)
  t.ok((await compare(from, { ioctx: to.ioctx, image: to.image })).equal)
  await Image.remove(to.ioctx, to.image)
}

t.test('what stands in the way', async (t) => {
  const pool = await openPool(t)
  const { ioctx, test, rbd, rados } = pool
  await makeSource(pool, 'plain')
  await refused(t, pool, 'plain', { objectSize: mib }, /object size and striping/)
  await refused(t, pool, 'plain', { stripeUnit: mib, stripeCount: 2 }, /object size and striping/)
  await refused(t, pool, 'plain', { features: ['exclusive-lock', 'journaling'] }, /destination .* journaling/)
  const again = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  const theirs = await again.openIoCtx(ioctx.pool)
  await refused(t, pool, 'plain', { ioctx: theirs }, /one Cluster/)
  await theirs.close()
  await again.close()

  await makeSource(pool, 'journaled', { features: ['exclusive-lock', 'journaling'] })
  await refused(t, pool, 'journaled', {}, /source has journaling/)

  await makeSource(pool, 'striped', { objectSize: mib, stripeUnit: 65536, stripeCount: 4 })
  await refused(t, pool, 'striped', { stripeUnit: 65536, stripeCount: 2 }, /object size and striping/)

  await makeSource(pool, 'old')
  await rbd('migration', 'prepare', `${ioctx.pool}/old`, `${ioctx.pool}/migrating`)
  await refused(t, pool, 'migrating', {}, /migrated/)
  await rbd('migration', 'abort', `${ioctx.pool}/migrating`)

  // As a release after this one would mark it.
  await makeSource(pool, 'newer')
  const image = await Image.open(ioctx, 'newer', { readOnly: true })
  const { id, featureMask } = await image.info()
  await image.close()
  const file = join(t.testdir(), 'features')
  const set = async (features: bigint) => {
    const value = Buffer.alloc(8)
    value.writeBigUInt64LE(features)
    writeFileSync(file, value)
    await rados('setomapval', `rbd_header.${id}`, 'features', '--input-file', file)
  }
  await set(featureMask | (1n << 40n))
  await refused(t, pool, 'newer', {}, /not known/)
  await withImage(ioctx, 'newer', (image) => image.snapshots.create('s'))
  await set(featureMask | (1n << 10n))
  await refused(t, pool, 'newer@s', {}, /mirror/)
  // librbd marks an image so as long as a persistent cache has data of it. Debian's is built without such a cache.
  await set(featureMask | (1n << 11n))
  await refused(t, pool, 'newer@s', {}, /persistent cache/)
  await refused(t, pool, 'newer', {}, /persistent cache/)
  await set(featureMask)
})

t.test('for images only', async (t) => {
  const { ioctx } = await openPool(t)
  const file = join(t.testdir(), 'none')
  await t.rejects(Promise.resolve(copy({ file }, { ioctx, image: 'a' }, { serverSide: 'require' })), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await t.rejects(
    Promise.resolve(copy({ ioctx, image: 'a' }, { ioctx, image: 'b' }, { serverSide: 'always' as never })),
    { code: 'ERR_INVALID_ARG_VALUE' },
  )
})

t.test('without the library beside the addon', async (t) => {
  const pool = await openPool(t)
  const { ioctx, test } = pool
  await makeSource(pool, 'source')
  const directory = t.testdir()
  const prebuilds = join(directory, 'prebuilds', `linux-${process.arch}`)
  mkdirSync(prebuilds, { recursive: true })
  copyFileSync(join(root, 'build-cmake', 'Release', 'rbdkit.node'), join(prebuilds, 'rbdkit.glibc.node'))
  const code = `
    import { Cluster, copy } from 'rbdkit'
    const cluster = await Cluster.connect({ confFile: process.env.CEPH_CONF })
    const ioctx = await cluster.openIoCtx(${JSON.stringify(ioctx.pool)})
    const ends = [{ ioctx, image: 'source' }, { ioctx, image: 'made' }]
    const error = await copy(...ends, { serverSide: 'require' }).then(() => 'copied', (e) => e)
    const { serverSide } = await copy(...ends, { serverSide: 'auto' })
    console.log(JSON.stringify({ code: error.code, message: error.message, serverSide }))
    await cluster.close()`
  const env = {
    ...process.env,
    ...test.env,
    PREBUILDS_ONLY: '1',
    RBDKIT_PREBUILD: directory,
    NODE_OPTIONS: '',
  }
  const { stdout } = await exec(process.execPath, ['--input-type=module', '--eval', code], { env, cwd: root })
  const why = /rbdkit_copy_from\.so.*libradospp-dev/
  t.match(JSON.parse(stdout), {
    code: 'ERR_SERVER_SIDE_UNSUPPORTED',
    message: why,
    serverSide: { objects: 0, refused: why },
  })
})

t.test('a user who may not read the data', async (t) => {
  const pool = await openPool(t)
  const { ioctx, cluster, test } = pool
  const data = randomName('data')
  await cluster.pools.create(data)
  t.teardown(() => cluster.pools.delete(data))
  await makeSource(pool, 'source', { dataPool: data })
  await withImage(ioctx, 'source', (image) => image.snapshots.create('s'))
  const user = randomName('reader')
  const osd = `profile rbd pool=${ioctx.pool}, allow w pool=${data}`
  const { key } = await cluster.auth.getOrCreate(`client.${user}`, { mon: 'profile rbd', osd })
  t.teardown(() => cluster.auth.remove(`client.${user}`))
  const limited = await Cluster.connect({ confFile: test.confFile, id: user, key })
  const theirs = await limited.openIoCtx(ioctx.pool)
  const from = { ioctx: theirs, image: 'source', snapshot: 's' }
  // OSDs do not look at the rights of who asks for a copy: nobody else would stop it.
  await t.rejects(Promise.resolve(copy(from, { ioctx: theirs, image: 'made' }, { serverSide: 'require' })), {
    name: 'CephError',
    code: 'EPERM',
    syscall: 'librados::IoCtx::mapext',
  })
  t.same(await settledNames(ioctx), ['source'])
  await theirs.close()
  await limited.close()
})

/** Copies slowly, and calls `disturb` when a part of it has been copied. */
async function disturbed(
  { ioctx }: CopyPool,
  from: { image: string; snapshot?: string },
  disturb: () => Promise<unknown>,
  options: Parameters<typeof copy>[2] = {},
): Promise<unknown> {
  const job = copy(
    { ioctx, ...from },
    { ioctx, image: 'made' },
    {
      serverSide: 'require',
      bandwidthLimit: 8 * mib,
      ...options,
    },
  )
  for await (const { phase, bytesDone } of job) if (phase === 'copy' && bytesDone > 0) break
  await disturb()
  return job
}

t.test('a snapshot, or all of the source, removed in the middle', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  for (const what of ['snapshot', 'image']) {
    await makeSource(pool, 'source', { size: 16 * mib, features: ['layering'] })
    await withImage(ioctx, 'source', async (image) => {
      await image.write(randomBytes(8 * mib), { position: 8 * mib })
      await image.snapshots.create('s')
      await image.write(randomBytes(16 * mib), { position: 0 })
    })
    await t.rejects(
      disturbed(pool, { image: 'source', snapshot: 's' }, async () => {
        await withImage(ioctx, 'source', (image) => image.snapshots.remove('s'))
        if (what === 'image') await Image.remove(ioctx, 'source')
      }),
      { code: 'ERR_SOURCE_CHANGED' },
      what,
    )
    if (what === 'snapshot') await Image.remove(ioctx, 'source')
    t.same(await settledNames(ioctx), [])
  }
})

t.test('an aborted copy leaves nothing, and is over when it rejects', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeSource(pool, 'source')
  const controller = new AbortController()
  await t.rejects(
    disturbed(pool, { image: 'source' }, async () => controller.abort(new Error('enough')), {
      signal: controller.signal,
      bandwidthLimit: mib,
    }),
    { message: 'enough' },
  )
  t.same(await settledNames(ioctx), ['source'])
})

t.test('damage to what they had copied is found', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeSource(pool, 'source', { size: 20 * mib })
  await withImage(ioctx, 'source', (image) => image.write(randomBytes(12 * mib), { position: 8 * mib }))
  const flip = async () => {
    const name = (await imageNames(ioctx)).find((image) => image.startsWith('made.rbdkit-')) as string
    const image = await Image.open(ioctx, name, { readOnly: true })
    const { blockNamePrefix } = await image.info()
    await image.close()
    // In whatever order they come.
    const objects = ['0', '1', '2', '3', '4'].map((n) => `${blockNamePrefix}.${n.padStart(16, '0')}`)
    const there = await Promise.all(
      objects.map((one) =>
        ioctx.statObject(one).then(
          () => [one],
          () => [],
        ),
      ),
    )
    const object = there.flat()[0] as string
    const content = Buffer.from(await ioctx.readObject(object))
    content[12345] = (content[12345] as number) ^ 1
    await ioctx.writeFull(object, content)
  }
  for (const verify of ['osd', 'read-back', 'full'] as const) {
    await t.rejects(
      disturbed(pool, { image: 'source' }, flip, { verify }),
      { code: 'ERR_VERIFY_FAILED' },
      verify,
    )
    t.same(await settledNames(ioctx), ['source'])
  }
})

t.test('a pool that is full: EDQUOT or ENOSPC soon', async (t) => {
  const pool = await openPool(t)
  const { ioctx, cluster, test } = pool
  const small = randomName('small')
  await cluster.pools.create(small)
  t.teardown(() => cluster.pools.delete(small))
  const ceph = async (...args: string[]) =>
    (await exec('ceph', args, { env: { ...process.env, ...test.env }, timeout: 30_000 })).stdout
  await makeSource(pool, 'source')
  await copy({ ioctx, image: 'source' }, { ioctx, image: 'first', dataPool: small })
  await ceph('osd', 'pool', 'set-quota', small, 'max_bytes', String(mib))
  const full = async () =>
    (await ceph('osd', 'pool', 'ls', 'detail'))
      .split('\n')
      .some((line) => line.includes(small) && line.includes('full'))
  for (let i = 0; i < 60 && !(await full()); i++) await sleep(500)
  t.ok(await full(), 'the monitor has seen it')
  const to = { ioctx, image: 'second', dataPool: small }
  await t.rejects(Promise.resolve(copy({ ioctx, image: 'source' }, to, { serverSide: 'require' })), {
    name: 'CephError',
    code: /^(EDQUOT|ENOSPC)$/,
    syscall: 'librados::ObjectWriteOperation::copy_from',
  })
  t.same(await settledNames(ioctx), ['first', 'source'])
  await ceph('osd', 'pool', 'set-quota', small, 'max_bytes', '0')
  await Image.remove(ioctx, 'first')
})
