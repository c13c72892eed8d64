import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type CopyDestination, type CopyProgress, compare, copy, Image, type VerifyLevel } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { type CopyPool, imageNames, makeSparse, mib, openPool, settledNames, withImage } from './fixture.js'

const levels: VerifyLevel[] = ['none', 'checksum', 'osd', 'read-back', 'full']

t.test('every level passes a copy that is right, whatever the layout', async (t) => {
  const pool = await openPool(t)
  const { ioctx, cluster, rbd } = pool
  const from = join(t.testdir(), 'from')
  makeSparse(from, 26 * mib + 1536, [
    [0, 5 * mib + 1],
    [9 * mib + 4000, 300_000],
    [26 * mib, 1536],
  ])
  const dataPool = randomName('copy-data')
  await cluster.pools.create(dataPool)
  await rbd('namespace', 'create', '--namespace', 'tenant')
  const tenant = await cluster.openIoCtx(ioctx.pool, { namespace: 'tenant' })
  const striped = { objectSize: mib, stripeUnit: 65536, stripeCount: 3 }
  const destinations: [string, CopyDestination][] = [
    ['plain', { ioctx, image: 'plain' }],
    ['small', { ioctx, image: 'small', objectSize: 65536 }],
    ['striped', { ioctx, image: 'striped', ...striped }],
    ['bare', { ioctx, image: 'bare', features: ['layering'], objectSize: 32 * mib }],
    ['data', { ioctx: tenant, image: 'data', dataPool }],
  ]
  let digest: string | undefined
  for (const [name, destination] of destinations) {
    const result = await copy({ file: from }, destination, { verify: 'osd' })
    digest ??= result.digest
    t.equal(result.digest, digest, name)
  }
  t.ok((await compare({ ioctx: tenant, image: 'data' }, { ioctx, image: 'striped' })).equal)
  for (const verify of levels) {
    const phases = new Set<CopyProgress['phase']>()
    let last: CopyProgress | undefined
    const onProgress = (progress: CopyProgress): void => {
      phases.add(progress.phase)
      last = progress
    }
    const result = await copy({ ioctx, image: 'striped' }, { ioctx, image: verify }, { verify, onProgress })
    t.equal(result.digest, verify === 'none' ? '' : digest, verify)
    t.match(last, { phase: 'done', bytesDone: result.bytes, bytesTotal: result.bytes })
    if (verify === 'osd') continue
    await copy({ ioctx, image: 'striped' }, { file: `${from}.${verify}` }, { verify })
  }
  await Image.remove(tenant, 'data')
  await tenant.close()
  await cluster.pools.delete(dataPool)
})

/** An image that takes about three seconds to read. */
async function makeSlowSource({ ioctx }: CopyPool): Promise<void> {
  await Image.create(ioctx, 'source', { size: 48 * mib })
  await withImage(ioctx, 'source', async (image) => {
    for (let at = 0; at < 48 * mib; at += 8 * mib) await image.write(randomBytes(8 * mib), { position: at })
    await image.metadata.set('conf_rbd_qos_read_bps_limit', String(16 * mib))
  })
}

/** Copies, and calls `damage` when the beginning has been written and the end has not. */
async function copyDamaged(
  { ioctx }: CopyPool,
  destination: CopyDestination,
  verify: VerifyLevel,
  damage: () => Promise<void>,
): Promise<void> {
  const job = copy({ ioctx, image: 'source' }, destination, { verify, maxMemory: 16 * mib })
  for await (const { phase, bytesDone } of job) if (phase === 'copy' && bytesDone >= 20 * mib) break
  await damage()
  await job
}

t.test('damage to the objects of an image is found, and nothing is published', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeSlowSource(pool)
  const objectOf = async (): Promise<string> => {
    const name = (await imageNames(ioctx)).find((image) => image.startsWith('copy.rbdkit-')) as string
    const image = await Image.open(ioctx, name, { readOnly: true })
    const { blockNamePrefix } = await image.info()
    await image.close()
    return `${blockNamePrefix}.0000000000000000`
  }
  const flip = async (): Promise<void> => {
    const object = await objectOf()
    const content = Buffer.from(await ioctx.readObject(object))
    content[12345] = (content[12345] as number) ^ 1
    await ioctx.writeFull(object, content)
  }
  const remove = async (): Promise<void> => ioctx.removeObject(await objectOf())
  const shorten = async (): Promise<void> => {
    const object = await objectOf()
    await ioctx.writeFull(object, (await ioctx.readObject(object)).subarray(0, -4096))
  }
  const cases: [VerifyLevel, () => Promise<void>, RegExp][] = [
    ['osd', flip, /^1 object does not hold .* rbd_data\.\w+\.0000000000000000: '.*copy'/],
    ['osd', remove, /1 object does not hold/],
    ['osd', shorten, /1 object does not hold/],
    ['read-back', flip, /^4194304 bytes in 1 extent .* 4194304 at 0: '.*copy'/],
    ['full', flip, /^4096 bytes in 1 extent .* 4096 at 12288/],
  ]
  for (const [verify, damage, message] of cases) {
    const destination = { ioctx, image: 'copy', objectSize: 524288 }
    await t.rejects(
      copyDamaged(pool, destination, verify, damage),
      { name: 'CopyError', code: 'ERR_VERIFY_FAILED', message },
      `${verify}, ${damage.name}`,
    )
    t.same(await settledNames(ioctx), ['source'])
  }
  await copyDamaged(pool, { ioctx, image: 'copy', objectSize: 524288 }, 'checksum', flip)
  const { extents } = await compare({ ioctx, image: 'source' }, { ioctx, image: 'copy' })
  t.same(
    extents,
    [{ offset: 12288, length: 4096 }],
    'checksums of what was read say nothing of what is there',
  )
})

t.test('damage to a file is found', async (t) => {
  const pool = await openPool(t)
  await makeSlowSource(pool)
  const directory = t.testdir()
  const damage = async (): Promise<void> => {
    const [name] = readdirSync(directory)
    const fd = openSync(join(directory, name as string), 'r+')
    writeSync(fd, 'damage', mib)
    closeSync(fd)
  }
  const destination = { file: join(directory, 'copy') }
  for (const verify of ['read-back', 'full'] as const) {
    await t.rejects(copyDamaged(pool, destination, verify, damage), {
      code: 'ERR_VERIFY_FAILED',
      message: /copy'$/,
    })
    t.same(readdirSync(directory), [])
  }
})

t.test('what cannot be verified is refused before anything is copied', async (t) => {
  const { ioctx } = await openPool(t)
  const file = join(t.testdir(), 'from')
  makeSparse(file, mib, [[0, mib]])
  const journaled = { ioctx, image: 'new', features: ['exclusive-lock', 'journaling'] as const }
  await t.rejects(Promise.resolve(copy({ file }, journaled, { verify: 'osd' })), {
    code: 'ERR_VERIFY_UNSUPPORTED',
    message: /journaling.*new/,
  })
  t.same(await settledNames(ioctx), [])
  const toFile = { file: `${file}.to` }
  await t.rejects(Promise.resolve(copy({ file }, toFile, { verify: 'osd' })), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await t.rejects(Promise.resolve(copy({ file }, toFile, { verify: 'md5' as never })), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
})
