/** Jobs that copy and merge disks of a running domain of a real QEMU: what they leave is compared byte by byte. */

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalHypervisor } from 'rbdkit/dev'
import { type BlockJobInfo, Connection, type Domain, xml } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'

const mib = 2 ** 20
const size = 16 * mib

t.setTimeout(120_000)

const qemuImg = (...args: string[]): string => execFileSync('qemu-img', args, { encoding: 'utf8' })

/** A qcow2 file whose MiB number `at` is full of `fill`. */
function qcow2(path: string, fill: number, at: number, backing?: string): string {
  const below = backing === undefined ? [] : ['-b', backing, '-F', 'qcow2']
  qemuImg('create', '-q', '-f', 'qcow2', ...below, path, String(size))
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P ${fill} ${at}M 1M`, path])
  return path
}

/** Byte `at` MiB of a file of any format, as QEMU reads it; the domain may have it open. */
function bytesAt(path: string, ...at: number[]): number[] {
  const raw = `${path}.raw`
  qemuImg('convert', '-q', '-U', '-O', 'raw', path, raw)
  const data = readFileSync(raw)
  return at.map((one) => data[one * mib] ?? -1)
}

const backingOf = (path: string): string | undefined =>
  JSON.parse(qemuImg('info', '-U', '--output', 'json', path))['full-backing-filename']

/** What the domain's disk is now: its files, topmost first. */
function layers(document: string, target: string): (string | undefined)[] {
  const disks = xml.parse(document).find('devices')?.elements('disk') ?? []
  const files: (string | undefined)[] = []
  let layer = disks.find((disk) => disk.find('target')?.attribute('dev') === target)
  while (layer?.find('source') !== undefined) {
    files.push(layer.find('source')?.attribute('file'))
    layer = layer.find('backingStore')
  }
  return files
}

const file = (path: string, format: 'raw' | 'qcow2' = 'raw', target = 'vda'): string =>
  xml.fileDisk({ path, target, format })

interface Setting {
  connection: Connection
  domain: Domain
  directory: string
  data: Buffer
}

/** A domain with a raw disk `vda` and a disk `vdb` of three layers. No guest: what it would do has tests of its own. */
async function start(t: Test, uri?: string): Promise<Setting> {
  const connection = await Connection.open(uri ?? (await sharedHypervisor()).uri)
  const directory = t.testdir({})
  const data = Buffer.alloc(size)
  for (let at = 0; at < size; at += mib) data.fill(`${randomName('x')} `, at, at + mib)
  writeFileSync(join(directory, 'a.raw'), data)
  const base = qcow2(join(directory, 'base'), 1, 1)
  const middle = qcow2(join(directory, 'middle'), 2, 2, base)
  const top = qcow2(join(directory, 'top'), 3, 3, middle)
  const document = xml.domain({
    name: randomName('vm'),
    type: 'qemu',
    memoryMiB: 32,
    vcpus: 1,
    disks: [file(join(directory, 'a.raw')), file(top, 'qcow2', 'vdb')],
  })
  const domain = await connection.createDomain(document)
  t.teardown(async () => {
    await domain.destroy().catch(() => {})
    await connection.close()
  })
  return { connection, domain, directory, data }
}

const slow = mib / 4
/** QEMU copies a buffer's worth before it looks at the speed. */
const bufSize = mib

t.test('a copy, and the domain goes on with another', async (t) => {
  const { domain, directory, data } = await start(t)
  const copy = join(directory, 'copy.raw')
  const told: BlockJobInfo[] = []
  const job = await domain.blockJobs.copy('vda', {
    to: file(copy),
    bandwidth: slow,
    granularity: 65_536,
    bufSize,
    onProgress: (info) => told.push(info),
  })
  t.match(await job.info(), { type: 'copy', bandwidth: slow, end: size })
  t.match(await domain.blockJobs.info('vda'), { type: 'copy' })
  t.equal(await domain.blockJobs.info('vdb'), undefined)
  await t.rejects(job.pivot(), { code: 'VIR_ERR_BLOCK_COPY_ACTIVE', object: domain.name })
  const again = domain.blockJobs.copy('vda', { to: file(join(directory, 'other.raw')) })
  await t.rejects(again, { code: /^VIR_ERR_(BLOCK_COPY_ACTIVE|OPERATION_INVALID)$/ }, 'one job a disk')
  await job.setSpeed(3 * mib)
  t.match(await job.info(), { bandwidth: 3 * mib })
  await domain.blockJobs.setSpeed('vda', 0)
  await job.ready
  t.ok(told.length > 0 && (told[0]?.cur ?? size) < size, 'it told of the way')
  await job.cancel()
  await t.rejects(job.done, { code: 'ECANCELED', message: /'vda'/, object: domain.name })
  t.ok(readFileSync(copy).equals(data), 'what was cancelled when it was ready is whole')
  t.strictSame(layers(await domain.xml(), 'vda'), [join(directory, 'a.raw')])
  t.equal(await job.info(), undefined)
  await t.rejects(job.cancel(), { name: 'LibvirtError', object: domain.name })

  const moved = join(directory, 'moved.raw')
  const second = await domain.blockJobs.copy('vda', { to: file(moved), synchronousWrites: true })
  await second.ready
  await second.pivot()
  await second.done
  t.strictSame(layers(await domain.xml(), 'vda'), [moved])
  t.ok(readFileSync(moved).equals(data))
})

t.test('layers', async (t) => {
  const { domain, directory } = await start(t)
  const [base, middle, top] = ['base', 'middle', 'top'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  t.strictSame(layers(await domain.xml(), 'vdb'), [top, middle, base])
  await t.rejects(domain.blockJobs.commit('vdb', { base }), { name: 'LibvirtError' }, 'the guest writes it')
  const ended = await domain.blockJobs.commit('vdb', { top: middle, base, delete: false })
  await ended.done
  await ended.ready
  t.strictSame(layers(await domain.xml(), 'vdb'), [top, base])
  t.strictSame(bytesAt(base, 1, 2, 3), [1, 2, 0], 'base has what the middle had')

  const active = await domain.blockJobs.commit('vdb', { active: true })
  await active.ready
  t.match(await active.info(), { type: 'active-commit' })
  await domain.blockJobs.pivot('vdb')
  await active.done
  t.strictSame(layers(await domain.xml(), 'vdb'), [base])
  t.strictSame(bytesAt(base, 1, 2, 3), [1, 2, 3])

  const first = qcow2(join(directory, 'first'), 1, 1)
  const second = qcow2(join(directory, 'second'), 4, 4, first)
  const third = qcow2(join(directory, 'third'), 5, 5, second)
  const other = qcow2(join(directory, 'other'), 6, 6, third)
  await domain.attachDevice(file(other, 'qcow2', 'vdc'))
  const rebased = await domain.blockJobs.pull('vdc', { base: second })
  await rebased.done
  t.strictSame(layers(await domain.xml(), 'vdc').slice(0, 2), [other, second])
  t.equal(backingOf(other), second)
  const pulled = await domain.blockJobs.pull('vdc')
  await pulled.done
  t.strictSame(layers(await domain.xml(), 'vdc'), [other])
  t.equal(backingOf(other), undefined)
  await domain.destroy({ graceful: true }) // QEMU has not written all of its tables before
  t.strictSame(bytesAt(other, 1, 4, 5, 6), [1, 4, 5, 6])
})

t.test('ends before its time', async (t) => {
  const { domain, directory } = await start(t)
  const begin = (more: { signal?: AbortSignal; onProgress?: (info: BlockJobInfo) => void } = {}) =>
    domain.blockJobs.copy('vda', {
      to: file(join(directory, randomName('c'))),
      bandwidth: slow,
      bufSize,
      ...more,
    })
  const gone = async (): Promise<void> => {
    const until = Date.now() + 30_000
    while (Date.now() < until && (await domain.blockJobs.info('vda')) !== undefined) await sleep(50)
    t.equal(await domain.blockJobs.info('vda'), undefined, 'it is cancelled')
  }
  const reason = new Error('enough')
  await t.rejects(begin({ signal: AbortSignal.abort(reason) }), reason)
  t.equal(await domain.blockJobs.info('vda'), undefined, 'nothing has begun')

  const controller = new AbortController()
  const aborted = await begin({ signal: controller.signal })
  controller.abort(reason)
  await t.rejects(aborted.done, reason)
  await t.rejects(aborted.ready, reason)
  await gone()

  const beginning = new AbortController()
  const early = begin({ signal: beginning.signal })
  setImmediate(() => beginning.abort(reason))
  await t.rejects(early, reason)
  await gone()

  const thrown = new Error('thrown')
  const fails = await begin({
    onProgress: () => {
      throw thrown
    },
  })
  await t.rejects(fails.done, thrown)
  await gone()

  const cancelled = await begin()
  await domain.blockJobs.abort('vda')
  await t.rejects(cancelled.ready, { code: 'ECANCELED' }, 'whoever cancels it')
  await t.rejects(domain.blockJobs.abort('vda'), { name: 'LibvirtError', object: domain.name })

  const unwatched = await Connection.open((await sharedHypervisor()).uri)
  const same = await unwatched.domainByName(domain.name)
  const left = await same.blockJobs.copy('vda', {
    to: file(join(directory, 'left')),
    bandwidth: slow,
    bufSize,
  })
  const leaving = t.rejects(left.done, { code: 'EBADF' })
  await unwatched.close()
  await leaving
  t.match(await domain.blockJobs.info('vda'), { type: 'copy' }, 'closing a connection ends no job')
  await domain.blockJobs.abort('vda')

  const last = await begin()
  await domain.destroy()
  await t.rejects(last.done, { code: 'ESRCH', message: /destroyed/, object: domain.name })
  await t.rejects(last.info(), { code: /^VIR_ERR_(OPERATION_INVALID|NO_DOMAIN)$/ })
  await t.rejects(begin(), { name: 'LibvirtError' })
})

t.test('libvirtd goes', async (t) => {
  const hypervisor = await LocalHypervisor.start()
  t.teardown(() => hypervisor.close())
  const { domain, directory } = await start(t, hypervisor.uri)
  const job = await domain.blockJobs.copy('vda', { to: file(join(directory, 'c')), bandwidth: slow, bufSize })
  const leaving = t.rejects(job.done, { code: 'ECONNRESET', name: 'LibvirtError' })
  await hypervisor.close()
  await leaving
  await t.rejects(job.ready, { code: 'ECONNRESET' })
})

t.test('what is refused', async (t) => {
  const { domain, directory } = await start(t)
  const to = file(join(directory, 'c'))
  const { blockJobs } = domain
  await t.rejects(blockJobs.copy('vdz', { to }), { code: 'VIR_ERR_INVALID_ARG', object: domain.name })
  await t.rejects(blockJobs.info('vdz'), { code: 'VIR_ERR_INVALID_ARG' })
  await t.rejects(blockJobs.copy('vda', {} as never), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(blockJobs.copy('vda', { to, granularity: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(blockJobs.pull('vda', { bandwidth: 0.5 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(blockJobs.commit('vda', { onProgress: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(blockJobs.setSpeed('vda', -1), { code: 'ERR_OUT_OF_RANGE' })
})
