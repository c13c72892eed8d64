/** What the copy tests share: a pool of their own, disks with holes, and the `rbd` command to compare with. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Cluster, Image, type IoCtx, poolInit } from 'rbdkit'
import type { Test } from 'tap'
import { randomName, sharedCluster, type TestCluster } from '../../helpers/cluster.js'

const exec = promisify(execFile)

export const mib = 1024 * 1024

/** A pool that exists as long as a test runs. */
export interface CopyPool {
  cluster: Cluster
  ioctx: IoCtx
  test: TestCluster
  /** Runs `rbd`, as a user would. */
  rbd(...args: string[]): Promise<string>
  /** Runs `rados`, likewise. */
  rados(...args: string[]): Promise<string>
}

export async function openPool(t: Test, test?: TestCluster): Promise<CopyPool> {
  const given = test ?? (await sharedCluster())
  const cluster = await Cluster.connect({ confFile: given.confFile, keyring: given.keyring })
  const pool = randomName('copy')
  await cluster.pools.create(pool)
  const ioctx = await cluster.openIoCtx(pool)
  await poolInit(ioctx)
  t.teardown(async () => {
    await ioctx.close()
    await cluster.pools.delete(pool)
    await cluster.close()
  })
  const run = async (command: string, args: string[]): Promise<string> => {
    const env = { ...process.env, ...given.env }
    // Since Ceph 18 `rbd group image add` has no --pool any more: its arguments name two pools.
    const which = args[0] === 'group' && args[1] === 'image' ? [] : ['--pool', pool]
    return (await exec(command, [...which, ...args], { env, timeout: 60_000 })).stdout
  }
  return {
    cluster,
    ioctx,
    test: given,
    rbd: (...args) => run('rbd', args),
    rados: (...args) => run('rados', args),
  }
}

/** Makes a sparse file of `size` bytes with random data at the given places. */
export function makeSparse(path: string, size: number, data: readonly (readonly [number, number])[]): void {
  const fd = openSync(path, 'w')
  ftruncateSync(fd, size)
  for (const [offset, length] of data) writeSync(fd, randomBytes(length), 0, length, offset)
  closeSync(fd)
}

/** The names of the pool's images. */
export async function imageNames(ioctx: IoCtx): Promise<string[]> {
  return (await Image.list(ioctx)).map((image) => image.name).sort()
}

/**
 * The same once no copy's temporary is among them, or after half a minute: a job that was aborted while an OSD was slow
 * may end after its promise (docs/decisions/0024).
 */
export async function settledNames(ioctx: IoCtx): Promise<string[]> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const names = await imageNames(ioctx)
    if (!names.some((name) => name.includes('.rbdkit-')) || performance.now() > deadline) return names
    await sleep(100)
  }
}

/** All bytes of an image, or of a snapshot. */
export async function contentOf(ioctx: IoCtx, name: string, snapshot?: string): Promise<Buffer> {
  const image = await Image.open(ioctx, name, {
    readOnly: true,
    ...(snapshot === undefined ? {} : { snapshot }),
  })
  try {
    const length = await image.size()
    const buffer = Buffer.alloc(length)
    for (let at = 0; at < length; at += 4 * mib) {
      const part = buffer.subarray(at, Math.min(length, at + 4 * mib))
      await image.read({ buffer: part, position: at })
    }
    return buffer
  } finally {
    await image.close()
  }
}

/** Calls `use` with an open image and closes it. */
export async function withImage<T>(
  ioctx: IoCtx,
  name: string,
  use: (image: Image) => Promise<T>,
): Promise<T> {
  const image = await Image.open(ioctx, name)
  try {
    return await use(image)
  } finally {
    await image.close()
  }
}
