/** A host of libvirt is prepared for machines on RBD, and cleared: a real Ceph, a real libvirtd. */

import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { Cluster, Image, poolInit } from 'rbdkit'
import { Connection, xml } from 'rbdkit/libvirt'
import { type PrepareLibvirtOptions, prepareLibvirt, removeLibvirt } from 'rbdkit/provision'
import t from 'tap'
import { randomName, sharedCluster } from '../helpers/cluster.js'
import { rbdPoolsStart } from '../helpers/releases.js'
import { failure, Place, parts, prepare } from './provision-fixture.js'

t.setTimeout(300_000)

t.test('all is made, and a second call changes nothing', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool, user, entity, usage } = place
  const planned = await prepare(place, { dryRun: true })
  t.same(await place.there(), [], 'a dry run makes nothing')
  const progress: unknown[] = []
  const host = await prepare(place, { onProgress: (one) => progress.push(one) })
  t.same(
    host.steps,
    parts.map((step) => ({ step, outcome: 'made' })),
  )
  t.same(planned.steps, host.steps, 'as it had said')
  t.equal(planned.secret.uuid, host.secret.uuid)
  t.equal(host.changed, true)
  t.match(host, { pool, user: { id: user, name: entity }, secret: { usage }, auth: { username: user } })
  t.match(progress.at(-1), { step: parts.at(-1), outcome: 'made', done: parts.length, total: parts.length })
  t.same(await place.there(), parts)

  const { key, caps } = await cluster.auth.get(entity)
  t.same(caps, { mon: 'profile rbd', osd: `profile rbd pool=${pool}` })
  const secret = await virt.secretByUuid(host.secret.uuid)
  t.equal((await secret.getValue()).toString('base64'), key)
  const ioctx = await cluster.openIoCtx(pool)
  t.teardown(() => ioctx.close())
  t.same(await ioctx.applications.list(), ['rbd'])
  await Image.create(ioctx, 'disk', { size: 2 ** 20 })
  if (rbdPoolsStart) {
    const made = await virt.storagePoolByName(pool)
    t.ok(
      (await made.isActive()) && (await made.autostart()),
      'started, and again with each start of libvirtd',
    )
    await made.refresh()
    t.same(
      (await made.listVolumes()).map(({ name }) => name),
      ['disk'],
      "libvirt sees the pool's images",
    )
    const { monitors, auth } = xml.parseStoragePool(await made.xml())
    t.same(
      monitors.map(({ host, port }) => `${host}:${port}`),
      host.monitors.map((one) => `${one.host}:${one.port}`),
    )
    t.match(auth, { username: user, secret: { uuid: host.secret.uuid } })
  }

  const before = await place.state()
  const again = await prepare(place)
  t.same(
    again.steps,
    parts.map((step) => ({ step, outcome: 'found' })),
  )
  t.equal(again.changed, false)
  t.equal(await place.state(), before, 'a second call changes nothing')
  t.notMatch(JSON.stringify([host, again, progress]), key, 'the key is in nothing that is given')

  const name = randomName('vm')
  const disk = xml.rbdDisk({ pool, image: 'disk', monitors: host.monitors, auth: host.auth, target: 'vda' })
  const domain = await virt.defineDomain(
    xml.domain({ name, type: 'qemu', memoryMiB: 32, vcpus: 1, disks: [disk] }),
  )
  await domain.create()
  await domain.destroy()
  const inUse = await failure(removeLibvirt(cluster, virt, { pool, user }))
  t.match(inUse, { code: 'ERR_RBDKIT_IN_USE', message: new RegExp(`domains .* ${name}`) })
  await domain.undefine()
  const holds = await failure(removeLibvirt(cluster, virt, { pool, user }))
  t.match(holds, { code: 'ERR_RBDKIT_IN_USE', message: /holds disk;/ })
  t.equal(await place.state(), before, 'what is in use is left alone')
  const plan = await removeLibvirt(cluster, virt, { pool, user, removeImages: true, dryRun: true })
  t.equal(await place.state(), before)
  const removed = await removeLibvirt(cluster, virt, { pool, user, removeImages: true })
  t.same(removed, { steps: [...parts].reverse().map((step) => ({ step, outcome: 'removed' })), left: [] })
  t.same(plan, removed)
  t.same(await place.there(), [])
})

t.test('what was there is used, and stays', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool, user, entity, usage } = place
  // As the seeds do it by hand.
  await cluster.pools.create(pool)
  const { key } = await cluster.auth.getOrCreate(entity, {
    osd: `profile  rbd pool=${pool}`,
    mon: 'profile rbd',
  })
  const secret = await virt.defineSecret(xml.secret({ usage: { type: 'ceph', name: usage } }))
  const host = await prepare(place)
  t.match(host.steps.slice(0, 3), [
    { step: 'pool', outcome: 'changed' }, // it was nobody's
    { step: 'user', outcome: 'found' },
    { step: 'secret', outcome: 'changed' }, // it had no value
  ])
  t.equal(host.secret.uuid, secret.uuid, 'the secret keeps its UUID')
  t.equal((await secret.getValue()).toString('base64'), key)
  const { steps, left } = await removeLibvirt(cluster, virt, { pool, user })
  t.same(steps, rbdPoolsStart ? [{ step: 'storagePool', outcome: 'removed' }] : [])
  t.match(left, [
    { step: 'user', name: entity, reason: /there before/ },
    { step: 'pool', name: pool },
  ])
  t.same(await place.there(), ['pool', 'user', 'secret'])
  await using ioctx = await cluster.openIoCtx(pool)
  await t.rejects(ioctx.statObject('rbdkit.provision'), { code: 'ENOENT' }, 'no record is left')
})

t.test('what differs is told before anything is changed; replace brings it in line', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool, user, entity, usage } = place
  await cluster.auth.getOrCreate(entity, { mon: 'allow r' })
  const secret = await virt.defineSecret(xml.secret({ usage: { type: 'ceph', name: usage } }))
  await secret.setValue(Buffer.from('of another cluster'))
  const before = await place.state()
  const error = await failure(prepare(place))
  t.match(error, { code: 'ERR_RBDKIT_DIFFERS', operation: 'prepareLibvirt', undone: [], left: [] })
  t.match(error.differences, [
    { step: 'user', name: entity, reason: /mon 'allow r', not mon 'profile rbd'/, replaceable: true },
    { step: 'secret', name: usage, reason: /another key/, replaceable: true },
  ])
  t.equal(await place.state(), before)
  const host = await prepare(place, { replace: true })
  t.match(host.steps, [{ outcome: 'made' }, { outcome: 'changed' }, { outcome: 'changed' }])
  t.equal((await prepare(place)).changed, false)
  t.match(await cluster.auth.get(entity), { caps: { mon: 'profile rbd', osd: `profile rbd pool=${pool}` } })

  const uuid = '3f3f3f3f-0000-4000-8000-000000000000'
  const fixed = await failure(prepare(place, { secretUuid: uuid, replace: true }))
  t.match(fixed.differences, [{ step: 'secret', reason: /UUID/, replaceable: false }])
  const explicit = await failure(prepare(place, { caps: 'explicit' }))
  t.match(explicit.differences, [{ step: 'user' }])
  await prepare(place, { caps: 'explicit', replace: true })
  t.match((await cluster.auth.get(entity)).caps, { mon: 'allow r', osd: /^allow class-read .* rwx pool=/ })
  await removeLibvirt(cluster, virt, { pool, user })
})

t.test("somebody else's pool, secret and storage pool are not taken", async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool } = place
  await cluster.pools.create(pool)
  await using ioctx = await cluster.openIoCtx(pool)
  await ioctx.applications.enable('cephfs')
  t.match(await failure(prepare(place, { replace: true })), {
    code: 'ERR_RBDKIT_DIFFERS',
    differences: [{ step: 'pool', name: pool, reason: /application cephfs/, replaceable: false }],
  })
  t.same(await ioctx.applications.list(), ['cephfs'])
  const taken = await Place.make(t)
  const { secret } = await prepare(taken, { dryRun: true })
  const other = await virt.defineSecret(
    xml.secret({ uuid: secret.uuid, usage: { type: 'ceph', name: randomName('other') } }),
  )
  t.teardown(() => other.undefine())
  t.match((await failure(prepare(taken, { replace: true }))).differences, [
    { step: 'secret', replaceable: false },
  ])
  t.same(await taken.there(), [])
  const named = await Place.make(t)
  const dir = await virt.defineStoragePool(
    xml.storagePool({ type: 'dir', name: named.pool, path: named.directory }),
  )
  const ours = { storagePool: named.pool, replace: true }
  t.match((await failure(prepare(named, ours))).differences, [
    { reason: /of the type dir/, replaceable: false },
  ])
  t.same(await named.there(), ['storagePool'])
  t.match(await dir.xml(), /type='dir'/)
})

t.test(
  'a storage pool that lacks monitors or is not started',
  { skip: !rbdPoolsStart && 'no RBD storage pool starts here' },
  async (t) => {
    const place = await Place.make(t)
    const { cluster, virt, pool } = place
    const host = await prepare(place)
    const storagePool = await virt.storagePoolByName(pool)
    await storagePool.destroy()
    await storagePool.setAutostart(false)
    t.match((await prepare(place)).steps.at(-1), { step: 'storagePool', outcome: 'changed' })
    t.ok((await storagePool.isActive()) && (await storagePool.autostart()))
    const redefine = async (monitors: { host: string; port?: number }[]) => {
      await storagePool.destroy()
      const { uuid } = storagePool
      await virt.defineStoragePool(
        xml.storagePool({ type: 'rbd', name: pool, uuid, pool, monitors, auth: host.auth }),
      )
    }
    const command = await cluster.monitorCommand<{
      mons: { public_addrs: { addrvec: { type: string; addr: string }[] } }[]
    }>({ prefix: 'mon dump' })
    const v1 = command.mons[0]?.public_addrs.addrvec.find(({ type }) => type === 'v1')?.addr.split(':') ?? []
    await redefine([{ host: String(v1[0]), port: Number(v1[1]) }])
    await storagePool.create()
    t.equal((await prepare(place)).changed, false, "the other of a monitor's addresses is as good")
    await redefine([...host.monitors, { host: '127.0.0.1', port: 1 }])
    t.match((await prepare(place)).steps.at(-1), { step: 'storagePool', outcome: 'changed' })
    t.equal(xml.parseStoragePool(await storagePool.xml()).monitors.length, host.monitors.length)
    await redefine([{ host: '192.0.2.1' }])
    const strange = await failure(prepare(place))
    t.match(strange.differences, [{ reason: /none of its monitors/, replaceable: true }])
    t.match(await storagePool.xml(), /192\.0\.2\.1/)
    await prepare(place, { replace: true })
    t.ok(await storagePool.isActive())
  },
)

t.test('bad arguments, and who may not', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool, user, entity } = place
  const asked = { pool, user }
  for (const [options, message] of [
    [{ ...asked, user: entity }, new RegExp(`without its type: '${user}'`)],
    [{ ...asked, user: 'a b' }, /letters/],
    [{ ...asked, pool: 'a,allow *' }, /letters/],
    [{ ...asked, caps: 'all' }, /profile/],
    [{ ...asked, caps: {} }, /empty/],
    [{ ...asked, secretUuid: 'x' }, /UUID/],
    [{ ...asked, storagePool: 'a/b' }, /'\/'/],
    [{ ...asked, files: { directory: 'etc' } }, /absolute/],
    [{ ...asked, files: { logFile: '/var/log/a;b' } }, /ASCII/],
    [{ ...asked, pgNum: 0 }, /65536/],
    [{ ...asked, pools: [] }, /no such option/],
  ] as const) {
    const refused = prepareLibvirt(cluster, virt, options as PrepareLibvirtOptions)
    await t.rejects(refused, { code: 'ERR_INVALID_ARG_VALUE', message })
  }
  await t.rejects(prepareLibvirt({} as Cluster, virt, asked), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(prepareLibvirt(cluster, {} as Connection, asked), { code: 'ERR_INVALID_ARG_TYPE' })

  const id = randomName('poor')
  const { key } = await cluster.auth.getOrCreate(`client.${id}`, { mon: 'profile rbd', osd: 'profile rbd' })
  const { confFile } = await sharedCluster()
  const poor = await Cluster.connect({ confFile, id, key })
  t.teardown(async () => {
    await poor.close()
    await cluster.auth.remove(`client.${id}`)
  })
  await t.rejects(prepareLibvirt(poor, virt, asked), { code: 'EACCES', syscall: 'rados_mon_command' })
  const closed = await Connection.open('test:///default')
  await closed.close()
  await t.rejects(prepareLibvirt(cluster, closed, asked), { code: 'EBADF' })
  // It has neither secrets nor RBD pools: found out when it is looked at.
  const test = await Connection.open('test:///default')
  t.teardown(() => test.close())
  await t.rejects(prepareLibvirt(cluster, test, asked), { code: 'VIR_ERR_NO_SUPPORT' })
  t.same(await place.there(), [])
})

t.test('two calls at once, and two users of a pool', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool, user } = place
  const [a, b] = await Promise.all([prepare(place), prepare(place)])
  t.equal(a.secret.uuid, b.secret.uuid)
  t.equal((await prepare(place)).changed, false)
  const other = randomName('other')
  await prepareLibvirt(cluster, virt, { pool, user: other, storagePool: false })
  const { steps, left } = await removeLibvirt(cluster, virt, { pool, user })
  t.same(
    steps.map(({ step }) => step),
    [...parts].reverse().filter((step) => step !== 'pool'),
  )
  t.match(left, [{ step: 'pool', reason: new RegExp(`client\\.${other}`) }])
  const last = await removeLibvirt(cluster, virt, { pool, user: other, hostOnly: true })
  t.match(last, { steps: [{ step: 'secret' }], left: [{ step: 'user' }, { step: 'pool' }] })
  await cluster.auth.remove(`client.${other}`)
})

t.test('a pool with data of others is not removed', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool, user } = place
  await prepare(place)
  const ioctx = await cluster.openIoCtx(pool, { namespace: 'theirs' })
  t.teardown(() => ioctx.close())
  await poolInit(ioctx)
  await ioctx.writeFull('notes', Buffer.from('kept'))
  t.match(await failure(removeLibvirt(cluster, virt, { pool, user })), {
    code: 'ERR_RBDKIT_IN_USE',
    message: /the object 'theirs\/notes'/,
  })
  t.same(await place.there(), parts)
})

t.test('files for clients of this machine', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool, user, entity, directory } = place
  const [keyring = '', conf = ''] = place.files
  const files = { directory, adminSocket: true, logFile: '/var/log/guests/$pid.log' }
  const theirs = '# ours\n[client.other]\nrbd cache = false\n'
  await writeFile(conf, theirs, { mode: 0o640 })
  const host = await prepare(place, { files })
  t.match(host.steps.slice(-2), [
    { step: 'keyring', outcome: 'made' },
    { step: 'cephConf', outcome: 'changed' },
  ])
  const { key } = await cluster.auth.get(entity)
  t.equal(await readFile(keyring, 'utf8'), `[${entity}]\nkey = ${key}\n`)
  t.equal((await stat(keyring)).mode & 0o777, 0o600)
  t.equal(
    await readFile(conf, 'utf8'),
    `${theirs}\n[${entity}]\nkeyring = ${keyring}\nrbd cache = true\nrbd cache writethrough until flush = true\n` +
      'admin socket = /var/run/ceph/$cluster-$type.$id.$pid.$cctid.asok\nlog file = /var/log/guests/$pid.log\n',
  )
  t.equal((await stat(conf)).mode & 0o777, 0o640, 'the mode of a file that was there is kept')
  t.equal((await prepare(place, { files })).changed, false)

  await chmod(keyring, 0o644)
  t.match((await prepare(place, { files })).steps.at(-2), { step: 'keyring', outcome: 'changed' })
  t.equal((await stat(keyring)).mode & 0o777, 0o640, 'a key is not for all to read')
  const differs = await failure(prepare(place, { files: { ...files, rbdCache: false } }))
  t.match(differs.differences, [{ step: 'cephConf', name: conf, reason: /rbd cache = true, not false/ }])
  await writeFile(conf, '[global]\nfsid = 00000000-0000-4000-8000-000000000000\n')
  const other = await failure(prepare(place, { files, replace: true }))
  t.match(other.differences, [{ step: 'cephConf', reason: /of another cluster/, replaceable: false }])

  await rm(conf)
  await prepare(place, { files })
  t.match(
    await readFile(conf, 'utf8'),
    /^\[global\]\nfsid = [\da-f-]{36}\nmon host = v[12]:127\.0\.0\.1:\d+\n/,
  )
  // What is written is enough to connect by.
  const guest = await Cluster.connect({
    confFile: conf,
    id: user,
    options: { 'admin socket': '', 'log file': '' },
  })
  t.equal(await guest.fsid(), await cluster.fsid())
  await guest.close()
  await removeLibvirt(cluster, virt, { pool, user })
  t.same(await place.there(), [])
})
