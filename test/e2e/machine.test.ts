/** Machines of createMachine() boot from RBD; guests heed their agent and their power button. */

import { setTimeout as sleep } from 'node:timers/promises'
import { Image } from 'rbdkit'
import { Connection, type Domain } from 'rbdkit/libvirt'
import { removeMachine, stopMachine, verifyMachine } from 'rbdkit/provision'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { type RbdHost, rbdHost } from '../helpers/rbd-host.js'
import { Shell, shellDomain } from '../helpers/shell-guest.js'
import { until } from '../helpers/until.js'
import { MachinePlace } from '../libvirt/machine-fixture.js'

t.setTimeout(300_000)

t.test('a clone boots, and answers on its console', async (t) => {
  const machine = await MachinePlace.make(t)
  const { place, ioctx, name } = machine
  const { pool, cluster, virt } = place
  await machine.template()
  await machine.create({ disks: [{ pool, image: 'root', from: { image: 'template', snapshot: 'base' } }] })
  const domain = await virt.domainByName(name)
  const guest = await domain.openConsole()
  let heard = ''
  guest.on('data', (part: Buffer) => {
    heard += part.toString('latin1')
  })
  await until(async () => {
    guest.write('hello')
    await sleep(200)
    return heard.includes('HELLO')
  }, 90_000)
  t.match(heard, /HELLO/, 'what it has booted from is the clone')
  guest.destroy()
  const report = await verifyMachine(cluster, virt, name)
  t.match(report, { name, ok: false }, 'there is no agent in it')
  t.match(report.checks.slice(0, 3), [
    { check: 'cluster', ok: true, found: /^HEALTH_(?:OK|WARN)/ },
    { check: 'machine', ok: true, found: 'running' },
    { check: 'qemu vda', ok: true, found: `${pool}/root` },
  ])
  t.match(report.checks.slice(3), [{ check: 'agent', ok: false, found: /agent/i }])
  await using root = await Image.open(ioctx, 'root', { readOnly: true })
  t.equal((await root.listWatchers()).length, 1, 'and has it open')
  t.equal(await stopMachine(virt, name, { guestAgentMs: 0, acpiMs: 0 }), 'off')
  t.equal((await root.listWatchers()).length, 0)
  t.match((await verifyMachine(cluster, virt, name)).checks[1], {
    check: 'machine',
    ok: false,
    found: 'shutoff',
  })
  await root.close()
  await removeMachine(cluster, virt, name, { disks: true })
  t.same(await machine.there(), ['image template'])
})

/** A guest with a shell, as a machine. */
async function shellMachine(
  t: Test,
  disks: (virt: Connection) => Promise<string[]> = async () => [],
): Promise<{ virt: Connection; domain: Domain; shell: Shell }> {
  const virt = await Connection.open((await sharedHypervisor()).uri)
  const domain = await virt.createDomain(await shellDomain(randomName('vm'), await disks(virt)))
  t.teardown(async () => {
    await domain.destroy().catch(() => {})
    await virt.close()
  })
  return { virt, domain, shell: await Shell.open(domain) }
}

t.test('a guest that heeds its agent', async (t) => {
  let host: RbdHost | undefined
  const { virt, domain, shell } = await shellMachine(t, async (virt) => {
    host = await rbdHost(t, [virt])
    await Image.create(host.ioctx, 'data', { size: 2 ** 20 })
    return [host.disk('data', 'vda')]
  })
  await shell.run('printf "#!/bin/sh\\npoweroff -f\\n" > /sbin/shutdown && chmod +x /sbin/shutdown')
  await shell.run('/usr/sbin/qemu-ga -d -m virtio-serial -p /dev/vport0p1 -t /run -f /run/qemu-ga.pid')
  await until(() =>
    domain.qemuAgentCommand('guest-ping').then(
      () => true,
      () => sleep(100, false),
    ),
  )
  const { cluster, pool } = host as RbdHost
  t.match(await verifyMachine(cluster, virt, domain.name), {
    ok: true,
    checks: [
      { check: 'cluster' },
      { check: 'machine', found: 'running' },
      { check: 'qemu vda', found: `${pool}/data` },
      { check: 'agent', ok: true },
      { check: 'guest vda', ok: true, found: '/dev/vda' },
    ],
  })
  t.equal(await stopMachine(virt, domain.name), 'guest-agent')
})

t.test('a guest without an agent that heeds its power button', async (t) => {
  const { virt, domain, shell } = await shellMachine(t)
  await shell.run('mkdir -p /etc/acpi/PWRF && printf "#!/bin/sh\\npoweroff -f\\n" > /etc/acpi/PWRF/00000080')
  await shell.run('chmod +x /etc/acpi/PWRF/00000080 && acpid -l /dev/null -p /run/acpid.pid')
  t.equal(await stopMachine(virt, domain.name), 'acpi')
})
