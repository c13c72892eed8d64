/** Uploads whose volume or connection is closed: seen at the daemon's open files. */

import { readdirSync, readlinkSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from 'rbdkit/libvirt'
import t from 'tap'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { createVolume, openVolumes } from '../helpers/volumes.js'

const mib = 2 ** 20

/** How many open files of processes are this one. */
function holders(path: string): number {
  let found = 0
  for (const process of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      for (const file of readdirSync(`/proc/${process}/fd`))
        if (readlinkSync(`/proc/${process}/fd/${file}`) === path) found++
    } catch {
      // It has ended meanwhile.
    }
  }
  return found
}

async function untilFree(path: string): Promise<number> {
  for (const end = Date.now() + 30_000; holders(path) > 0 && Date.now() < end; ) await sleep(50)
  return holders(path)
}

t.test('closing a volume or a connection ends the upload of a file', async (t) => {
  const { pool } = await openVolumes(t)
  const size = 4096 * mib
  const file = join(t.testdir(), 'disk.raw')
  writeFileSync(file, '')
  truncateSync(file, size)
  const volume = await createVolume(pool, 'large', size)
  const path = await volume.path()
  const other = await Connection.open((await sharedHypervisor()).uri)
  const same = await (await other.storagePoolByName(pool.name)).volumeByName('large')
  const cases = [
    [volume, () => volume.close()],
    [same, () => other.close()],
  ] as const
  for (const [own, close] of cases) {
    let upload: Promise<unknown> = Promise.resolve()
    await new Promise<void>((resolve) => {
      upload = own.uploadFile(file, { onProgress: () => resolve() })
      upload.catch(() => {})
    })
    const ends = t.rejects(upload, { code: 'EBADF' })
    await close()
    await ends
    t.equal(await untilFree(path), 0)
    t.ok(statSync(path).blocks * 512 < size, 'it went no further')
  }
})
