/** A diagnosis finds each fault that is made, on a real Ceph of its own and a real libvirtd, and not before it is made. */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Cluster, Image } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import { Connection, xml } from 'rbdkit/libvirt'
import { type DiagnoseOptions, diagnose, type FindingCode, prepareLibvirt } from 'rbdkit/provision'
import t from 'tap'
import { plainNode } from '../helpers/child.js'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { root } from '../helpers/package.js'
import { rbdPoolsStart } from '../helpers/releases.js'
import { until } from '../helpers/until.js'

t.setTimeout(300_000)

const local = await LocalCluster.start({ objectstore: 'memstore' })
t.teardown(() => local.close())
const { confFile } = local
// The last test leaves calls that no OSD answers: without a limit the cluster could not be closed.
const cluster = await Cluster.connect({ confFile, operationTimeoutMs: 20_000 })
t.teardown(() => cluster.close())
const { uri } = await sharedHypervisor()
const virt = await Connection.open(uri)
t.teardown(() => virt.close())

const pool = randomName('vms')
const user = randomName('guests')
const entity = `client.${user}`
const host = await prepareLibvirt(cluster, virt, { pool, user, storagePool: false })
const secret = await virt.secretByUuid(host.secret.uuid)
t.teardown(() => secret.undefine())
const ioctx = await cluster.openIoCtx(pool)
t.teardown(() => ioctx.close())
await Image.create(ioctx, 'disk', { size: 2 ** 20 })
const mine: DiagnoseOptions = { pools: [pool], user }

async function findings(code: FindingCode, object: RegExp | string, options = mine) {
  const all = (await diagnose(cluster, virt, options)).findings
  return all.filter(
    (one) =>
      one.code === code && (typeof object === 'string' ? one.object === object : object.test(one.object)),
  )
}

t.test('a healthy host has no error', async (t) => {
  const { findings, checked, versions } = await diagnose(cluster, virt, mine)
  t.same(
    findings.filter(
      ({ severity, object }) => severity === 'error' && (object === entity || object.includes(pool)),
    ),
    [],
  )
  t.same(
    findings.filter(({ code }) => code === 'NOT_CHECKED'),
    [],
    'all could be checked',
  )
  t.equal(
    findings.some(({ code }) => code === 'RBD_POOLS_UNSUPPORTED'),
    !rbdPoolsStart,
  )
  t.equal(checked.length, 16)
  t.match(versions, {
    librados: /^\d/,
    librbd: /^\d/,
    libvirt: /^\d/,
    libvirtd: /^\d+\.\d/,
    hypervisor: /^\d/,
  })
  t.match(Object.keys(versions.daemons ?? {}).sort(), [/^mgr \d+\./, /^mon \d+\./, /^osd \d+\./])
  const { checked: fewer } = await diagnose(cluster, undefined)
  t.notOk(fewer.includes('secrets'))
  t.ok(fewer.includes('health'))
})

t.test('secrets', async (t) => {
  const about = new RegExp(`^${secret.uuid} `)
  for (const code of ['SECRET_EMPTY', 'SECRET_WRONG_KEY', 'SECRET_PRIVATE'] as const)
    t.same(await findings(code, about), [])
  const { key } = await cluster.auth.get(entity)
  const other = (await cluster.auth.getOrCreate(`client.${randomName('other')}`, { mon: 'allow r' })).key
  await secret.setValue({ base64: other })
  const wrong = await findings('SECRET_WRONG_KEY', about)
  t.match(wrong, [
    { severity: 'error', remedy: new RegExp(`secret-set-value ${secret.uuid} .*get-key ${entity}`) },
  ])
  const { findings: all } = await diagnose(cluster, virt, mine)
  for (const one of [key, other]) t.notOk(JSON.stringify(all).includes(one), 'no key is told')
  await secret.setValue({ base64: key })
  t.same(await findings('SECRET_WRONG_KEY', about), [])

  const name = `client.${randomName('none')} secret`
  const empty = await virt.defineSecret(xml.secret({ usage: { type: 'ceph', name } }))
  t.match(await findings('SECRET_EMPTY', new RegExp(empty.uuid)), [
    { severity: 'error', remedy: /secret-set-value/ },
  ])
  await empty.undefine()
  const hidden = await virt.defineSecret(xml.secret({ usage: { type: 'ceph', name }, private: true }))
  t.match(await findings('SECRET_PRIVATE', new RegExp(hidden.uuid)), [{ severity: 'info' }])
  await hidden.undefine()
})

t.test('what the documents of domains name', async (t) => {
  const uuid = '6f1c0f3e-0d3e-4b1e-9d5c-3d5d1f3c9a11'
  const gone = randomName('gone')
  t.same(await findings('SECRET_MISSING', uuid), [])
  const disk = xml.rbdDisk({
    pool: gone,
    image: 'disk',
    monitors: host.monitors,
    auth: { username: gone, secret: { uuid } },
    target: 'vda',
  })
  const name = randomName('vm')
  const vm = await virt.defineDomain(
    xml.domain({ name, type: 'qemu', memoryMiB: 32, vcpus: 1, disks: [disk] }),
  )
  t.teardown(() => vm.undefine())
  const missing = await findings('SECRET_MISSING', uuid)
  t.match(missing, [{ severity: 'error', message: new RegExp(name), remedy: /rbdkit host prepare/ }])
  t.match(await findings('POOL_MISSING', gone), [{ severity: 'error', message: new RegExp(name) }])
  t.match(await findings('USER_MISSING', `client.${gone}`), [{ severity: 'error', remedy: /host prepare/ }])
})

t.test('storage pools', async (t) => {
  const name = randomName('store')
  const { auth } = host
  const define = (monitors: { host: string; port: number }[]) =>
    virt.defineStoragePool(xml.storagePool({ type: 'rbd', name, pool, monitors, auth }))
  const made = await define([...host.monitors])
  t.match(await findings('STORAGE_POOL_INACTIVE', name), [{ remedy: `virsh pool-start ${name}` }])
  t.same(await findings('STORAGE_POOL_MONITORS', name), [])
  if (rbdPoolsStart) {
    await made.create()
    t.same(await findings('STORAGE_POOL_INACTIVE', name), [], 'it is started')
    await made.destroy()
  }
  await made.undefine()
  const other = await define([...host.monitors, { host: '127.0.0.1', port: 9 }])
  t.match(await findings('STORAGE_POOL_MONITORS', name), [
    { severity: 'warning', message: /127\.0\.0\.1:9\.$/ },
  ])
  await other.undefine()
  const none = await define([{ host: '127.0.0.1', port: 9 }])
  t.match(await findings('STORAGE_POOL_MONITORS', name), [
    { severity: 'error', remedy: /host prepare .*--replace/ },
  ])
  await none.undefine()

  // What the check of libvirtd makes for a moment may be there while another check looks.
  const probe = `rbdkit-probe-${randomName('p')}`
  const gone = randomName('gone')
  const monitors = [{ host: '127.0.0.1', port: 9 }]
  const passing = await virt.defineStoragePool(
    xml.storagePool({ type: 'rbd', name: probe, pool: gone, monitors }),
  )
  const { findings: all } = await diagnose(cluster, virt, mine)
  t.same(
    all.filter(({ object }) => object === probe || object === gone),
    [],
    'and is no fault',
  )
  await passing.undefine()
})

t.test('capabilities of the user', async (t) => {
  const right = (await cluster.auth.get(entity)).caps
  t.same(await findings('CAPS_INSUFFICIENT', entity), [])
  await cluster.auth.setCaps(entity, { mon: 'allow r', osd: `allow rwx pool=${pool}` })
  t.match(await findings('CAPS_NO_BLOCKLIST', entity), [
    { severity: 'warning', remedy: /auth caps .*profile rbd/ },
  ])
  await cluster.auth.setCaps(entity, { mon: 'profile rbd', osd: 'profile rbd pool=other' })
  t.match(await findings('CAPS_INSUFFICIENT', entity), [
    { severity: 'error', remedy: new RegExp(`pool=${pool}`) },
  ])
  await cluster.auth.setCaps(entity, right)
  t.same(await findings('CAPS_INSUFFICIENT', entity), [])
  const nobody = randomName('nobody')
  const options = { pools: [pool], user: nobody }
  t.match(await findings('USER_MISSING', `client.${nobody}`, options), [{ severity: 'error' }])
})

t.test('pools', async (t) => {
  const bare = randomName('bare')
  t.match(await findings('POOL_MISSING', bare, { pools: [bare] }), [
    { severity: 'error', remedy: /pool create/ },
  ])
  await cluster.pools.create(bare)
  const options = { pools: [bare] }
  t.match(await findings('POOL_NO_APPLICATION', bare, options), [{ remedy: /application enable .* rbd/ }])
  t.match(
    await findings('POOL_NO_APPLICATION', bare, {}),
    [{ severity: 'warning' }],
    'also when none is named',
  )
  t.same(await findings('POOL_SNAPSHOT_MODE', bare, options), [])
  await using inside = await cluster.openIoCtx(bare)
  await inside.applications.enable('rbd')
  t.same(await findings('POOL_NO_APPLICATION', bare, options), [])
  await inside.snapshots.create('one')
  t.match(await findings('POOL_SNAPSHOT_MODE', bare, options), [{ severity: 'error', remedy: /new pool/ }])
  await cluster.pools.delete(bare)

  t.same(await findings('POOL_QUOTA', pool), [])
  const quota = (val: string) =>
    cluster.monitorCommand(
      { prefix: 'osd pool set-quota', pool, field: 'max_objects', val },
      { format: 'text' },
    )
  await quota('2') // the image alone has more objects
  await until(async () => (await findings('POOL_QUOTA', pool)).length === 1)
  t.match(await findings('POOL_QUOTA', pool), [{ severity: 'error', remedy: /set-quota/ }])
  await quota('0')
  t.same(await findings('POOL_QUOTA', pool), [])
  await until(
    async () => !(await diagnose(cluster, undefined, mine)).findings.some(({ code }) => code === 'FULL'),
  )
})

t.test("the cluster's health, and the blocklist", async (t) => {
  t.same(await findings('CLUSTER_HEALTH', 'OSDMAP_FLAGS'), [])
  const flag = (prefix: string) => cluster.monitorCommand({ prefix, key: 'noout' }, { format: 'text' })
  await flag('osd set')
  await until(async () => (await findings('CLUSTER_HEALTH', 'OSDMAP_FLAGS')).length === 1)
  await flag('osd unset')
  const entry = '127.0.0.1:0/4321'
  t.same(await findings('BLOCKLISTED', entry), [])
  await cluster.blocklistAdd(entry)
  t.match(await findings('BLOCKLISTED', entry), [{ severity: 'info', remedy: /osd blocklist rm / }])
})

t.test('locks of the dead', async (t) => {
  const label = `${pool}/disk`
  const client = await Cluster.connect({ confFile })
  const there = await client.openIoCtx(pool)
  const image = await Image.open(there, 'disk')
  await image.locks.add('mine')
  t.same(await findings('DEAD_LOCKER', label), [], 'its owner is alive')
  await image.close()
  await there.close()
  const locker = `client.${await client.clientId()}`
  await client.close()
  const dead = await findings('DEAD_LOCKER', label)
  t.match(dead, [{ severity: 'warning', remedy: new RegExp(`rbdkit lock rm ${label} 'mine' ${locker}$`) }])
  t.match(await findings('IMAGES_LEFT_OUT', pool, { ...mine, imagesPerPool: 0 }), [{ severity: 'info' }])
  t.same(await findings('DEAD_LOCKER', label, { ...mine, imagesPerPool: 0 }), [])
  const again = await Image.open(ioctx, 'disk')
  await again.locks.remove('mine', { client: locker })
  await again.close()
  t.same(await findings('DEAD_LOCKER', label), [])
})

t.test('who may not look is told so, and the rest goes on', async (t) => {
  const { key } = await cluster.auth.get(entity)
  await using guest = await Cluster.connect({ confFile, id: user, key })
  const { findings, checked } = await diagnose(guest, virt, mine)
  const failed = findings.filter(({ code }) => code === 'NOT_CHECKED')
  t.match(
    failed.find(({ object }) => object === 'secrets'),
    { severity: 'warning', remedy: /client\.admin/ },
  )
  t.ok(checked.includes('locks of images') && checked.includes('pools'), 'what it may do is done')
})

t.test('ends that are not there', async (t) => {
  const { findings } = await diagnose(
    Cluster.connect({ monHost: '127.0.0.1:9', connectTimeoutMs: 2000 }),
    Connection.open('qemu+unix:///system?socket=/nonexistent/libvirt-sock'),
    { timeoutMs: 10_000 },
  )
  t.match(
    findings.map(({ code, severity, remedy }) => [code, severity, remedy]),
    [
      ['CLUSTER_UNREACHABLE', 'error', /mon host/],
      ['LIBVIRT_UNREACHABLE', 'error', /systemctl/],
    ],
  )
  const reason = new Error('enough')
  await t.rejects(diagnose(cluster, virt, { signal: AbortSignal.abort(reason) }), reason)
})

t.test('the command', async (t) => {
  const doctor = async (...args: string[]) => {
    const env = { ...process.env, CEPH_CONF: confFile, LIBVIRT_DEFAULT_URI: uri }
    const [file, rest] = plainNode([join(root, 'dist', 'cli', 'main.js'), 'doctor', ...args])
    return promisify(execFile)(file, rest, { env }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    )
  }
  t.match(await doctor(pool), { code: 0, stdout: /^0 errors, \d+ warnings?, \d+ notes?\n$/m })
  const nobody = randomName('nobody')
  const found = await doctor(pool, '--libvirt', '--guest-user', nobody)
  t.match(found, {
    code: 1,
    stdout: new RegExp(`^ERROR USER_MISSING client\\.${nobody}\n {2}There is no user`, 'm'),
  })
  const { stdout } = await doctor(pool, '--libvirt', uri, '--guest-user', nobody, '--json')
  t.match(JSON.parse(stdout), {
    findings: [{ severity: 'error' }],
    checked: /secrets/,
    versions: { libvirtd: /\d/ },
  })
})

// The last, for it leaves the cluster without data.
t.test('an OSD that is down, and what is not answered', async (t) => {
  t.same(await findings('OSD_DOWN', 'osd.0'), [])
  await local.osds[0]?.kill()
  await cluster.monitorCommand({ prefix: 'osd down', ids: ['0'] }, { format: 'text' })
  const found = await diagnose(cluster, virt, { ...mine, timeoutMs: 4000 })
  t.match(
    found.findings.find(({ code }) => code === 'OSD_DOWN'),
    { object: 'osd.0', severity: 'warning', remedy: 'systemctl start ceph-osd@0' },
  )
  t.match(
    found.findings.find(({ code, object }) => code === 'NOT_CHECKED' && object === 'locks of images'),
    { message: /not answered within 4 s/ },
  )
  t.ok(found.checked.includes('secrets'), 'the others went on')
})
