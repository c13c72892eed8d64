/** A user's key is changed under a guest that goes on writing; what starts then has the new key. */

import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Image } from 'rbdkit'
import { type Connection, LibvirtError, xml } from 'rbdkit/libvirt'
import {
  type PreparedLibvirt,
  type ProvisionError,
  prepareLibvirt,
  removeLibvirt,
  rotateLibvirtKey,
} from 'rbdkit/provision'
import t, { type Test } from 'tap'
import { randomName, sharedCluster } from '../helpers/cluster.js'
import { Shell, shellDomain } from '../helpers/shell-guest.js'
import { Place } from '../libvirt/provision-fixture.js'

t.setTimeout(240_000)

const size = 16 * 2 ** 20

const diskOf = (host: PreparedLibvirt, image: string): string =>
  xml.rbdDisk({ pool: host.pool, image, monitors: host.monitors, auth: host.auth, target: 'vda' })

/** Starts and ends a domain with the disk: QEMU opens it by the secret's key. */
async function starts(virt: Connection, disk: string): Promise<true | string> {
  const name = randomName('vm')
  const document = xml.domain({ name, type: 'qemu', memoryMiB: 32, vcpus: 1, disks: [disk] })
  try {
    const domain = await virt.createDomain(document)
    await domain.destroy()
    return true
  } catch (error) {
    if (error instanceof LibvirtError) return error.message
    throw error
  }
}

async function prepared(t: Test): Promise<{ place: Place; host: PreparedLibvirt }> {
  const place = await Place.make(t)
  const { cluster, virt, pool, user } = place
  const host = await prepareLibvirt(cluster, virt, { pool, user, storagePool: false })
  await using ioctx = await cluster.openIoCtx(pool)
  for (const name of ['writing', 'later']) await Image.create(ioctx, name, { size })
  return { place, host }
}

t.test('a guest goes on writing, and new ones start', async (t) => {
  const { place, host } = await prepared(t)
  const { cluster, virt, pool, user, entity, directory } = place
  const { confFile } = await sharedCluster()
  const old = await cluster.auth.get(entity)
  const domain = await virt.createDomain(await shellDomain(randomName('vm'), [diskOf(host, 'writing')]))
  t.teardown(() => domain.destroy().catch(() => {}))
  const shell = await Shell.open(domain)
  await shell.run(
    '(n=0; while [ ! -e /tmp/stop ]; do n=$((n + 1)); echo "$n " | dd of=/dev/vda bs=4096 seek=$((n % 4000)) conv=notrunc,fsync 2>/dev/null || touch /tmp/failed; echo $n > /tmp/n; done; touch /tmp/stopped) </dev/null >/dev/null 2>&1 & true',
  )
  const count = async (): Promise<number> =>
    Number((await shell.run('cat /tmp/n 2>/dev/null || echo 0')) || 0)
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    while (!(await condition())) await sleep(100)
  }
  await until(async () => (await count()) > 5)

  const steps = await rotateLibvirtKey(cluster, virt, { pool, user, files: { directory } })
  t.match(steps, [{ step: 'key' }, { step: /^secret of / }, { step: 'keyring' }])
  const fresh = await cluster.auth.get(entity)
  t.not(fresh.key, old.key)
  t.same({ ...fresh, key: '' }, { ...old, key: '' }, 'of the same kind, with the same capabilities')
  t.equal((await (await place.secret())?.getValue())?.toString('base64'), fresh.key)
  t.notMatch(JSON.stringify(steps), fresh.key)
  await t.rejects(
    Cluster.connect({ confFile, id: user, key: old.key }),
    { code: /EACCES|EPERM|EIO/ },
    'the old key is refused',
  )

  const at = await count()
  await until(async () => (await count()) > at + 20)
  t.equal(await starts(virt, diskOf(host, 'later')), true, 'a guest that starts now has the new key')
  await shell.run('touch /tmp/stop; until [ -e /tmp/stopped ]; do usleep 100000; done; [ ! -e /tmp/failed ]')
  const last = await count()
  t.ok(last > at + 20, `it wrote ${at} times before and ${last - at} after`)
  await using ioctx = await cluster.openIoCtx(pool)
  await using image = await Image.open(ioctx, 'writing', { readOnly: true })
  const { buffer } = await image.read({ position: (last % 4000) * 4096, length: 16 })
  t.equal(buffer.toString('latin1').split(' ')[0], String(last), 'what it wrote last is in Ceph')
  t.same(
    await place.there(),
    ['pool', 'user', 'secret', 'keyring'],
    'the user that the key was made by is gone',
  )
  t.equal((await prepareLibvirt(cluster, virt, { pool, user, storagePool: false })).changed, false)
})

t.test('a failure puts the old key back; an abort too', async (t) => {
  const { place, host } = await prepared(t)
  const { cluster, virt, pool, user, entity } = place
  const before = await place.state()
  const fail = (step: RegExp, what: () => void) =>
    rotateLibvirtKey(cluster, virt, {
      pool,
      user,
      onProgress: (one) => {
        if (step.test(one.step)) what()
      },
    }).catch((error: ProvisionError) => error)
  for (const step of [/^key$/, /^secret/]) {
    const error = await fail(step, () => {
      throw new Error('no')
    })
    t.match(error, { code: 'ERR_RBDKIT_STEP_FAILED', left: [] })
    t.equal(await place.state(), before)
  }
  const controller = new AbortController()
  const aborted = await rotateLibvirtKey(cluster, virt, {
    pool,
    user,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  }).catch((error: ProvisionError) => error)
  t.match(aborted, { code: 'ABORT_ERR', undone: ['key'] })
  t.equal(await place.state(), before)
  t.equal(await starts(virt, diskOf(host, 'later')), true)

  await (await place.secret())?.undefine()
  const { key } = await cluster.auth.get(entity)
  const missing = await rotateLibvirtKey(cluster, [virt], { pool, user }).catch(
    (error: ProvisionError) => error,
  )
  t.match(missing, {
    code: 'ERR_RBDKIT_DIFFERS',
    differences: [{ step: 'secret', reason: 'it is not there' }],
  })
  t.equal((await cluster.auth.get(entity)).key, key)
  await t.rejects(rotateLibvirtKey(cluster, virt, { pool, user: randomName('nobody') }), { code: 'ENOENT' })
  await t.rejects(rotateLibvirtKey(cluster, [], { pool, user }), { code: 'ERR_INVALID_ARG_TYPE' })
  await removeLibvirt(cluster, virt, { pool, user, removeImages: true })
})
