/** The topics of a domain on a real QEMU: statistics, CPUs, threads, saved memory, an agent that does not answer. */

import { once } from 'node:events'
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Connection, type Domain, type DomainStats, xml } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'

const mib = 2 ** 20

const devices =
  "<controller type='scsi' model='virtio-scsi'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel><disk type='file' device='cdrom'><target dev='sda' bus='scsi'/></disk></devices>"

async function define(t: Test): Promise<{ connection: Connection; domain: Domain; document: string }> {
  const connection = await Connection.open((await sharedHypervisor()).uri)
  const document = xml
    .domain({ name: randomName('vm'), type: 'qemu', memoryMiB: 64, vcpus: 1, disks: [] })
    .replace('</devices>', devices)
  const domain = await connection.defineDomain(document, { validate: true })
  t.teardown(async () => {
    await domain.destroy().catch(() => {})
    await domain.undefine({ managedSave: true, snapshotsMetadata: true }).catch(() => {})
    await connection.close()
  })
  return { connection, domain, document }
}

t.test('started paused, suspended, resumed, reset', async (t) => {
  const { connection, domain, document } = await define(t)
  await t.rejects(
    connection.defineDomain(document.replace('</devices>', '<odd/></devices>'), { validate: true }),
    {
      code: 'VIR_ERR_XML_INVALID_SCHEMA',
    },
  )
  await domain.create({ paused: true })
  t.match(await domain.state(), { state: 'paused' })
  const bios = await domain.memory.peek(0xffff0, 16)
  t.match(bios.toString('latin1'), /\d\d\/\d\d\/\d\d/, 'the date that a BIOS has there')
  await domain.resume()
  t.match(await domain.state(), { state: 'running', reason: 'unpaused' })
  await domain.reset()
  await domain.suspend()
  t.strictSame(await domain.state(), { state: 'paused', reason: 'user' })
  t.match(await domain.qemuMonitorCommand('query-status'), { running: false })
  const file = openSync(fileURLToPath(import.meta.url), 'r')
  t.teardown(() => closeSync(file))
  const add = { execute: 'add-fd', arguments: { 'fdset-id': 77, opaque: 'ours' } }
  const added = await domain.qemuMonitorCommandWithFiles<{ 'fdset-id': number }>(add, [file])
  t.match(added, { reply: { 'fdset-id': 77 }, descriptors: [] })
  const sets = await domain.qemuMonitorCommand<{ 'fdset-id': number; fds: object[] }[]>('query-fdsets')
  t.match(sets.find((set) => set['fdset-id'] === 77)?.fds, [{ opaque: 'ours' }], 'QEMU has the file')
  await t.rejects(domain.qemuMonitorCommandWithFiles('query-status', [-1]), { code: 'ERR_OUT_OF_RANGE' })
  await domain.resume()
  // Occupied as long as libvirt is at what QEMU has told of the resumption.
  let control = await domain.controlInfo()
  for (let i = 0; i < 200 && control.state === 'occupied'; i++) {
    await sleep(50)
    control = await domain.controlInfo()
  }
  t.match(control, { state: 'ok' })
  t.type((await domain.messages())[0] ?? '', 'string')
  t.ok((await domain.securityLabels()).length > 0)
  await domain.input.sendKeys([30], { holdTimeMs: 1 })
  await domain.input.injectNmi()
})

t.test('statistics of a guest that runs', async (t) => {
  const { connection, domain } = await define(t)
  await domain.create()
  await domain.ioThreads.add(1, { live: true })
  await domain.ioThreads.setParameters(1, { pollMaxNs: 4321 }, { live: true })
  const own = (all: DomainStats[]) => all.find((one) => one.domain.uuid === domain.uuid)
  const stats = own(await connection.domainStats())
  t.match(stats, {
    state: { state: 'running', reason: 'booted' },
    cpu: { time: Number, user: Number, system: Number },
    balloon: { current: 64 * mib, maximum: 64 * mib },
    vcpu: { current: 1, maximum: 1, vcpus: [{ number: 0, state: 'running', time: Number }] },
    interfaces: [],
    blocks: [{ name: 'sda', rdReqs: Number, wrBytes: Number }],
    ioThreads: [{ id: 1, pollMaxNs: 4321 }],
  })
  t.ok(Number(stats?.balloon?.rss) > 2 ** 20)
  const few = own(await connection.domainStats(['cpu'], { running: true }))
  t.match(few, { cpu: { time: Number } })
  t.equal(few?.balloon, undefined)
  t.ok(Number(few?.cpu?.time) >= Number(stats?.cpu?.time))
  t.strictSame(
    (await connection.domainStats(['block', 'iothread'], [domain])).map(({ domain: { name } }) => name),
    [domain.name],
  )
  t.match(await domain.statistics.all(['balloon']), { balloon: { current: 64 * mib } })
  t.match(await domain.statistics.memory(), { 'actual-balloon': 64 * mib })
  t.match(await domain.statistics.blockCounters('sda'), { rd_bytes: 0, rd_total_times: 0 })
  t.match(await domain.statistics.block('sda'), { rdBytes: 0, wrReq: 0 })
  t.strictSame(await domain.statistics.diskErrors(), [])
  await domain.statistics.setMemoryPeriod(3, { live: true })
  t.match(await domain.xml(), /<stats period='3'\/>/)

  await domain.memory.startDirtyRate(1)
  const end = performance.now() + 15_000
  let told: unknown
  do {
    await sleep(200)
    told = own(await connection.domainStats(['dirtyrate']))?.other?.dirtyrate
  } while ((told as { calc_status?: number })?.calc_status !== 2 && performance.now() < end)
  t.match(told, { calc_status: 2, calc_period: 1, megabytes_per_second: Number })
})

t.test('CPUs and threads', async (t) => {
  const { domain } = await define(t)
  const { cpus, ioThreads, tuning } = domain
  await cpus.setCount(4, { config: true, maximum: true })
  await cpus.setCount(2, { config: true })
  t.equal(await cpus.count({ config: true }), 2)
  await tuning.setScheduler({ cpuShares: 2048 }, { config: true })
  t.equal((await tuning.scheduler({ config: true })).cpuShares, 2048)
  t.equal(await tuning.schedulerType(), 'posix')
  await tuning.setLifecycleAction('reboot', 'destroy', { config: true })
  t.match(await domain.xml({ inactive: true }), /<on_reboot>destroy</)
  await tuning.setNuma({ numaMode: 0, numaNodeset: '0' }, { config: true })
  t.match(await domain.xml({ inactive: true }), /<memory mode='strict' nodeset='0'/)
  await cpus.pin(1, [1], { config: true })
  t.strictSame((await cpus.pinning({ config: true }))[1], [1])
  await ioThreads.add(3, { config: true })
  t.strictSame(
    (await ioThreads.list({ config: true })).map(({ id }) => id),
    [3],
  )
  await ioThreads.delete(3, { config: true })
  t.strictSame(await ioThreads.list({ config: true }), [])
})

t.test('memory that libvirt keeps', async (t) => {
  const { domain } = await define(t)
  const { saved } = domain
  await t.rejects(saved.save(), { code: 'VIR_ERR_OPERATION_INVALID', object: domain.name })
  await domain.create()
  await saved.save({ paused: true })
  t.equal(await saved.exists(), true)
  t.strictSame(await domain.state(), { state: 'shutoff', reason: 'saved' })
  const document = await saved.xml()
  await saved.define(document.replace('<devices>', '<title>saved</title><devices>'))
  t.match(await saved.xml(), /<title>saved</)
  await domain.create()
  t.match(await domain.state(), { state: 'paused' })
  t.equal(await saved.exists(), false)
  t.match(await domain.xml(), /<title>saved</)
})

t.test('devices by their alias, and a medium', async (t) => {
  const { domain } = await define(t)
  await domain.create()
  const medium = join(tmpdir(), randomName('rbdkit-medium'))
  writeFileSync(medium, Buffer.alloc(2048))
  t.teardown(() => rmSync(medium))
  const cdrom = (source: string) =>
    `<disk type='file' device='cdrom'>${source}<target dev='sda' bus='scsi'/></disk>`
  await domain.updateDevice(cdrom(`<source file='${medium}'/>`), { live: true, force: true })
  t.match(await domain.xml(), new RegExp(medium))
  await domain.updateDevice(cdrom(''), { live: true, force: true })
  t.notMatch(await domain.xml(), new RegExp(medium))
  await t.rejects(domain.detachDeviceAlias('nothing', { live: true }), {
    code: /^VIR_ERR_(DEVICE_MISSING|INTERNAL_ERROR)$/,
    syscall: 'virDomainDetachDeviceAlias',
    object: domain.name,
  })
  await domain.detachDeviceAlias('channel0', { live: true })
})

t.test('a screen, the bytes of a disk, the command of QEMU', async (t) => {
  const { connection, domain, document } = await define(t)
  const file = join(tmpdir(), randomName('rbdkit-disk'))
  writeFileSync(file, Buffer.alloc(mib, 'abcd'))
  t.teardown(() => {
    for (const path of [file, `${file}.vnc`]) rmSync(path, { force: true })
  })
  const disk = `<graphics type='vnc' socket='${file}.vnc'/><disk type='file' device='disk'><driver type='raw'/><source file='${file}'/><target dev='vda' bus='virtio'/></disk></devices>`
  await connection.defineDomain((await domain.xml({ inactive: true })).replace('</devices>', disk))
  t.match(
    await connection.nativeConfig.fromXml('qemu-argv', document.replace('type="qemu"', "type='qemu'")),
    /qemu-system-x86_64/,
  )
  await t.rejects(connection.nativeConfig.toXml('xen-xl', 'name = "x"'), { name: 'LibvirtError' })
  await domain.create({ paused: true })
  t.equal((await domain.blockPeek('vda', 4096, 8)).toString(), 'abcdabcd')
  await domain.blockResize('vda', 2 * mib)
  t.match(await domain.statistics.blockInfo('vda'), { capacity: 2 * mib })
  await t.rejects(domain.blockResize('vdz', mib), { name: 'LibvirtError', object: domain.name })
  const socket = new Socket({ fd: await domain.graphics.open(0, { skipAuth: true }) })
  const [hello] = (await once(socket, 'data')) as [Buffer]
  t.match(hello.toString(), /^RFB 003/)
  socket.destroy()
})

t.test('an agent that is not there', async (t) => {
  const { domain } = await define(t)
  const { guest } = domain
  await t.rejects(guest.fsFreeze(), { code: 'VIR_ERR_OPERATION_INVALID' })
  await domain.create()
  await guest.setResponseTimeout(1)
  for (const [call, syscall] of [
    [() => domain.qemuAgentCommand('guest-ping', { timeoutMs: 1000 }), 'virDomainQemuAgentCommand'],
    [() => guest.fsInfo(), 'virDomainGetFSInfo'],
    [() => guest.fsFreeze(), 'virDomainFSFreeze'],
    [() => guest.fsThaw(), 'virDomainFSThaw'],
    [() => guest.fsTrim({ minimum: 4096 }), 'virDomainFSTrim'],
    [() => guest.info({ os: true }), 'virDomainGetGuestInfo'],
    [() => guest.users(), 'virDomainGetGuestInfo'],
    [() => guest.hostname({ source: 'agent' }), 'virDomainGetHostname'],
    [() => guest.time(), 'virDomainGetTime'],
    [() => guest.setTime(new Date()), 'virDomainSetTime'],
    [() => guest.interfaceAddresses({ source: 'agent' }), 'virDomainInterfaceAddresses'],
    [() => guest.authorizedSshKeys('root'), 'virDomainAuthorizedSSHKeysGet'],
    [() => guest.setAuthorizedSshKeys('root', ['ssh-ed25519 AAAA me']), 'virDomainAuthorizedSSHKeysSet'],
    [() => guest.setUserPassword('root', 'secret'), 'virDomainSetUserPassword'],
    [() => guest.vcpus(), 'virDomainGetGuestVcpus'],
    [() => guest.setVcpus([0], true), 'virDomainSetGuestVcpus'],
    [() => domain.pmSuspend('mem'), 'virDomainPMSuspendForDuration'],
    [() => domain.shutdown({ by: 'guest-agent' }), 'virDomainShutdownFlags'],
  ] as [call: () => Promise<unknown>, syscall: string][]) {
    await t.rejects(call(), { name: 'LibvirtError', syscall, object: domain.name })
  }
  t.strictSame(await guest.interfaceAddresses({ source: 'lease' }), [])
})
