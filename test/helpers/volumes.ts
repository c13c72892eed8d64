/** A storage pool of a real libvirtd, which is a directory that goes with the test. */

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection, type StoragePool, type StorageVolume } from 'rbdkit/libvirt'
import type { Test } from 'tap'
import { randomName } from './cluster.js'
import { sharedHypervisor } from './hypervisor.js'

/** Over a connection of its own, which ends with the test. */
export async function openVolumes(t: Test): Promise<{ connection: Connection; pool: StoragePool }> {
  const connection = await Connection.open((await sharedHypervisor()).uri)
  const name = randomName('pool')
  const pool = await connection.defineStoragePool(
    `<pool type='dir'><name>${name}</name><target><path>${join(tmpdir(), name)}</path></target></pool>`,
  )
  await pool.create({ build: true })
  t.teardown(async () => {
    for (const volume of await pool.listVolumes()) await volume.delete()
    await pool.destroy()
    await pool.delete()
    await pool.undefine()
    await connection.close()
  })
  return { connection, pool }
}

/** A raw volume; nothing of it is allocated yet. */
export function createVolume(pool: StoragePool, name: string, capacity: number): Promise<StorageVolume> {
  return pool.createVolume(
    `<volume><name>${name}</name><capacity>${capacity}</capacity><allocation>0</allocation><target><format type='raw'/></target></volume>`,
  )
}
