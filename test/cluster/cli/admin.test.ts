/** The commands about groups, migrations, mirroring, locks, features, settings, object maps, encryption, tasks. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Image as Images } from 'rbdkit'
import t from 'tap'
import { cephRelease } from '../../helpers/releases.js'
import { mib, settledNames, withImage } from '../copy/fixture.js'
import { besideRbd, done } from './fixture.js'

t.setTimeout(300_000)

t.test('group', async (t) => {
  const { name, run, ours, theirs, ioctx } = await besideRbd(t)
  for (const image of ['a', 'b']) await Images.create(ioctx, image, { size: mib })
  const g = `${name}/g`
  t.match(await run('group', 'create', g), done)
  t.match(await run('group', 'create', g), { status: 1, stderr: /^rbdkit: EEXIST: / })
  t.same(await ours('group', 'ls'), await theirs('group', 'ls'))
  t.match(await run('group', 'image', 'add', g, 'a'), done, 'in the pool of the group')
  t.match(await run('group', 'image', 'add', '-p', name, '--group', 'g', `${name}/b`), { status: 2 })
  t.match(await run('group', 'image', 'add', g, `${name}/b`), done)
  t.match((await run('group', 'image', 'ls', g)).stdout, `${name}/a\n${name}/b\n`)
  t.match(await run('group', 'image', 'add', g), {
    status: 2,
    stderr: /missing required argument 'image-spec'/,
  })
  await withImage(ioctx, 'a', (image) => image.write(Buffer.from('before'), { position: 0 }))
  t.match(await run('group', 'snap', 'create', `${g}@s`), done)
  await withImage(ioctx, 'a', (image) => image.write(Buffer.from('after.'), { position: 0 }))
  t.match(await ours('group', 'snap', 'ls', 'g'), [{ snapshot: 's' }])
  t.match(await theirs('group', 'snap', 'ls', 'g'), [{ snapshot: 's' }])
  t.match(await run('group', 'snap', 'rollback', `${g}@s`), { status: 0, stdout: '' })
  const { buffer } = await withImage(ioctx, 'a', (image) => image.read({ position: 0, length: 6 }))
  t.equal(buffer.toString(), 'before')
  t.match(await run('group', 'snap', 'rename', `${g}@s`, 's2'), done)
  t.match(await run('group', 'snap', 'rm', `${g}@s2`), done)
  t.match(await run('group', 'snap', 'rm', g), { status: 2, stderr: /names no snapshot/ })
  t.match(await run('group', 'rename', g, `${name}/h`), done)
  t.match(await run('group', 'image', 'rm', `${name}/h`, 'a'), done)
  t.match(await run('group', 'rm', `${name}/h`), done)
  t.same(await ours('group', 'ls'), [])
})

t.test('migration', async (t) => {
  const { name, run, theirs, ioctx } = await besideRbd(t)
  await Images.create(ioctx, 'disk', { size: 8 * mib })
  await withImage(ioctx, 'disk', (image) => image.write(Buffer.from('content'), { position: 0 }))
  const read = async () =>
    (await withImage(ioctx, 'disk', (image) => image.read({ position: 0, length: 7 }))).buffer.toString()
  t.match(await run('migration', 'prepare', `${name}/disk`, '--object-size', '64k'), done)
  t.match(await theirs('status', 'disk'), { migration: { state: 'prepared' } })
  t.equal(await read(), 'content')
  t.match(await run('migration', 'commit', `${name}/disk`), { status: 1, stderr: /^rbdkit: E[A-Z]+: / })
  t.match(await run('migration', 'execute', `${name}/disk`), { status: 0, stdout: '' })
  t.match(await run('migration', 'commit', `${name}/disk`), { status: 0, stdout: '' })
  t.match(await theirs('info', 'disk'), { object_size: 65_536 })
  t.equal(await read(), 'content')
  t.match(await run('migration', 'prepare', `${name}/disk`, `${name}/moved`), done)
  t.match(await run('migration', 'abort', `${name}/moved`), { status: 0, stdout: '' })
  t.same(await settledNames(ioctx), ['disk'])

  const file = join(t.testdir(), 'disk.raw')
  writeFileSync(file, Buffer.alloc(mib, 'raw'))
  const spec = JSON.stringify({ type: 'raw', stream: { type: 'file', file_path: file } })
  t.match(await run('migration', 'prepare', '--import-only', '--source-spec', spec, `${name}/imported`), done)
  t.match(await run('migration', 'execute', `${name}/imported`), { status: 0 })
  t.match(await run('migration', 'commit', `${name}/imported`), { status: 0 })
  const imported = await withImage(ioctx, 'imported', (image) => image.read({ position: 0, length: mib }))
  t.ok(imported.buffer.equals(Buffer.alloc(mib, 'raw')))
  const wrong = await run('migration', 'prepare', '--import-only', '--source-spec', '{', `${name}/x`)
  t.match(wrong, { status: 2, stderr: /--source-spec is not JSON/ })
})

t.test('feature, lock, config, object-map, encryption', async (t) => {
  const { name, run, ours, theirs, ioctx, rados } = await besideRbd(t)
  await Images.create(ioctx, 'a', { size: 32 * mib, features: ['layering', 'exclusive-lock'] })
  const a = `${name}/a`
  t.match(await run('feature', 'enable', a, 'object-map', 'fast-diff'), done)
  t.match(await theirs('info', 'a'), { features: ['layering', 'exclusive-lock', 'object-map', 'fast-diff'] })
  t.match(await run('object-map', 'check', a), { status: 1, stdout: /invalid/ })
  t.match(await run('object-map', 'rebuild', a), { status: 0, stdout: '' })
  t.match(await run('feature', 'disable', '-p', name, '--image', 'a', 'fast-diff'), done)
  t.match(await theirs('info', 'a'), { features: ['layering', 'exclusive-lock'] })
  t.match(await run('feature', 'enable', a, 'object-map,fast-diff'), done)
  t.match(await run('object-map', 'rebuild', a), { status: 0 })
  t.match(await run('feature', 'enable', a), { status: 2, stderr: /missing required argument 'features'/ })
  t.match(await run('feature', 'enable', a, 'nosuch'), { status: 2, stderr: /nosuch/ })

  await withImage(ioctx, 'a', (image) => image.write(Buffer.alloc(5 * mib, 1), { position: 0 }))
  t.match(await run('object-map', 'check', a), { status: 0, stdout: /the map is right/ })
  const { block_name_prefix: prefix } = (await theirs('info', 'a')) as { block_name_prefix: string }
  await rados('rm', `${prefix}.0000000000000001`)
  t.match(await run('object-map', 'check', a), {
    status: 1,
    stdout: /the map is wrong\n {2}1 that the map has[^\n]*: 1\n/,
  })
  t.match(await ours('config', 'image', 'ls', 'a'), [{ name: 'rbd_atime_update_interval' }])
  t.match(await run('config', 'image', 'set', a, 'rbd_qos_iops_limit', '500'), done)
  t.match(await run('config', 'image', 'get', a, 'rbd_qos_iops_limit'), { ...done, stdout: '500\n' })
  t.match(await theirs('config', 'image', 'ls', 'a'), [{ name: 'rbd_atime_update_interval' }])
  t.match(await run('config', 'image', 'rm', a, 'rbd_qos_iops_limit'), done)
  t.match(await run('config', 'image', 'get', a, 'rbd_qos_iops_limit'), { ...done, stdout: '0\n' })
  t.match(await run('config', 'image', 'get', a, 'nosuch'), { status: 1, stderr: /no setting 'nosuch'/ })
  t.match(await run('config', 'pool', 'set', name, 'rbd_qos_bps_limit', '1000000'), done)
  t.match(await run('config', 'image', 'get', a, 'rbd_qos_bps_limit'), { ...done, stdout: '1000000\n' })
  t.match(await run('config', 'pool', 'rm', name, 'rbd_qos_bps_limit'), done)

  await Images.create(ioctx, 'plain', { size: mib, features: ['layering'] })
  t.match(await run('lock', 'add', `${name}/plain`, 'mine'), done)
  const [locker] = (await ours('lock', 'ls', 'plain')) as { id: string; locker: string }[]
  t.equal(locker?.id, 'mine')
  t.match(await run('lock', 'add', `${name}/plain`, 'other'), { status: 1, stderr: /^rbdkit: EBUSY: / })
  t.match(await run('lock', 'rm', `${name}/plain`, 'mine', String(locker?.locker)), done)
  t.same(await ours('lock', 'ls', 'plain'), [])

  const passphrase = join(t.testdir(), 'passphrase')
  writeFileSync(passphrase, 'secret\n')
  t.match(await run('encryption', 'format', a, 'luks1', passphrase), done)
  const { buffer } = await withImage(ioctx, 'a', (image) => image.read({ position: 0, length: 6 }))
  t.equal(buffer.toString('latin1'), 'LUKS\xba\xbe')
  t.match(await run('encryption', 'format', a, 'zip', passphrase), {
    status: 2,
    stderr: /'zip' is not luks1/,
  })
})

t.test('mirror, trash purge, pool stats', async (t) => {
  const { name, run, ours, theirs, ioctx } = await besideRbd(t)
  await Images.create(ioctx, 'a', { size: mib })
  const a = `${name}/a`
  t.match(await run('mirror', 'pool', 'info', name), { ...done, stdout: 'Mode: disabled\n' })
  t.match(await run('mirror', 'pool', 'enable', name, 'image'), done)
  t.match(await theirs('mirror', 'pool', 'info'), { mode: 'image' })
  t.match(await run('mirror', 'image', 'enable', a, 'snapshot'), done)
  t.match(await theirs('info', 'a'), { mirroring: { mode: 'snapshot', primary: true } })
  const peer = (await run('mirror', 'pool', 'peer', 'add', name, 'client.other@far')).stdout.trim()
  t.match((await run('mirror', 'image', 'snapshot', a)).stdout, /^Snapshot ID: \d+\n$/)
  t.match(await ours('mirror', 'image', 'status', 'a'), { image: 'a', info: { primary: true } })
  t.match(await run('mirror', 'image', 'demote', a), done)
  t.match(await theirs('info', 'a'), { mirroring: { primary: false } })
  t.match(await run('mirror', 'image', 'promote', a, '--force'), done)
  t.match(await ours('mirror', 'pool', 'info'), { mode: 'image', peers: [{ uuid: peer, siteName: 'far' }] })
  t.match(await run('mirror', 'pool', 'peer', 'remove', name, peer), done)
  t.match(await ours('mirror', 'pool', 'info'), { peers: [] })
  t.match(
    (await run('mirror', 'pool', 'status', name, '--verbose')).stdout,
    /^images:\n {2}1 unknown\na: enabled\n/,
  )
  const token = (await run('mirror', 'pool', 'peer', 'bootstrap', 'create', name)).stdout
  t.match(JSON.parse(Buffer.from(token, 'base64').toString()), {
    fsid: String,
    key: String,
    mon_host: String,
  })
  t.match(await run('mirror', 'image', 'enable', a, 'both'), {
    status: 2,
    stderr: /'both' is not journal or snapshot/,
  })
  t.match(await run('mirror', 'image', 'disable', a), done)
  t.match(await run('mirror', 'pool', 'disable', name), done)

  for (const image of ['old', 'kept']) await Images.create(ioctx, image, { size: mib })
  t.match(await run('trash', 'mv', `${name}/old`), done)
  t.match(await run('trash', 'mv', `${name}/kept`, '--expires-at', '1d'), done)
  t.match(await ours('pool', 'stats'), { images: 1, trash: { images: 2 } })
  t.match(await run('trash', 'purge', name), { status: 0, stdout: '' })
  t.match(await ours('trash', 'ls'), [{ name: 'kept' }])
})

// Debian's manager of 18.2.7 cannot load its module for them: test/cluster/rbd/tasks.test.ts.
t.test('schedules and tasks', { skip: cephRelease === 18 && 'the manager has none' }, async (t) => {
  const { name, run, ours, ioctx } = await besideRbd(t)
  await Images.create(ioctx, 'a', { size: mib })
  const a = `${name}/a`
  t.match(await run('mirror', 'pool', 'enable', name, 'image'), done)
  t.match(await run('mirror', 'snapshot', 'schedule', 'add', '-p', name, '1d'), done)
  t.match(await ours('mirror', 'snapshot', 'schedule', 'ls'), [{ entries: [{ interval: '1d' }] }])
  t.match(await run('mirror', 'snapshot', 'schedule', 'rm', '-p', name), done)
  t.same(await ours('mirror', 'snapshot', 'schedule', 'ls'), [])
  t.match(await run('trash', 'purge', 'schedule', 'add', '-p', name, '12h'), done)
  t.match(await ours('trash', 'purge', 'schedule', 'ls'), [{ entries: [{ interval: '12h' }] }])
  t.match(await run('trash', 'purge', 'schedule', 'rm', '-p', name, '12h'), done)
  t.match(await run('mirror', 'pool', 'disable', name), done)

  const task = (await ours('task', 'add', 'remove', a)) as { id: string }
  t.match(task, { id: String })
  for (let i = 0; (await settledNames(ioctx)).length > 0; i++) {
    if (i === 100) throw new Error('the manager has not removed it')
    await sleep(200)
  }
  t.match(await run('task', 'cancel', task.id), { status: 1, stderr: /^rbdkit: E[A-Z]+: / })
  t.match(await run('task', 'add', 'paint', a), { status: 2, stderr: /'paint' is none of flatten/ })
})
