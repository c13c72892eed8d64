/** Copies and backups of a running guest's disk whose destination is full: they fail by name, and the guest runs on. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalHypervisor } from 'rbdkit/dev'
import { Connection, type Domain, xml } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'
import { echoSector } from '../helpers/echo-guest.js'

const mib = 2 ** 20

t.setTimeout(180_000)

/** A file system of 2 MiB. It is there before the hypervisor, which has its own view of them. */
function makeSmall(t: Test): string {
  const small = mkdtempSync(join(tmpdir(), 'rbdkit-small-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'rbdkit', small])
  t.teardown(() => {
    execFileSync('umount', ['--lazy', small])
    rmSync(small, { recursive: true })
  })
  return small
}

interface Setting {
  domain: Domain
  disk: string
  small: string
}

/** A guest that answers on its console, with a disk of 16 MiB that has something everywhere. */
async function start(t: Test): Promise<Setting> {
  const small = makeSmall(t)
  const hypervisor = await LocalHypervisor.start()
  t.teardown(() => hypervisor.close())
  const connection = await Connection.open(hypervisor.uri)
  t.teardown(() => connection.close())
  const disk = join(t.testdir(), 'disk.raw')
  writeFileSync(disk, Buffer.concat([echoSector(), Buffer.alloc(16 * mib - 512, 'full')]))
  const domain = await connection.createDomain(
    xml.domain({
      name: randomName('vm'),
      type: 'qemu',
      memoryMiB: 32,
      vcpus: 1,
      disks: [xml.fileDisk({ path: disk, target: 'vda' })],
    }),
  )
  return { domain, disk, small }
}

/** Types on the guest's console, and reads what it makes of it. */
async function answers(domain: Domain, text: string): Promise<string> {
  const console = await domain.openConsole({ force: true })
  try {
    console.write(text)
    let heard = ''
    for await (const chunk of console) {
      heard += chunk
      if (heard.endsWith(text.toUpperCase())) return heard.slice(-text.length)
    }
    return heard
  } finally {
    console.destroy()
  }
}

t.test('a copy of a disk', async (t) => {
  const { domain, disk, small } = await start(t)
  const to = xml.fileDisk({ path: join(small, 'copy.raw'), target: 'vda' })
  const failed = {
    name: 'LibvirtError',
    code: 'EIO',
    syscall: 'virDomainBlockCopy',
    object: domain.name,
    message: /'vda'.*full/,
  }
  const job = await domain.blockJobs.copy('vda', { to })
  await t.rejects(job.done, failed)
  await t.rejects(job.ready, failed)
  await t.rejects(job.pivot(), { code: 'VIR_ERR_INVALID_ARG' })
  t.equal(await domain.blockJobs.info('vda'), undefined, 'there is no job any more')
  t.match(await domain.state(), { state: 'running' })
  t.match(await domain.xml(), new RegExp(`<source file='${disk}'`), 'its disk is the one that it had')
  t.equal(await answers(domain, 'alive'), 'ALIVE')
  // With room it goes.
  const other = await domain.blockJobs.copy('vda', {
    to: xml.fileDisk({ path: `${disk}.copy`, target: 'vda' }),
  })
  await other.ready
  await other.pivot()
  t.equal(await answers(domain, 'moved'), 'MOVED')
})

t.test('a backup', async (t) => {
  const { domain, small } = await start(t)
  const backup = await domain.backups.begin(
    xml.backup({ disks: [{ target: 'vda', path: join(small, 'backup.qcow2') }] }),
  )
  await t.rejects(backup.done, {
    name: 'LibvirtError',
    code: 'EIO',
    syscall: 'virDomainBackupBegin',
    object: domain.name,
    message: /No space left on device/,
  })
  t.match(await domain.state(), { state: 'running' })
  t.equal(await domain.backups.xml(), undefined)
  t.equal(await answers(domain, 'alive'), 'ALIVE')
})
