/** This file lists the names that a word on the command line may become: pools, namespaces, images, snapshots. */

import type { Image } from '../../rbd/image.js'
import { formatImageSpec, type PoolSpec } from '../options/image-spec.js'
import { userSnapshots } from '../runs/user-snapshots.js'
import type { Session } from '../session.js'

/** Milliseconds: whoever presses Tab does not wait for a cluster that is down. */
const PATIENCE = 5000

async function snapshotNames(session: Session, word: string): Promise<string[]> {
  const written = word.slice(0, word.lastIndexOf('@'))
  const image: Image = await session.open(await session.imageSpec(written), { readOnly: true })
  return (await userSnapshots(image)).map(({ name }) => `${written}@${name}`)
}

async function imageNames(session: Session, pool: PoolSpec, end: string): Promise<string[]> {
  const { Image } = await import('../../rbd/image.js')
  // The pool that is meant when none is named need not exist.
  const ioctx = await session.ioctx(pool).catch(() => undefined)
  return ioctx === undefined ? [] : (await Image.list(ioctx)).map(({ name }) => name + end)
}

async function namespaceNames(session: Session, pool: string): Promise<string[]> {
  const { namespaceList } = await import('../../rbd/pool.js')
  return namespaceList(await session.ioctx({ pool, namespace: '' }))
}

/** What `word`, an operand of this kind, may become. */
export async function completions(session: Session, kind: string, word: string): Promise<string[]> {
  const cluster = await session.cluster({ connectTimeoutMs: PATIENCE, operationTimeoutMs: PATIENCE })
  const found: string[] = []
  const [first = '', second, third] = word.split('/')
  const end = kind === 'snap-spec' ? '@' : ''
  const ofImages = kind !== 'pool-spec' && kind !== 'pool'
  if (ofImages && word.includes('@', word.lastIndexOf('/'))) {
    found.push(...(await snapshotNames(session, word)))
  } else if (third !== undefined) {
    const pool = { pool: first, namespace: second ?? '' }
    if (ofImages) {
      const names = await imageNames(session, pool, end)
      found.push(...names.map((image) => formatImageSpec({ ...pool, image })))
    }
  } else if (second !== undefined) {
    const pool = { pool: first, namespace: '' }
    const names = ofImages ? await imageNames(session, pool, end) : []
    const namespaces = await namespaceNames(session, first)
    found.push(...names.map((image) => formatImageSpec({ ...pool, image })))
    found.push(...namespaces.map((name) => `${first}/${name}${ofImages ? '/' : ''}`))
  } else {
    if (ofImages) found.push(...(await imageNames(session, await session.poolSpec(undefined), end)))
    const pools = await cluster.pools.list()
    found.push(...pools.map((name) => (ofImages ? `${name}/` : name)))
  }
  return found.filter((name) => name.startsWith(word)).sort()
}
