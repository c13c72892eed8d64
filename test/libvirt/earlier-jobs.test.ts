/** What another client's job tells while ours is being begun is not taken for ours: on a real QEMU, forced by a call that waits. */

import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, type Domain, xml } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { within } from '../helpers/within.js'

const mib = 2 ** 20
const size = 16 * mib

t.setTimeout(240_000)

/** The same domain, of our connection and of another client's. */
async function start(t: Test): Promise<{ ours: Domain; theirs: Domain; directory: string }> {
  const { uri } = await sharedHypervisor()
  const [own, other] = [await Connection.open(uri), await Connection.open(uri)]
  const directory = t.testdir({})
  writeFileSync(join(directory, 'a.raw'), Buffer.alloc(size, 1))
  const disk = join(directory, 'b.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, String(size)])
  const document = xml.domain({
    name: randomName('vm'),
    type: 'qemu',
    memoryMiB: 32,
    vcpus: 1,
    disks: [
      xml.fileDisk({ path: join(directory, 'a.raw'), target: 'vda', format: 'raw' }),
      xml.fileDisk({ path: disk, target: 'vdb', format: 'qcow2' }),
    ],
  })
  const theirs = await other.createDomain(document)
  t.teardown(async () => {
    await theirs.destroy().catch(() => {})
    await own.close()
    await other.close()
  })
  return { ours: await own.domainByName(theirs.name), theirs, directory }
}

/** Has the domain's call of that function wait until `first` is over: events are subscribed to by then. */
function delay(domain: Domain, name: string, first: () => Promise<void>): void {
  const call = domain.call.bind(domain)
  const value: Domain['call'] = async (fn, ...args) => {
    if (fn.name === name) await first()
    return call(fn, ...args)
  }
  Object.defineProperty(domain, 'call', { value })
}

/** What a promise has come to after a second. */
const soon = (promise: Promise<unknown>): Promise<string> =>
  Promise.race([
    promise.then(
      () => 'resolved',
      () => 'rejected',
    ),
    sleep(1000, 'pending'),
  ])

t.test('a backup', async (t) => {
  const { ours, theirs, directory } = await start(t)
  const to = (name: string): string =>
    xml.backup({ disks: [{ target: 'vdb', path: join(directory, name), format: 'raw' }] })
  delay(ours, 'virDomainBackupBegin', async () => {
    await within(
      'their backup',
      theirs.backups.begin(to('theirs')).then((backup) => backup.done),
      theirs,
    )
  })
  const socket = join(tmpdir(), `${randomName('nbd')}.sock`)
  t.teardown(() => rmSync(socket, { force: true }))
  const pulled = xml.backup({
    mode: 'pull',
    server: { socket },
    disks: [{ target: 'vdb', path: join(directory, 'scratch') }],
  })
  const backup = await ours.backups.begin(pulled)
  t.equal(await soon(backup.done), 'pending', 'the backup that has ended is theirs')
  t.match(await ours.backups.xml(), /domainbackup/)
  await within('our backup ends', backup.end(), ours)
  t.match(await backup.done, { operation: 'backup' })
})

t.test('a copy', async (t) => {
  const { ours, theirs, directory } = await start(t)
  const copy = (domain: Domain, bandwidth: number) =>
    domain.blockJobs.copy('vda', {
      to: xml.fileDisk({ path: join(directory, randomName('c')), target: 'vda', format: 'raw' }),
      bandwidth,
      bufSize: mib,
    })
  delay(ours, 'virDomainBlockCopy', async () => {
    const job = await within('their copy begins', copy(theirs, 0), theirs)
    await within('their copy is ready', job.ready, theirs)
    await within('their copy is cancelled', job.cancel(), theirs)
  })
  const job = await copy(ours, mib / 4)
  t.equal(await soon(job.ready), 'pending', 'the copy that was ready is theirs')
  t.equal(await soon(job.done), 'pending')
  await within('the speed is set', job.setSpeed(0), ours)
  await within('our copy is ready', job.ready, ours)
  await within('our copy is the disk', job.pivot(), ours)
})
