/** Streams and devices of a real QEMU: a volume that goes up and down, a guest that echoes, a screen, a disk let go. */

import { once } from 'node:events'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, type Domain, type StoragePool, xml } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { answered } from '../helpers/answered.js'
import { randomName } from '../helpers/cluster.js'
import { echoSector } from '../helpers/echo-guest.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { createVolume, openVolumes } from '../helpers/volumes.js'
import { within } from '../helpers/within.js'

const mib = 2 ** 20

/** A domain that boots the echo. */
async function start(t: Test, connection: Connection, pool: StoragePool): Promise<Domain> {
  const volume = await createVolume(pool, 'boot', mib)
  await pipeline(Readable.from([echoSector()]), await volume.upload())
  const name = randomName('vm')
  const disk = (file: string, target: string, bus: string) =>
    `<disk type='file' device='disk'><driver type='raw'/><source file='${file}'/><target dev='${target}' bus='${bus}'/></disk>`
  const more = await createVolume(pool, 'more', mib)
  const devices = [
    disk(await volume.path(), 'hda', 'ide'),
    disk(await more.path(), 'sdb', 'usb'),
    disk(await (await createVolume(pool, 'pci', mib)).path(), 'vdc', 'virtio'),
    "<controller type='usb' model='qemu-xhci'/><serial type='pty'><target port='0'/></serial>",
    `<channel type='unix'><target type='virtio' name='org.example.0'/></channel>`,
    "<video><model type='vga'/></video>",
  ].join('')
  const document = `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os><features><acpi/></features><devices>${devices}</devices></domain>`
  const domain = await connection.defineDomain(document)
  t.teardown(async () => {
    await domain.destroy().catch(() => {})
    await domain.undefine()
  })
  await domain.create()
  return domain
}

t.test('a volume up and down', async (t) => {
  const { pool } = await openVolumes(t)
  const size = 80 * mib
  const data = Buffer.alloc(size)
  for (let at = 0; at < size; at += 8 * mib) data.fill(`${at} `, at, at + 3 * mib)
  const volume = await createVolume(pool, 'data', size)
  await pipeline(
    Readable.from([data.subarray(0, 5 * mib + 7), data.subarray(5 * mib + 7)]),
    await volume.upload(),
  )
  t.ok(readFileSync(await volume.path()).equals(data), 'all of it is there')
  t.ok((await buffer(await volume.download())).equals(data), 'and comes back, in several windows')
  t.ok((await buffer(await volume.download({ sparse: true }))).equals(data))
  const part = await buffer(await volume.download({ offset: 8 * mib + 1, length: 1000 }))
  t.ok(part.equals(data.subarray(8 * mib + 1, 8 * mib + 1001)))
  await pipeline(Readable.from(['hello']), await volume.upload({ offset: 3, length: 5 }))
  t.equal(
    readFileSync(await volume.path())
      .subarray(0, 9)
      .toString(),
    '0 0hello0',
  )

  const sparse = await createVolume(pool, 'sparse', size)
  await pipeline(Readable.from([data]), await sparse.upload({ sparse: true }))
  t.ok(readFileSync(await sparse.path()).equals(data))
  await pool.refresh()
  t.ok((await sparse.info()).allocation < size / 2, 'zeros take no room')
})

t.test('a file into a volume, by native threads', async (t) => {
  const { pool } = await openVolumes(t)
  const size = 40 * mib + 123
  const file = join(t.testdir(), 'disk.raw')
  const data = Buffer.alloc(size)
  for (const at of [0, 9, 20]) data.fill(`${at} `, at * mib + 77, (at + 3) * mib)
  const written = await open(file, 'w')
  await written.truncate(size)
  for (const at of [0, 9, 20]) await written.write(data, at * mib + 77, 3 * mib - 77, at * mib + 77)
  await written.close()

  const dense = await createVolume(pool, 'dense', size)
  const told: { bytesDone: number; bytesTotal: number }[] = []
  t.same(await dense.uploadFile(file, { onProgress: (one) => told.push(one) }), { bytes: size })
  t.ok(readFileSync(await dense.path()).equals(data), 'all of it is there')
  t.match(told[0], { bytesTotal: size })

  const sparse = await createVolume(pool, 'sparse', size)
  t.same(await sparse.uploadFile(file, { sparse: true }), { bytes: size })
  t.ok(readFileSync(await sparse.path()).equals(data))
  t.ok(statSync(await sparse.path()).blocks * 512 < 16 * mib, 'holes are holes')

  writeFileSync(file, 'hello')
  await dense.uploadFile(file, { offset: 3 })
  const begins = readFileSync(await dense.path()).subarray(0, 10)
  t.same(begins, Buffer.concat([data.subarray(0, 3), Buffer.from('hello'), data.subarray(8, 10)]))
  writeFileSync(file, '')
  t.same(await dense.uploadFile(file), { bytes: 0 }, 'an empty one')

  await t.rejects(dense.uploadFile(`${file}.none`), { code: 'ENOENT', object: 'dense', message: /none/ })
  await t.rejects(dense.uploadFile(t.testdirName), { code: 'EISDIR' })
  await t.rejects(dense.uploadFile('/dev/zero'), { code: 'EINVAL' })
  await t.rejects(dense.uploadFile(file, { length: 3 } as never), { code: 'ERR_INVALID_ARG_VALUE' })
  const aborted = AbortSignal.abort(new Error('enough'))
  await t.rejects(dense.uploadFile(file, { signal: aborted }), new Error('enough'))

  const controller = new AbortController()
  truncateSync(file, 4096 * mib)
  const large = await createVolume(pool, 'large', 4096 * mib)
  const upload = large.uploadFile(file, {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  })
  await t.rejects(upload, new Error('enough'))
  t.ok(statSync(await large.path()).blocks * 512 < 4096 * mib, 'it went no further')
})

t.test('a transfer that is given up, and one that fails', async (t) => {
  const { pool } = await openVolumes(t)
  const volume = await createVolume(pool, 'data', 64 * mib)
  const down = await volume.download()
  await once(down, 'readable')
  down.destroy()
  await once(down, 'close')
  const controller = new AbortController()
  const up = await volume.upload({ signal: controller.signal })
  up.write(Buffer.alloc(mib, 1))
  controller.abort()
  const [error] = (await once(up, 'error')) as [Error]
  t.equal(error.name, 'AbortError')
  const beyond = await volume.upload({ offset: 0, length: 10 })
  await t.rejects(pipeline(Readable.from([Buffer.alloc(10), Buffer.alloc(1)]), beyond), {
    code: 'ERR_OUT_OF_RANGE',
    message: /options\.length, 10 bytes.* 11$/,
  })
  const gone = await createVolume(pool, 'gone', mib)
  await gone.delete()
  await t.rejects(gone.download(), { code: 'VIR_ERR_NO_STORAGE_VOL', object: 'gone' })
  await t.rejects(gone.upload(), { code: 'VIR_ERR_NO_STORAGE_VOL', object: 'gone' })
  await t.rejects(volume.download({ length: 0 }), { code: 'ERR_OUT_OF_RANGE' })
})

t.test('a console, a channel, a screen', async (t) => {
  const { connection, pool } = await openVolumes(t)
  const domain = await start(t, connection, pool)
  const console = await domain.openConsole()
  let heard = ''
  console.on('data', (part: Buffer) => {
    heard += part.toString('latin1')
  })
  const until = async (text: string): Promise<void> => {
    for (let i = 0; i < 200 && !heard.includes(text); i++) {
      if (i % 20 === 0) console.write(text.toLowerCase())
      await sleep(100)
    }
    t.match(heard, text)
  }
  await until('HELLO')
  await t.rejects(domain.openConsole({ device: 'serial9' }), { name: 'LibvirtError', object: domain.name })
  await t.rejects(domain.openConsole({ safe: true }), { code: 'VIR_ERR_OPERATION_FAILED' })
  const lost = once(console, 'error')
  const other = await domain.openConsole({ force: true })
  t.match(await lost, [{ code: 'VIR_ERR_RPC', object: domain.name }], 'whoever had it is told')
  other.write('again')
  const [again] = (await once(other, 'data')) as [Buffer]
  t.match(again.toString(), /A/)
  other.destroy()
  await once(other, 'close')

  const leaving = await Connection.open((await sharedHypervisor()).uri)
  const silent = await (await leaving.domainByName(domain.name)).openConsole()
  silent.resume()
  const ends = once(silent, 'error')
  await leaving.close() // the guest has nothing to say
  t.match(await ends, [{ code: 'EBADF' }])

  const channel = await domain.openChannel({ name: 'org.example.0' })
  channel.write('nobody listens')
  channel.destroy()
  await once(channel, 'close')

  const { mimeType, image } = await domain.screenshot()
  const picture = await buffer(image)
  t.match(mimeType, /^image\//)
  t.ok(picture.length > 1000)
  t.match(picture.subarray(0, 4).toString('latin1'), /^(P6|\x89PNG)/)
  await t.rejects(domain.screenshot({ screen: 7 }), { name: 'LibvirtError' })

  const last = await domain.openConsole()
  last.resume()
  const ended = once(last, 'close')
  await domain.destroy()
  await ended
  await t.rejects(domain.openConsole(), { code: 'VIR_ERR_OPERATION_INVALID' })
})

t.test('disks that are let go', async (t) => {
  const { connection, pool } = await openVolumes(t)
  const domain = await start(t, connection, pool)
  const removed = await domain.events('device-removed')
  const monitor = await domain.qemuMonitorEvents({ event: 'DEVICE_DELETED' })
  await within('the disk is detached', domain.detachDisk('sdb', { timeoutMs: 120_000 }), domain)
  t.notMatch(await domain.xml(), /dev='sdb'/, 'it is gone when it resolves')
  t.match(await domain.xml({ inactive: true }), /dev='sdb'/)
  const { value } = await removed.next()
  t.match(value, { domain: { uuid: domain.uuid }, alias: /usb-disk/ })
  // QEMU tells first of the part of it that has a path only.
  let told = (await monitor.next()).value
  while (told && !(told.data as { device?: string }).device) told = (await monitor.next()).value
  t.match(told, { event: 'DEVICE_DELETED', data: { device: value?.alias } })
  t.ok(Math.abs(Number(told?.time) - Date.now()) < 60_000)
  await domain.detachDisk('sdb', { config: true })
  t.notMatch(await domain.xml({ inactive: true }), /dev='sdb'/)

  await t.rejects(domain.detachDisk('sdz'), { code: 'ENODEV', object: domain.name, message: /'sdz'/ })
  await t.rejects(domain.detachDisk('vdc', { timeoutMs: 500 }), { code: 'ETIMEDOUT', message: /may still/ })
  const reason = new Error('enough')
  await t.rejects(domain.detachDisk('vdc', { signal: AbortSignal.abort(reason) }), reason)
  const begun = answered(
    domain,
    'call',
    1,
    ([row]) => (row as { name: string }).name === 'virDomainDetachDeviceAlias',
  )
  const waiting = domain.detachDisk('vdc')
  await Promise.race([begun, waiting]) // later it would be the definition's disk
  await domain.destroy()
  await waiting
  await domain.detachDisk('vdc')
  t.notMatch(await domain.xml({ inactive: true }), /dev='vdc'/, 'of one that does not run, the definition')
})

t.test('events of secrets', async (t) => {
  const connection = await Connection.open((await sharedHypervisor()).uri)
  t.teardown(() => connection.close())
  const life = await connection.events('secret', 'lifecycle')
  const name = randomName('secret')
  const secret = await connection.defineSecret(xml.secret({ usage: { type: 'ceph', name } }))
  const values = await secret.events('value-changed')
  await secret.setValue(Buffer.from('x'))
  await secret.undefine()
  const whose = { uuid: secret.uuid, usageType: 'ceph', usageId: name }
  t.strictSame(await life.next(), { done: false, value: { secret: whose, event: 'defined' } })
  t.strictSame(await life.next(), { done: false, value: { secret: whose, event: 'undefined' } })
  t.strictSame(await values.next(), { done: false, value: { secret: whose } })
})
