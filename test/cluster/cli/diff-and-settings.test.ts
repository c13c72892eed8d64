/** What an image has, snapshots of all kinds, images that are filled, settings of all pools, and a pool's mirroring as a whole. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Group, Image } from 'rbdkit'
import t from 'tap'
import { mib, withImage } from '../copy/fixture.js'
import { besideRbd, done } from './fixture.js'

t.setTimeout(240_000)

interface Extent {
  offset: number
  length: number
  exists: string
}

/** rbd has a line for each object; ours are as long as they are. */
function merged(extents: readonly Extent[]): Extent[] {
  const all: Extent[] = []
  for (const one of extents) {
    const last = all.at(-1)
    if (last && last.offset + last.length === one.offset && last.exists === one.exists)
      last.length += one.length
    else all.push({ ...one })
  }
  return all
}

t.test('diff: what an image has, and what has changed', async (t) => {
  const { ioctx, name, run, ours, theirs } = await besideRbd(t)
  await Image.create(ioctx, 'a', { size: 16 * mib })
  t.match(await run('diff', `${name}/a`), { ...done, stdout: '' })
  await withImage(ioctx, 'a', async (image) => {
    await image.write(Buffer.alloc(65_536, 1), { position: mib })
    await image.write(Buffer.alloc(65_536, 1), { position: 9 * mib })
    await image.snapshots.create('s')
    await image.discard(mib, 65_536)
    await image.write(Buffer.alloc(4096, 2), { position: 5 * mib })
  })
  for (const words of [
    ['diff', 'a'],
    ['diff', 'a@s'],
    ['diff', 'a', '--from-snap', 's'],
    ['diff', 'a', '--from-snap', 's', '--whole-object'],
  ])
    t.same(await ours(...words), merged((await theirs(...words)) as Extent[]), words.join(' '))
  t.match(
    (await run('diff', `${name}/a`, '--from-snap', 's')).stdout,
    /^Offset +Length +Type\n1048576 +65536 +zero\n/,
  )
  t.match(await run('diff', `${name}/a`, '--from-snap', 'nosuch'), { status: 1, stderr: /^rbdkit: ENOENT: / })
})

t.test('snap ls --all, create --thick-provision', async (t) => {
  const { ioctx, name, run, ours, theirs } = await besideRbd(t)
  t.match(await run('create', `${name}/full`, '-s', '6', '--thick-provision'), { status: 0, stdout: '' })
  t.match(await theirs('du', 'full'), { images: [{ used_size: 6 * mib, provisioned_size: 6 * mib }] })
  t.equal(
    (await withImage(ioctx, 'full', (image) => image.read({ position: 0, length: 5 }))).buffer.compare(
      Buffer.alloc(5),
    ),
    0,
  )
  await Group.create(ioctx, 'g')
  const group = new Group(ioctx, 'g')
  await group.images.add(ioctx, 'full')
  await group.snapshots.create('gs')
  await withImage(ioctx, 'full', (image) => image.snapshots.create('mine'))
  t.match(await ours('snap', 'ls', 'full'), [{ name: 'mine' }])
  t.match(await ours('snap', 'ls', 'full', '--all'), [
    { namespace: { type: 'group', group: 'g', snapshot: 'gs' } },
    { name: 'mine', namespace: { type: 'user' } },
  ])
  t.match(
    (await run('snap', 'ls', '-a', `${name}/full`)).stdout,
    /TIMESTAMP +NAMESPACE\n[^\n]* group\n[^\n]* user\n$/,
  )
})

t.test('config global: what the monitors keep', async (t) => {
  const { run, cluster } = await besideRbd(t)
  const key = 'rbd_qos_write_iops_burst'
  const client = `client.rbdkit${process.pid}`
  t.match(await run('config', 'global', 'set', client, key, '7'), done)
  t.teardown(() => cluster.monitorCommand({ prefix: 'config rm', who: client, name: key }))
  t.match(await run('config', 'global', 'get', client, key), { ...done, stdout: '7\n' })
  t.match(JSON.parse((await run('config', 'global', 'ls', client, '--json')).stdout), [
    { name: key, value: '7' },
  ])
  const kept = await cluster.monitorCommand<{ section: string; name: string }[]>({ prefix: 'config dump' })
  t.equal(kept.filter(({ section, name }) => section === client && name === key).length, 1)
  t.match(await run('config', 'global', 'rm', client, key), done)
  t.match(await run('config', 'global', 'get', client, key), { status: 1, stderr: /no setting/ })
  t.match(await run('config', 'global', 'ls'), {
    status: 2,
    stderr: /missing required argument 'config-entity'/,
  })
  t.match(await run('config', 'global', 'set', 'osd', key, '7'), { status: 2, stderr: /not global, client/ })
  t.match(await run('config', 'global', 'set', client, 'debug_ms', '7'), {
    status: 2,
    stderr: /begin with rbd_/,
  })
})

t.test('mirror pool: peers that change, all images promoted and demoted', async (t) => {
  const { ioctx, name, run, ours, theirs } = await besideRbd(t)
  for (const image of ['a', 'b', 'c']) await Image.create(ioctx, image, { size: mib })
  t.match(await run('mirror', 'pool', 'enable', name, 'image'), done)
  for (const image of ['a', 'b'])
    t.match(await run('mirror', 'image', 'enable', `${name}/${image}`, 'snapshot'), done)
  t.match(await run('mirror', 'image', 'demote', `${name}/a`), done)
  t.match(await run('mirror', 'pool', 'demote', name), { ...done, stdout: 'Demoted 1 mirrored images\n' })
  t.match(await theirs('info', 'b'), { mirroring: { primary: false } })
  t.match(await run('mirror', 'pool', 'promote', name, '--force'), {
    ...done,
    stdout: 'Promoted 2 mirrored images\n',
  })
  for (const image of ['a', 'b']) t.match(await theirs('info', image), { mirroring: { primary: true } })

  const peer = (await run('mirror', 'pool', 'peer', 'add', name, 'client.other@far')).stdout.trim()
  const set = (key: string, value: string) => run('mirror', 'pool', 'peer', 'set', name, peer, key, value)
  const file = join(t.testdir(), 'key')
  writeFileSync(file, 'AQBsecret\n')
  t.match(await set('client', 'client.third'), done)
  t.match(await set('site-name', 'farther'), done)
  t.match(await set('mon-host', '10.0.0.1'), done)
  t.match(await set('key-file', file), done)
  t.match(await theirs('mirror', 'pool', 'info', '--all'), {
    peers: [{ site_name: 'farther', client_name: 'client.third', mon_host: '10.0.0.1', key: 'AQBsecret' }],
  })
  t.match(await set('colour', 'blue'), { status: 2, stderr: /'colour' is not client/ })
  t.match(await set('direction', 'up'), { status: 2, stderr: /not rx-only or rx-tx/ })
  t.notMatch(JSON.stringify(await ours('mirror', 'pool', 'info')), /AQBsecret/)
})
