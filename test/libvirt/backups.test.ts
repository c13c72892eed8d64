/** Backups of a running domain of a real QEMU, pushed and pulled, of all and of what has changed: compared byte by byte. */

import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Connection, type Domain, type DomainJobInfo, xml } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'

const exec = promisify(execFile)
const mib = 2 ** 20
const size = 16 * mib

t.setTimeout(120_000)

interface Setting {
  connection: Connection
  domain: Domain
  directory: string
  /** Writes a MiB of the disk as the guest would, and notes it. */
  write(at: number, fill: number): Promise<void>
  /** What the disk has. */
  data: Buffer
}

async function start(t: Test): Promise<Setting> {
  const connection = await Connection.open((await sharedHypervisor()).uri)
  const directory = t.testdir({})
  const disk = join(directory, 'disk')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, String(size)])
  const document = xml.domain({
    name: randomName('vm'),
    type: 'qemu',
    memoryMiB: 32,
    vcpus: 1,
    disks: [xml.fileDisk({ path: disk, target: 'vda', format: 'qcow2' })],
  })
  const domain = await connection.defineDomain(document)
  t.teardown(async () => {
    await domain.destroy().catch(() => {})
    await domain.undefine({ checkpointsMetadata: true })
    await connection.close()
  })
  await domain.create()
  const data = Buffer.alloc(size)
  const device = '/machine/peripheral/virtio-disk0/virtio-backend'
  const write = async (at: number, fill: number): Promise<void> => {
    await domain.qemuMonitorCommand(`qemu-io -d ${device} "write -P ${fill} ${at}M 1M"`, { hmp: true })
    data.fill(fill, at * mib, (at + 1) * mib)
  }
  return { connection, domain, directory, write, data }
}

/** Where a backup can be pulled; the file stays when the domain ends before the backup does. */
function socketPath(t: Test): string {
  const path = join(tmpdir(), `${randomName('nbd')}.sock`)
  t.teardown(() => rmSync(path, { force: true }))
  return path
}

t.test('pushed: all, and what has changed since', async (t) => {
  const { domain, directory, write, data } = await start(t)
  for (const at of [0, 3, 4, 15]) await write(at, at + 1)
  const full = join(directory, 'full.raw')
  const backup = await domain.backups.begin(
    xml.backup({ disks: [{ target: 'vda', path: full, format: 'raw' }] }),
    { checkpoint: xml.checkpoint({ name: 'one', disks: ['vda'] }) },
  )
  const before = Buffer.from(data)
  const ended = await backup.done
  t.match(ended, {
    type: 'completed',
    operation: 'backup',
    success: true,
    diskTotal: size,
    diskProcessed: size,
  })
  t.ok(readFileSync(full).equals(before), 'the file has what the disk has')
  t.match(await domain.job.statistics({ completed: true }), { type: 'completed', operation: 'backup' })
  t.equal(await domain.backups.xml(), undefined)
  await t.rejects(backup.end(), { code: 'VIR_ERR_OPERATION_INVALID', object: domain.name })

  await write(3, 77)
  await write(9, 88)
  const changed = join(directory, 'changed')
  const more = await domain.backups.begin(
    xml.backup({ incremental: 'one', disks: [{ target: 'vda', path: changed }] }),
    { checkpoint: xml.checkpoint({ name: 'two' }) },
  )
  await more.done
  t.strictSame(
    (await domain.checkpoints.list({ topological: true })).map(({ name }) => name),
    ['one', 'two'],
  )
  execFileSync('qemu-img', ['rebase', '-u', '-F', 'raw', '-b', full, changed])
  const { stdout } = await exec('qemu-img', ['map', '--output=json', changed])
  const parts = (JSON.parse(stdout) as { start: number; length: number; depth: number }[]).filter(
    (p) => p.depth === 0,
  )
  t.strictSame(
    parts.map(({ start, length }) => [start / mib, length / mib]),
    [
      [3, 1],
      [9, 1],
    ],
    'it has what has changed, and no more',
  )
  // What was changed over what was whole is the disk.
  execFileSync('qemu-img', ['convert', '-O', 'raw', changed, `${changed}.raw`])
  t.ok(readFileSync(`${changed}.raw`).equals(data))
  await t.rejects(
    domain.backups.begin(xml.backup({ incremental: 'none', disks: [{ target: 'vda', path: '/x' }] })),
    { code: 'VIR_ERR_NO_DOMAIN_CHECKPOINT' },
  )
})

t.test('pulled by NBD', async (t) => {
  const { domain, directory, write, data } = await start(t)
  await write(2, 22)
  await write(14, 99)
  const before = Buffer.from(data)
  const socket = socketPath(t)
  const document = xml.backup({
    mode: 'pull',
    server: { socket },
    disks: [{ target: 'vda', path: join(directory, 'scratch'), exportName: 'export' }],
  })
  const told: DomainJobInfo[] = []
  const backup = await domain.backups.begin(document, {
    checkpoint: xml.checkpoint({ name: 'one' }),
    onProgress: (info) => told.push(info),
  })
  t.match(await domain.backups.xml(), /mode='pull'/)
  t.match(await domain.job.statistics(), { operation: 'backup' })
  await t.rejects(
    domain.backups.begin(document),
    { name: 'LibvirtError', object: domain.name },
    'one at a time',
  )
  await write(2, 23)
  await write(5, 55)
  const pulled = join(directory, 'pulled.raw')
  await exec('qemu-img', ['convert', '-O', 'raw', `nbd+unix:///export?socket=${socket}`, pulled])
  t.ok(readFileSync(pulled).equals(before), 'the disk as it was when the backup began')
  const until = Date.now() + 20_000
  while (told.length === 0 && Date.now() < until) await sleep(50)
  t.match(told[0], { operation: 'backup', type: 'unbounded' }, 'it told of the way')
  t.ok(told.every(({ operation }) => operation === 'backup'))
  await backup.end()
  t.match(await backup.done, { operation: 'backup' })
  t.notOk(existsSync(socket))

  const since = await domain.backups.begin(
    xml.backup({
      mode: 'pull',
      incremental: 'one',
      server: { socket },
      disks: [{ target: 'vda', path: join(directory, 'scratch2') }],
    }),
  )
  const map = ['map', '--output=json', '--image-opts']
  const image = `driver=nbd,export=vda,server.type=unix,server.path=${socket},x-dirty-bitmap=qemu:dirty-bitmap:backup-vda`
  const { stdout } = await exec('qemu-img', [...map, image])
  const dirty = (JSON.parse(stdout) as { start: number; length: number; data: boolean }[]).filter(
    (p) => !p.data,
  )
  t.strictSame(
    dirty.map(({ start, length }) => [start / mib, length / mib]),
    [
      [2, 1],
      [5, 1],
    ],
    'the export says what has changed',
  )
  await since.end()
})

t.test('ends before its time', async (t) => {
  const { domain, directory } = await start(t)
  const socket = socketPath(t)
  let scratch = 0
  const pull = (options: Parameters<Domain['backups']['begin']>[1] = {}) =>
    domain.backups.begin(
      xml.backup({
        mode: 'pull',
        server: { socket },
        disks: [{ target: 'vda', path: join(directory, `scratch${scratch++}`) }],
      }),
      options,
    )
  const reason = new Error('enough')
  await t.rejects(pull({ signal: AbortSignal.abort(reason) }), reason)
  t.equal(await domain.backups.xml(), undefined)
  const controller = new AbortController()
  const aborted = await pull({ signal: controller.signal })
  const life = await domain.events('job-completed')
  controller.abort(reason)
  await t.rejects(aborted.done, reason)
  await life.next()
  t.equal(await domain.backups.xml(), undefined, 'it is over')
  await life.close()

  const last = await pull()
  await domain.destroy()
  await t.rejects(last.done, { code: 'ESRCH', message: /backup/, object: domain.name })
  await t.rejects(pull(), { code: 'VIR_ERR_OPERATION_UNSUPPORTED' })
})
