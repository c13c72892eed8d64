/** A guest that goes on writing to two disks is cloned: its agent freezes it, and the clone has both of one moment. */

import { setTimeout as sleep } from 'node:timers/promises'
import { Image } from 'rbdkit'
import { xml } from 'rbdkit/libvirt'
import { cloneMachine, prepareLibvirt } from 'rbdkit/provision'
import t from 'tap'
import { randomName } from '../helpers/cluster.js'
import { Shell, shellDomain } from '../helpers/shell-guest.js'
import { until } from '../helpers/until.js'
import { Place } from '../libvirt/provision-fixture.js'

t.setTimeout(300_000)

t.test('a guest with an agent', async (t) => {
  const { cluster, virt, pool, user } = await Place.make(t)
  const host = await prepareLibvirt(cluster, virt, { pool, user, storagePool: false })
  await using ioctx = await cluster.openIoCtx(pool)
  const disk = (image: string, target: string) =>
    xml.rbdDisk({ pool, image, target, monitors: host.monitors, auth: host.auth, serial: target })
  const targets = ['vda', 'vdb']
  for (const target of targets) await Image.create(ioctx, `first-${target}`, { size: 16 * 2 ** 20 })
  const [name, other] = [randomName('vm'), randomName('vm')]
  const document = await shellDomain(
    name,
    targets.map((target) => disk(`first-${target}`, target)),
  )
  const first = await virt.createDomain(document)
  t.teardown(() => first.destroy().catch(() => {}))
  const shell = await Shell.open(first)
  await shell.run('/usr/sbin/qemu-ga -d -m virtio-serial -p /dev/vport0p1 -t /run -f /run/qemu-ga.pid')
  for (const target of targets)
    await shell.run(`mke2fs /dev/${target} && mkdir -p /${target} && mount -t ext4 /dev/${target} /${target}`)
  await until(() =>
    first.qemuAgentCommand('guest-ping').then(
      () => true,
      () => false,
    ),
  )
  // By another name first: the moment may come between the opening of a file and its writing.
  await shell.run(
    '(n=0; while [ ! -e /tmp/stop ]; do n=$((n + 1)); for d in vda vdb; do echo $n > /$d/t; mv /$d/t /$d/n; done; done) </dev/null >/dev/null 2>&1 & true',
  )
  await until(async () => Number(await shell.run('cat /vdb/n || echo 0')) > 5)
  await shell.run('echo not synced > /vda/x')
  const before = Number(await shell.run('cat /vdb/n'))

  const clone = await cloneMachine(cluster, virt, name, { name: other, start: true })
  t.equal(clone.consistency, 'frozen')
  const domain = await virt.domainByName(other)
  t.teardown(async () => {
    await domain.destroy().catch(() => {})
    await domain.undefine()
  })
  t.equal(await first.qemuAgentCommand('guest-fsfreeze-status'), 'thawed')
  await until(async () => {
    await sleep(100)
    const [at, later] = [await shell.run('cat /vdb/n'), await shell.run('sleep 1; cat /vdb/n')]
    return Number(later) > Number(at)
  })

  const cloned = await Shell.open(domain)
  for (const target of targets)
    await cloned.run(`mkdir -p /${target} && mount -t ext4 /dev/${target} /${target}`)
  t.equal(await cloned.run('cat /vda/x'), 'not synced', 'what the first had not written yet')
  const [a, b] = [Number(await cloned.run('cat /vda/n')), Number(await cloned.run('cat /vdb/n'))]
  t.ok(b >= before && (a === b || a === b + 1), `${a} and ${b} are of one moment, since ${before}`)
  await cloned.run('echo mine > /vda/x; sync')
  await shell.run('touch /tmp/stop; echo 3 > /proc/sys/vm/drop_caches')
  t.equal(await shell.run('cat /vda/x'), 'not synced', 'its disks are its own')
})
