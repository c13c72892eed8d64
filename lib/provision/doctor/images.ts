/** This check is about locks of images whose owners are gone. */

import { CephError, Image, type IoCtx, inventory, namespaceList } from '../../index.js'
import { type Check, poolsOf } from './context.js'
import type { Finding } from './types.js'

/** Images that are asked about at the same time. */
const CONCURRENCY = 16

/** The locks whose owners have the image open no more. */
async function deadLockers(
  ioctx: IoCtx,
  name: string,
  label: string,
  signal: AbortSignal,
): Promise<Finding[]> {
  const image = await Image.open(ioctx, name, { readOnly: true, signal })
  try {
    const before = await image.locks.lockers({ signal })
    const alive = new Set((await image.listWatchers({ signal })).map(({ id }) => `client.${id}`))
    // Who has just closed it has given up the lock before the watch: it is asked for again.
    const after = before.every(({ client }) => alive.has(client)) ? [] : await image.locks.lockers({ signal })
    return after
      .filter(({ client, cookie }) => {
        const held = before.some((one) => one.client === client && one.cookie === cookie)
        return held && !alive.has(client)
      })
      .map(({ client, cookie, address }) => {
        const managed = cookie.startsWith('auto ')
        return {
          code: 'DEAD_LOCKER',
          severity: 'warning',
          object: label,
          message: `${client} at ${address} holds ${managed ? 'the exclusive lock' : `the lock '${cookie}'`} of ${label} and does not have it open.`,
          remedy: `When that client is dead: rbdkit lock rm ${label} '${cookie}' ${client}${managed ? '; who may put clients on the blocklist takes it by opening the image' : ''}`,
        }
      })
  } finally {
    await image.close()
  }
}

/** The pool's namespaces, the default one first. A pool that has none of librbd's objects has no other. */
async function namespacesOf(ioctx: IoCtx, signal: AbortSignal): Promise<string[]> {
  try {
    return ['', ...(await namespaceList(ioctx, { signal }))]
  } catch (error) {
    if (error instanceof CephError && error.code === 'ENOENT') return ['']
    throw error
  }
}

export const lockers: Check = {
  name: 'locks of images',
  needs: ['cluster'],
  async run(context, signal, report) {
    const { cluster, imagesPerPool } = context
    for (const { pool_name: pool } of await poolsOf(context, signal)) {
      let left = imagesPerPool
      const ioctx = await cluster.openIoCtx(pool, { signal })
      try {
        for (const namespace of await namespacesOf(ioctx, signal)) {
          if (left < 0) break
          await using inside = await cluster.openIoCtx(pool, { namespace, signal })
          for await (const entry of inventory(inside, { concurrency: CONCURRENCY, signal })) {
            if (--left < 0) break
            if (entry.error !== undefined || entry.lockers.length === 0) continue
            const label = [pool, ...(namespace === '' ? [] : [namespace]), entry.name].join('/')
            try {
              for (const finding of await deadLockers(inside, entry.name, label, signal)) report(finding)
            } catch (error) {
              // It was removed meanwhile.
              if (!(error instanceof CephError && error.code === 'ENOENT')) throw error
            }
          }
        }
      } finally {
        await ioctx.close()
      }
      if (left < 0)
        report({
          code: 'IMAGES_LEFT_OUT',
          severity: 'info',
          object: pool,
          message: `The locks of ${imagesPerPool} images of the pool ${pool} were looked at, and it has more.`,
          remedy: 'Allow more: imagesPerPool, --images-per-pool',
        })
    }
  },
}
