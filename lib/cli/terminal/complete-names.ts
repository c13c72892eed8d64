/**
 * This file lists the names that a word on the command line may become: pools, namespaces, images, groups, snapshots,
 * images of the trash by their ids; and domains of libvirt.
 */

import type { IoCtx } from '../../rados/ioctx.js'
import type { Image } from '../../rbd/image.js'
import { formatImageSpec, type PoolSpec } from '../options/image-spec.js'
import { userSnapshots } from '../runs/user-snapshots.js'
import type { Session } from '../session.js'

/** Milliseconds: whoever presses Tab does not wait for a cluster that is down. */
const PATIENCE = 5000

async function imageSnapshots(session: Session, written: string): Promise<string[]> {
  const image: Image = await session.open(await session.imageSpec(written), { readOnly: true })
  return (await userSnapshots(image)).map(({ name }) => name)
}

async function groupSnapshots(session: Session, written: string): Promise<string[]> {
  const { image: name, ...pool } = await session.imageSpec(written)
  const { Group } = await import('../../rbd/group.js')
  const snapshots = await new Group(await session.ioctx(pool), name).snapshots.list()
  return snapshots.map((snapshot) => snapshot.name)
}

/** What a pool or a namespace has of a kind of operand. */
const listed: Record<string, (ioctx: IoCtx) => Promise<string[]>> = {
  async image(ioctx) {
    const { Image } = await import('../../rbd/image.js')
    return (await Image.list(ioctx)).map(({ name }) => name)
  },
  async group(ioctx) {
    const { Group } = await import('../../rbd/group.js')
    return Group.list(ioctx)
  },
  async trash(ioctx) {
    const { Trash } = await import('../../rbd/trash.js')
    return (await new Trash(ioctx).list()).map(({ id }) => id)
  },
}

function listedBy(kind: string): 'image' | 'group' | 'trash' {
  if (kind.startsWith('group-')) return 'group'
  return kind === 'image-id' ? 'trash' : 'image'
}

async function namesIn(session: Session, pool: PoolSpec, kind: string): Promise<string[]> {
  const end = kind.endsWith('snap-spec') ? '@' : ''
  // The pool that is meant when none is named need not exist.
  const ioctx = await session.ioctx(pool).catch(() => undefined)
  const names = (ioctx && (await listed[listedBy(kind)]?.(ioctx))) ?? []
  return names.map((name) => name + end)
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
  const ofImages = kind !== 'pool-spec' && kind !== 'pool'
  if (ofImages && word.includes('@', word.lastIndexOf('/'))) {
    const written = word.slice(0, word.lastIndexOf('@'))
    const snapshots = listedBy(kind) === 'group' ? groupSnapshots : imageSnapshots
    found.push(...(await snapshots(session, written)).map((name) => `${written}@${name}`))
  } else if (third !== undefined) {
    const pool = { pool: first, namespace: second ?? '' }
    if (ofImages) {
      const names = await namesIn(session, pool, kind)
      found.push(...names.map((image) => formatImageSpec({ ...pool, image })))
    }
  } else if (second !== undefined) {
    const pool = { pool: first, namespace: '' }
    const names = ofImages ? await namesIn(session, pool, kind) : []
    const namespaces = await namespaceNames(session, first)
    found.push(...names.map((image) => formatImageSpec({ ...pool, image })))
    found.push(...namespaces.map((name) => `${first}/${name}${ofImages ? '/' : ''}`))
  } else {
    if (ofImages) found.push(...(await namesIn(session, await session.poolSpec(undefined), kind)))
    const pools = await cluster.pools.list()
    found.push(...pools.map((name) => (ofImages ? `${name}/` : name)))
  }
  return found.filter((name) => name.startsWith(word)).sort()
}

/** The domains that `word` may become. */
export async function domainNames(
  uri: string | undefined,
  signal: AbortSignal,
  word: string,
): Promise<string[]> {
  const { Connection } = await import('../../libvirt/connection.js')
  const connection = await Connection.open(uri, { connectTimeoutMs: PATIENCE, readOnly: true, signal })
  try {
    const domains = await connection.listDomains()
    return domains
      .map(({ name }) => name)
      .filter((name) => name.startsWith(word))
      .sort()
  } finally {
    await connection.close()
  }
}
