/** What a guest itself says of its disks on RBD: plugged and unplugged, resized, encrypted, moved there, frozen. */

import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Image, namespaceCreate } from 'rbdkit'
import { Connection, type Domain, xml } from 'rbdkit/libvirt'
import { cloudInitDisk } from 'rbdkit/provision'
import t from 'tap'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { type RbdHost, rbdHost } from '../helpers/rbd-host.js'
import { libvirtHas } from '../helpers/releases.js'
import { Shell, shellDomain } from '../helpers/shell-guest.js'

const mib = 2 ** 20
const size = 16 * mib

t.setTimeout(220_000)

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

interface Setting {
  connection: Connection
  domain: Domain
  shell: Shell
  host: RbdHost
  directory: string
}
let setting: Setting

/** The whole of an image, as Ceph has it. */
async function contents(image: string, length = size): Promise<Buffer> {
  await using opened = await Image.open(setting.host.ioctx, image, { readOnly: true })
  return (await opened.read({ length, position: 0 })).buffer
}

/** Waits until the guest's own command succeeds. */
async function guestSees(command: string): Promise<void> {
  await setting.shell.run(
    `n=0; until ${command}; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; usleep 100000; done`,
  )
}

/** The guest's device of a serial, once it has it: it calls it by the next name that is free. */
async function deviceOf(serial: string): Promise<string> {
  await guestSees(`grep -qx ${serial} /sys/block/*/serial`)
  const path = await setting.shell.run(`grep -lx ${serial} /sys/block/*/serial`)
  return `/dev/${path.split('/')[3]}`
}

const passphrase = Buffer.from('correct horse')

/** Makes an image that librbd encrypts, with some content; gives the uuid of the secret that opens it. */
async function encryptedImage(connection: Connection, host: RbdHost, name: string): Promise<string> {
  await Image.create(host.ioctx, name, { size: size + 4 * mib })
  await using image = await Image.open(host.ioctx, name)
  await image.encryption.format({ format: 'luks1', passphrase })
  await image.write(Buffer.from('through librbd'), { position: mib })
  await image.flush()
  const uuid = randomUUID()
  const secret = await connection.defineSecret(
    `<secret ephemeral='no' private='yes'><uuid>${uuid}</uuid></secret>`,
  )
  t.teardown(() => secret.undefine())
  await secret.setValue(passphrase)
  return uuid
}

t.before(async () => {
  const connection = await Connection.open((await sharedHypervisor()).uri)
  t.teardown(() => connection.close())
  const directory = t.testdir({})
  const host = await rbdHost(t, [connection])
  const file = join(directory, 'a.raw')
  const handle = openSync(file, 'w')
  ftruncateSync(handle, size)
  closeSync(handle)
  const secrets = [await encryptedImage(connection, host, 'luks')]
  const disks = [
    xml.fileDisk({ path: file, target: 'vda' }),
    host.disk('luks', 'vdb', { encryption: { format: 'luks', engine: 'librbd', secrets } }),
  ]
  const domain = await connection.createDomain(await shellDomain(randomName('vm'), disks))
  t.teardown(() => domain.destroy())
  setting = { connection, domain, directory, host, shell: await Shell.open(domain) }
})

t.test('a disk is plugged in, resized, and let go', async (t) => {
  const { domain, shell, host } = setting
  await Image.create(host.ioctx, 'plugged', { size })
  await using image = await Image.open(host.ioctx, 'plugged')
  const written = randomBytes(mib)
  await image.write(written, { position: 3 * mib })
  await image.flush()
  await domain.attachDevice(host.disk('plugged', 'vdc', { serial: 'by-rbdkit' }))
  await guestSees('[ -b /dev/vdc ]')
  t.equal(await shell.run('cat /sys/block/vdc/serial'), 'by-rbdkit')
  t.equal(await shell.run('blockdev --getsize64 /dev/vdc'), String(size))
  const [seen] = (await shell.run('dd if=/dev/vdc bs=1M skip=3 count=1 2>/dev/null | sha256sum')).split(' ')
  t.equal(seen, sha256(written), 'the guest reads what was written through librbd')
  await shell.run('printf answer | dd of=/dev/vdc bs=1M seek=5 conv=notrunc,fsync')
  t.equal((await contents('plugged')).subarray(5 * mib, 5 * mib + 6).toString(), 'answer')

  await image.resize(2 * size)
  await domain.blockResize('vdc', 2 * size)
  await guestSees(`[ $(blockdev --getsize64 /dev/vdc) = ${2 * size} ]`)
  t.equal(await shell.run('blockdev --getsize64 /dev/vdc'), String(2 * size), 'the guest sees its new size')

  await domain.detachDisk('vdc', { timeoutMs: 30_000 })
  await shell.run('[ ! -e /dev/vdc ]')
  t.pass('and it is gone')
})

t.test('a guest mounts the disk that cloud-init looks for', async (t) => {
  const { domain, shell, host } = setting
  const disk = cloudInitDisk({ hostname: 'web1', commands: ['true'], network: { version: 2 } })
  await Image.create(host.ioctx, 'seed', { size: disk.length })
  await using image = await Image.open(host.ioctx, 'seed')
  await image.write(disk, { position: 0 })
  await image.flush()
  await domain.attachDevice(host.disk('seed', 'vdc', { readonly: true }))
  await guestSees('[ -b /dev/vdc ]')
  await shell.run('mount -t iso9660 -o ro /dev/vdc /mnt')
  t.equal(await shell.run('ls -1 /mnt'), 'meta-data\nnetwork-config\nuser-data', 'by their long names')
  t.match(JSON.parse(await shell.run('cat /mnt/meta-data')), { 'local-hostname': 'web1' })
  const userData = await shell.run('cat /mnt/user-data')
  t.match(userData, /^#cloud-config\n/)
  t.match(JSON.parse(userData.slice(userData.indexOf('\n'))), { hostname: 'web1', runcmd: ['true'] })
  await shell.run('umount /mnt')
  await domain.detachDisk('vdc', { timeoutMs: 30_000 })
})

t.test("a running guest's disk moves from a file to RBD", async (t) => {
  const { domain, shell, host } = setting
  await Image.create(host.ioctx, 'moved', { size })
  await shell.run(
    '(n=0; while [ ! -e /tmp/stop ]; do n=$((n + 1)); echo "$n " | dd of=/dev/vda bs=4096 seek=$((n % 4000)) conv=notrunc,fsync 2>/dev/null; echo $n > /tmp/n; done; touch /tmp/stopped) </dev/null >/dev/null 2>&1 & true',
  )
  await guestSees('[ -e /tmp/n ]')
  const job = await domain.blockJobs.copy('vda', { to: host.disk('moved', 'vda'), reuseExternal: true })
  await job.ready
  await job.pivot()
  const at = Number(await shell.run('cat /tmp/n'))
  t.match(await domain.xml(), new RegExp(`protocol='rbd' name='${host.pool}/moved'`))
  await guestSees(`[ $(cat /tmp/n) -gt ${at + 20} ]`)
  await shell.run('touch /tmp/stop')
  await guestSees('[ -e /tmp/stopped ]')
  const [digest] = (await shell.run('sync; echo 3 > /proc/sys/vm/drop_caches; sha256sum /dev/vda')).split(' ')
  const last = Number(await shell.run('cat /tmp/n'))
  t.ok(last > at && at > 1, `it wrote ${at} times before the pivot and ${last - at} after`)
  const found = await contents('moved')
  t.equal(sha256(found), digest, 'what the guest has written before, meanwhile and after')
  const block = (last % 4000) * 4096
  t.equal(found.subarray(block, block + String(last).length).toString(), String(last))
})

t.test('file systems frozen, a snapshot, and thawed', async (t) => {
  const { domain, shell, host } = setting
  await t.rejects(domain.qemuAgentCommand('guest-ping'), { name: 'LibvirtError' }, 'no agent runs yet')
  await t.rejects(
    domain.guest.whileFrozen(async () => t.fail('without an agent')),
    { code: 'VIR_ERR_AGENT_UNRESPONSIVE' },
  )
  await shell.run('/usr/sbin/qemu-ga -d -m virtio-serial -p /dev/vport0p1 -t /run -f /run/qemu-ga.pid')
  const agentAnswers = (): Promise<boolean> =>
    domain.qemuAgentCommand('guest-ping').then(
      () => true,
      () => sleep(100, false),
    )
  const until = Date.now() + 30_000
  while (!(await agentAnswers())) if (Date.now() > until) throw new Error('the agent does not answer')
  await Image.create(host.ioctx, 'files', { size })
  await domain.attachDevice(host.disk('files', 'vdc'))
  await guestSees('[ -b /dev/vdc ]')
  await shell.run('mke2fs /dev/vdc && mount -t ext4 /dev/vdc /mnt && echo before > /mnt/file')
  t.match(await domain.guest.fsInfo(), [{ mountpoint: '/mnt', devAlias: ['vdc'] }])
  await using image = await Image.open(host.ioctx, 'files')
  await domain.guest.whileFrozen(async () => {
    t.equal((await domain.qemuAgentCommand('guest-fsfreeze-status')) as string, 'frozen')
    await shell.run('(echo after > /mnt/file; sync; touch /tmp/wrote) </dev/null >/dev/null 2>&1 & true')
    await sleep(500)
    await shell.run('[ ! -e /tmp/wrote ]')
    await image.snapshots.create('frozen')
  })
  t.equal(await domain.qemuAgentCommand('guest-fsfreeze-status'), 'thawed')
  await guestSees('[ -e /tmp/wrote ]')
  t.equal(await shell.run('cat /mnt/file'), 'after', 'what waited was written then')
  // The snapshot is whole: a clone of it, in the guest.
  await image.snapshots.protect('frozen')
  await Image.clone(host.ioctx, { image: 'files', snapshot: 'frozen' }, host.ioctx, 'clone')
  await domain.attachDevice(host.disk('clone', 'vdd'))
  await guestSees('[ -b /dev/vdd ]')
  t.equal(
    await shell.run('mkdir -p /clone && mount -t ext4 -o ro /dev/vdd /clone && cat /clone/file'),
    'before',
  )

  const thrown = new Error('no snapshot')
  await t.rejects(
    domain.guest.whileFrozen(async () => {
      throw thrown
    }),
    thrown,
  )
  t.equal(await domain.qemuAgentCommand('guest-fsfreeze-status'), 'thawed', 'thawed whatever happens')
  const all = (path: string): string =>
    `<domainsnapshot><disks><disk name='vdb' snapshot='no'/>${['vda', 'vdc', 'vdd']
      .map(
        (name) =>
          `<disk name='${name}' snapshot='external' type='file'><source file='${path}${name}'/></disk>`,
      )
      .join('')}</disks></domainsnapshot>`
  const how = { diskOnly: true, quiesce: true, atomic: true, noMetadata: true }
  await t.rejects(domain.snapshots.create(all('/nowhere/at/all/'), how), { name: 'LibvirtError' })
  t.equal(await domain.qemuAgentCommand('guest-fsfreeze-status'), 'thawed', 'by libvirt, too')
  await domain.snapshots.create(all(join(setting.directory, 'layer-')), how)
  t.equal(await domain.qemuAgentCommand('guest-fsfreeze-status'), 'thawed')
  await shell.run('echo later > /mnt/file; sync')
  t.notMatch((await contents('files')).toString('latin1'), /later/, 'the image stays as it was')
  for (const name of ['vda', 'vdc', 'vdd']) {
    const job = await domain.blockJobs.commit(name, { active: true })
    await job.ready
    await job.pivot()
  }
  t.match((await contents('files')).toString('latin1'), /later/, 'until the layer is committed to it')
})

t.test('encrypted by librbd', async (t) => {
  const { shell, host } = setting
  t.equal(await shell.run('blockdev --getsize64 /dev/vdb'), String(size), 'without the header')
  t.equal(await shell.run('dd if=/dev/vdb bs=1M skip=1 count=1 2>/dev/null | head -c 14'), 'through librbd')
  await shell.run('printf "by the guest" | dd of=/dev/vdb bs=1M seek=2 conv=notrunc,fsync')
  const stored = (await contents('luks', size + 4 * mib)).toString('latin1')
  t.equal(stored.slice(0, 4), 'LUKS')
  t.notMatch(stored, /by the guest|through librbd/, 'what Ceph has says nothing')
  await using image = await Image.open(host.ioctx, 'luks', { readOnly: true })
  await image.encryption.load({ format: 'luks1', passphrase })
  t.equal((await image.read({ position: 2 * mib, length: 12 })).buffer.toString(), 'by the guest')
})

t.test('an encrypted disk is plugged in', async (t) => {
  const { domain, connection, shell, host } = setting
  const secrets = [await encryptedImage(connection, host, 'luks-plugged')]
  const disk = (engine: 'librbd' | 'qemu'): string =>
    host.disk('luks-plugged', 'vde', { serial: engine, encryption: { format: 'luks', engine, secrets } })
  const engines: ('librbd' | 'qemu')[] = ['librbd', 'qemu']
  if (!libvirtHas(await connection.libVersion(), '11.3.0')) {
    // It does not give the secret to a QEMU that runs.
    await t.rejects(domain.attachDevice(disk('librbd')), { code: 'VIR_ERR_INTERNAL_ERROR' })
    engines.shift()
  }
  for (const engine of engines) {
    await domain.attachDevice(disk(engine))
    const device = await deviceOf(engine)
    t.equal(await shell.run(`blockdev --getsize64 ${device}`), String(size), `${engine}: without the header`)
    t.equal(
      await shell.run(`dd if=${device} bs=1M skip=1 count=1 2>/dev/null | head -c 14`),
      'through librbd',
      engine,
    )
    await domain.detachDisk('vde', { timeoutMs: 30_000 })
    await guestSees(`! grep -qx ${engine} /sys/block/*/serial`)
  }
})

t.test('an image of a namespace', async (t) => {
  const { domain, connection, shell, host } = setting
  await namespaceCreate(host.ioctx, 'space')
  const inside = await host.cluster.openIoCtx(host.pool, { namespace: 'space' })
  t.teardown(async () => {
    await Image.remove(inside, 'inside')
    await inside.close()
  })
  await Image.create(inside, 'inside', { size: mib })
  const disk = host.disk('inside', 'vdf', { namespace: 'space', serial: 'inside' })
  if (libvirtHas(await connection.libVersion(), '11.6.0')) {
    await domain.attachDevice(disk)
    const written = Buffer.from('by the guest')
    await shell.run(`printf "${written}" | dd of=${await deviceOf('inside')} conv=notrunc,fsync`)
    await using image = await Image.open(inside, 'inside', { readOnly: true })
    const { buffer } = await image.read({ position: 0, length: written.length })
    t.equal(buffer.toString(), written.toString(), 'it is the image of the namespace')
    await domain.detachDisk('vdf', { timeoutMs: 30_000 })
    return
  }
  // It takes the namespace for a part of the image's name.
  await t.rejects(domain.attachDevice(disk), {
    code: 'VIR_ERR_INTERNAL_ERROR',
    message: /space\/inside: No such/,
  })
  await shell.run('! grep -q inside /sys/block/*/serial')
})
