import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Cluster, Image } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'
import { randomName, sharedCluster } from '../../helpers/cluster.js'
import { cephRelease } from '../../helpers/releases.js'
import { openPool } from '../copy/fixture.js'

const exec = promisify(execFile)

t.test('users: get or create, key, list, remove', async (t) => {
  const { confFile, env } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  const entity = `client.${randomName('user')}`
  t.teardown(() => cluster.auth.remove(entity))
  const caps = { mon: 'profile rbd', osd: 'profile rbd pool=x' }
  const made = await cluster.auth.getOrCreate(entity, caps)
  t.match(made, { entity, caps, key: /^[A-Za-z0-9+/]+={0,2}$/ })
  t.same(await cluster.auth.getOrCreate(entity, caps), made)
  t.same(await cluster.auth.getOrCreate(entity), made, 'without capabilities: as it is')
  t.equal(await cluster.auth.getKey(entity), made.key)
  const { stdout } = await exec('ceph', ['auth', 'print-key', entity], { env: { ...process.env, ...env } })
  t.equal(stdout, made.key)
  const listed = (await cluster.auth.list()).find((user) => user.entity === entity)
  t.same(listed, { entity, caps }, 'the list has no keys')

  const differ = cluster.auth.getOrCreate(entity, { mon: 'allow r' })
  await t.rejects(differ, { code: 'EINVAL', syscall: 'rados_mon_command', message: /cap mon does not match/ })
  await t.rejects(cluster.auth.getOrCreate(`${entity}2`, { mon: 'bogus' }), {
    code: 'EINVAL',
    message: /bogus/,
  })
  await t.rejects(cluster.auth.getOrCreate(`${entity}2`, { msd: 'allow r' } as object), { code: 'EINVAL' })
  await cluster.auth.remove(entity)
  await cluster.auth.remove(entity)
  await t.rejects(cluster.auth.getKey(entity), { code: 'ENOENT' })
})

t.test('a user read, given other capabilities and another key', async (t) => {
  const { confFile } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  const id = randomName('user')
  const entity = `client.${id}`
  t.teardown(() => cluster.auth.remove(entity))
  await t.rejects(cluster.auth.get(entity), { code: 'ENOENT', syscall: 'rados_mon_command' })
  await t.rejects(cluster.auth.setCaps(entity, { mon: 'allow r' }), { code: 'ENOENT' })
  const made = await cluster.auth.getOrCreate(entity, { mon: 'profile rbd' })
  const keyType = cephRelease < 20 ? 'aes' : 'aes256k'
  t.same(await cluster.auth.get(entity), { ...made, keyType })
  const quoted = { mon: 'allow r, allow command "osd blocklist"', osd: 'allow rwx pool=x' }
  await cluster.auth.setCaps(entity, quoted)
  t.same(await cluster.auth.get(entity), { entity, key: made.key, caps: quoted, keyType }, 'no others')

  const { key } = await cluster.auth.getOrCreate(`${entity}2`)
  await cluster.auth.remove(`${entity}2`)
  await cluster.auth.import({ entity, key, caps: quoted })
  t.same(await cluster.auth.get(entity), { entity, key, caps: quoted, keyType }, 'quotes come through')
  await t.rejects(Cluster.connect({ confFile, id, key: made.key }), { code: /EACCES|EPERM|EIO/ })
  const itself = await Cluster.connect({ confFile, id, key })
  await itself.close()
  await cluster.auth.remove(entity)
  await cluster.auth.import(made)
  t.match(await cluster.auth.get(entity), { key: made.key, caps: made.caps }, 'or made')
  await t.rejects(cluster.auth.import({ entity, key, caps: {} }), { code: 'EINVAL', message: /no caps/ })
  const bad = await cluster.auth.import({ entity, key: `x${key}`, caps: {} }).catch((error: Error) => error)
  t.match(bad, { code: 'ERR_INVALID_ARG_VALUE' })
  t.notMatch(String(bad), key)
  const lines = cluster.auth.import({ entity, key, caps: { mon: 'allow r\n[client.admin]' } })
  await t.rejects(lines, { code: 'ERR_INVALID_ARG_VALUE' })
})

t.test('bad arguments', async (t) => {
  const { confFile } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  for (const entity of ['', 'admin', 'client.', 'client.a\0', 'client.a b']) {
    await t.rejects(cluster.auth.getKey(entity), { code: 'ERR_INVALID_ARG_VALUE' }, JSON.stringify(entity))
  }
  await t.rejects(cluster.auth.getKey(5 as unknown as string), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(cluster.auth.getOrCreate('client.x', { mon: 5 } as object), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
})

t.test('a user that may do little is told so', async (t) => {
  const { cluster, ioctx, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 1 << 20 })
  const id = randomName('reader')
  const caps = { mon: 'profile rbd', osd: `profile rbd-read-only pool=${ioctx.pool}` }
  const { key } = await cluster.auth.getOrCreate(`client.${id}`, caps)
  const reader = await Cluster.connect({ confFile: test.confFile, id, key })
  t.teardown(async () => {
    await reader.close()
    await cluster.auth.remove(`client.${id}`)
  })
  const its = await reader.openIoCtx(ioctx.pool)
  t.same(await Image.list(its), await Image.list(ioctx))
  const image = await Image.open(its, 'image', { readOnly: true })
  t.equal((await image.read({ position: 0, length: 512 })).bytesRead, 512)
  await t.rejects(Image.open(its, 'image'), { code: 'EPERM', syscall: 'rbd_open', image: 'image' })
  await t.rejects(Image.create(its, 'other', { size: 1 }), { code: 'EPERM', image: 'other' })
  await t.rejects(reader.auth.list(), { code: 'EACCES', syscall: 'rados_mon_command' })
  await t.rejects(reader.pools.create(randomName('no')), { code: 'EPERM' })
})

/** A key that no cluster knows. Source of the format: Ceph's CryptoKey (type, time, length, secret). */
function strangeKey(type: number, secret: number): string {
  const head = Buffer.alloc(12)
  head.writeUInt16LE(type, 0)
  head.writeUInt32LE(Math.floor(Date.now() / 1000), 2)
  head.writeUInt16LE(secret, 10)
  return Buffer.concat([head, randomBytes(secret)]).toString('base64')
}

t.test('the kind of a key can be asked for', async (t) => {
  const { confFile } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  const entity = `client.${randomName('kind')}`
  t.teardown(() => cluster.auth.remove(entity))
  const [mine, other] = cephRelease < 20 ? (['aes', 'aes256k'] as const) : (['aes256k', 'aes'] as const)
  const caps = { mon: 'profile rbd' }
  const { key } = await cluster.auth.getOrCreate(entity, caps, { keyType: mine })
  t.equal(Buffer.from(key, 'base64').readUInt16LE(0), mine === 'aes' ? 1 : 2)
  t.same(await cluster.auth.getOrCreate(entity, caps, { keyType: mine }), { entity, caps, key })

  const code = cephRelease < 20 ? 'EOPNOTSUPP' : /^(EEXIST|EINVAL)$/
  const wrong = await cluster.auth
    .getOrCreate(entity, caps, { keyType: other })
    .catch((error: unknown) => error)
  t.match(wrong, { name: 'CephError', code, syscall: 'rados_mon_command' })
  t.notMatch(String(wrong), key)
  const bad = { keyType: 'rsa' } as unknown as { keyType: 'aes' }
  await t.rejects(cluster.auth.getOrCreate(entity, caps, bad), { code: 'ERR_INVALID_ARG_VALUE' })
  if (cephRelease >= 20) await makesOlderKeys(t)
})

/** As docs/guide/releases.md has it: a cluster made by Ceph 20 gives older clients a key once its monitors may. */
async function makesOlderKeys(t: Test): Promise<void> {
  await using local = await LocalCluster.start({ objectstore: 'memstore' })
  await using cluster = await Cluster.connect({ confFile: local.confFile })
  const make = () => cluster.auth.getOrCreate('client.older', { mon: 'profile rbd' }, { keyType: 'aes' })
  await t.rejects(make(), { code: 'EINVAL', message: /aes/ })
  await exec('ceph', ['mon', 'set', 'auth_allowed_ciphers', 'aes,aes256k'], {
    env: { ...process.env, ...local.env },
  })
  // The monitors go by it from their next tick on, every five seconds.
  const end = Date.now() + 60_000
  const made = (): ReturnType<typeof make> =>
    make().catch((error: unknown) => (Date.now() < end ? sleep(500).then(made) : Promise.reject(error)))
  const { key } = await made()
  t.equal(Buffer.from(key, 'base64').readUInt16LE(0), 1)
  await using older = await Cluster.connect({ confFile: local.confFile, id: 'older', key })
  t.equal(await older.fsid(), local.fsid)
  const { key: preferred } = await cluster.auth.getOrCreate('client.newer', { mon: 'profile rbd' })
  t.equal(Buffer.from(preferred, 'base64').readUInt16LE(0), 2, 'others stay as they were')
}

t.test('a key that is refused is named by its kind, with what helps', async (t) => {
  const { confFile, monitors } = await sharedCluster()
  const monHost = monitors.map(({ host, port }) => `v2:${host}:${port}`).join(',')
  const directory = t.testdir()
  const keyring = (key: string) => {
    const path = join(directory, `keyring-${randomName('x')}`)
    writeFileSync(
      path,
      `[client.other]\n\tkey = ${strangeKey(1, 16)}\n[client.admin]\n\tkey = ${key}\n\tcaps mon = "allow *"\n`,
    )
    return path
  }
  const refused = async (key: string, how: 'key' | 'keyring') => {
    const options = how === 'key' ? { key } : { keyring: keyring(key) }
    const error = await Cluster.connect({ monHost: `[${monHost}]`, ...options }).catch(
      (reason: unknown) => reason,
    )
    t.notMatch(String(error), key, 'the key is not told')
    return error as Error & { code: string }
  }
  const aes = strangeKey(1, 16)
  const aes256k = strangeKey(2, 32)
  for (const how of ['key', 'keyring'] as const) {
    t.match(await refused(aes, how), { code: 'EACCES', message: /type aes, .*auth_allowed_ciphers/ }, how)
    const error = await refused(aes256k, how)
    if (cephRelease < 20) {
      t.match(
        error,
        { code: how === 'key' ? 'EINVAL' : 'EIO', message: /type aes256k, .*Ceph 20.*keyType 'aes'/ },
        how,
      )
    } else {
      t.match(error, { code: 'EACCES', message: /the key is of type aes256k/ }, how)
    }
  }
  await (await Cluster.connect({ confFile })).close()
})
