/** The manager's tasks and schedules, on a manager that does them. */

import { setTimeout as sleep } from 'node:timers/promises'
import {
  type BackgroundTask,
  type Cluster,
  Image,
  Migration,
  Mirror,
  MirrorSnapshotSchedules,
  namespaceCreate,
  type ScheduleInterval,
  type TaskAction,
  Tasks,
  Trash,
  TrashPurgeSchedules,
} from 'rbdkit'
import t, { type Test } from 'tap'
import { cephRelease } from '../../helpers/releases.js'
import { imageNames, mib, openPool, withImage } from '../copy/fixture.js'

/** Waits until the manager's module is ready, as it is some seconds after the manager. */
async function openTasks(t: Test) {
  const opened = await openPool(t)
  const tasks = new Tasks(opened.cluster)
  for (const deadline = Date.now() + 60_000; ; await sleep(250)) {
    try {
      await tasks.list()
      return { ...opened, tasks }
    } catch (error) {
      if ((error as { code: string }).code !== 'EAGAIN' || Date.now() > deadline) throw error
    }
  }
}

/** Waits for a task's end. */
async function done(tasks: Tasks, task: BackgroundTask): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
    if (!(await tasks.list()).some(({ id }) => id === task.id)) return
  }
  throw new Error(`${task.message} does not end`)
}

// Debian's manager of 18.2.7 cannot load rbd_support: "PyO3 modules do not yet support subinterpreters".
const skip = cephRelease === 18 && 'the manager has no tasks'

t.test('a manager that has no tasks says so', { skip: !skip && 'it has' }, async (t) => {
  const { cluster } = await openPool(t)
  const refused = {
    code: 'EINVAL',
    syscall: 'rados_mgr_command',
    message: /: the manager could not load its module rbd_support: 'ceph health detail' says why$/,
  }
  await t.rejects(new Tasks(cluster).list(), refused)
  await t.rejects(new TrashPurgeSchedules(cluster).list(), refused)
  await t.rejects(new MirrorSnapshotSchedules(cluster).list(), refused)
})

t.test('flatten, remove, remove from the trash', { skip }, async (t) => {
  const { cluster, ioctx, tasks } = await openTasks(t)
  const { pool } = ioctx
  await Image.create(ioctx, 'parent', { size: mib })
  await withImage(ioctx, 'parent', (image) => image.snapshots.create('s'))
  await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, 'clone', { cloneFormat: 2 })
  const flatten = await tasks.add('flatten', { pool, image: 'clone' })
  const { id } = await withImage(ioctx, 'clone', (image) => image.info())
  t.match(flatten, {
    id: /^[-0-9a-f]{36}$/,
    sequence: Number,
    message: `Flattening image ${pool}/clone`,
    action: 'flatten',
    pool,
    namespace: '',
    image: 'clone',
    imageId: id,
    running: false,
    cancelled: false,
  })
  t.notOk('retry' in flatten)
  await done(tasks, flatten)
  t.equal(await withImage(ioctx, 'clone', (image) => image.parent()), undefined)
  await t.rejects(tasks.get(flatten.id), { code: 'ENOENT' })

  await namespaceCreate(ioctx, 'space')
  await using space = await cluster.openIoCtx(pool, { namespace: 'space' })
  await Image.create(space, 'image', { size: mib })
  const remove = await tasks.add('remove', { pool, namespace: 'space', image: 'image' })
  t.match(remove, { action: 'remove', pool, namespace: 'space', image: 'image' })
  await done(tasks, remove)
  t.same(await imageNames(space), [])

  await new Trash(ioctx).move('clone')
  const trashed = await tasks.add('trash-remove', { pool, id })
  t.match(trashed, { action: 'trash-remove', imageId: id })
  t.equal(trashed.image, undefined)
  await done(tasks, trashed)
  t.same(await new Trash(ioctx).list(), [])
})

t.test('a migration', { skip }, async (t) => {
  const { ioctx, tasks } = await openTasks(t)
  const { pool } = ioctx
  await Image.create(ioctx, 'image', { size: mib })
  const migration = await Migration.prepare(ioctx, 'image', ioctx, 'new')
  await t.rejects(tasks.add('migration-commit', { pool, image: 'new' }), { code: 'EINVAL' })
  await done(tasks, await tasks.add('migration-execute', { pool, image: 'new' }))
  t.equal((await migration.status()).state, 'executed')
  await done(tasks, await tasks.add('migration-commit', { pool, image: 'new' }))
  await t.rejects(migration.status(), { code: 'EINVAL' })
  await Migration.prepare(ioctx, 'new', ioctx, 'newer')
  const abort = await tasks.add('migration-abort', { pool, image: 'newer' })
  t.equal(abort.action, 'migration-abort')
  await done(tasks, abort)
  t.same(await imageNames(ioctx), ['new'])
})

t.test('what can never succeed is tried again until it is cancelled', { skip }, async (t) => {
  const { ioctx, tasks } = await openTasks(t)
  const { pool } = ioctx
  await Image.create(ioctx, 'image', { size: mib })
  const { id } = await withImage(ioctx, 'image', (image) => image.info())
  await new Trash(ioctx).move('image', { delaySeconds: 3600 })
  const task = await tasks.add('trash-remove', { pool, id })
  let seen = await tasks.get(task.id)
  for (const deadline = Date.now() + 30_000; seen.retry === undefined && Date.now() < deadline; ) {
    await sleep(100)
    seen = await tasks.get(task.id)
  }
  t.match(seen, {
    id: task.id,
    running: false,
    retry: { message: /permission|deferment|expired|PERM|denied/i },
  })
  t.ok((seen.retry?.attempts ?? 0) >= 1)
  t.match(seen.retry?.time, /^\d{4}-\d\d-\d\dT/)
  t.match(await tasks.add('trash-remove', { pool, id }), { id: task.id }, 'it is not added twice')
  t.ok((await tasks.list()).some((each) => each.id === task.id))
  await tasks.cancel(task.id)
  await t.rejects(tasks.get(task.id), { code: 'ENOENT' })
  await t.rejects(tasks.cancel(task.id), { code: 'ENOENT', syscall: 'rados_mgr_command' })
  t.equal((await new Trash(ioctx).list()).length, 1, 'the image is there still')
})

t.test('what is refused', { skip }, async (t) => {
  const { ioctx, tasks } = await openTasks(t)
  const { pool } = ioctx
  await Image.create(ioctx, 'image', { size: mib })
  await t.rejects(tasks.add('flatten', { pool, image: 'image' }), { code: 'ENOENT' }, 'it has no parent')
  await t.rejects(tasks.add('remove', { pool, image: 'none' }), { code: 'ENOENT' })
  await t.rejects(tasks.add('remove', { pool: 'none', image: 'image' }), { code: 'ENOENT' })
  await t.rejects(tasks.add('trash-remove', { pool, id: 'none' }), { code: 'ENOENT' })
  await withImage(ioctx, 'image', (image) => image.snapshots.create('s'))
  await t.rejects(tasks.add('remove', { pool, image: 'image' }), { code: 'EBUSY' })
  const wrong: [action: string, image: object][] = [
    ['rename', { pool, image: 'image' }],
    ['remove', { pool, image: 'a/b' }],
    ['remove', { pool, image: 'a@b' }],
    ['remove', { pool }],
    ['remove', { image: 'image' }],
    ['remove', { pool, id: 'x' }],
    ['trash-remove', { pool, image: 'image' }],
    ['remove', { pool, image: 'image', namespace: 'a/b' }],
  ]
  for (const [action, image] of wrong)
    await t.rejects(tasks.add(action as TaskAction & 'remove', image as { pool: string; image: string }), {
      code: /^ERR_INVALID_ARG_/,
    })
  t.throws(() => new Tasks({} as Cluster), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('schedules of purging trashes', { skip }, async (t) => {
  const { cluster, ioctx, rbd } = await openTasks(t)
  const { pool } = ioctx
  const schedules = new TrashPurgeSchedules(cluster)
  const mine = async () => (await schedules.list()).filter(({ level }) => level.startsWith(`${pool}/`))
  await namespaceCreate(ioctx, 'space')
  await schedules.add({ pool }, '90m')
  await schedules.add({ pool }, '1d', { startTime: '14:00:00-05:00' })
  await schedules.add({ pool, namespace: 'space' }, '2h')
  const [whole, space, ...more] = (await mine()).sort((a, b) => a.level.localeCompare(b.level))
  t.same(more, [])
  const poolId = String(await ioctx.id())
  t.match(whole, { level: `${pool}/`, id: poolId })
  t.same(
    whole?.entries.sort((a, b) => a.interval.localeCompare(b.interval)),
    [{ interval: '1d', startTime: '14:00:00-05:00' }, { interval: '90m' }],
  )
  t.same(space, { level: `${pool}/space/`, id: `${poolId}/space`, entries: [{ interval: '2h' }] })
  const theirs = JSON.parse(await rbd('trash', 'purge', 'schedule', 'ls', '--format', 'json')) as {
    interval: string
  }[]
  t.same(theirs.map(({ interval }) => interval).sort(), ['1d', '90m'])
  t.same(
    (await schedules.list({ pool, namespace: 'space' })).map(({ level }) => level),
    [`${pool}/space/`],
  )
  for (const { target, time } of await schedules.status({ pool })) {
    t.match(target, new RegExp(`^${pool}(/space)?$`))
    t.match(time, /^\d{4}-\d\d-\d\d \d\d:\d\d:00$/)
  }
  await schedules.remove({ pool }, '90m')
  t.same((await mine()).find(({ level }) => level === `${pool}/`)?.entries, [
    { interval: '1d', startTime: '14:00:00-05:00' },
  ])
  await schedules.remove({ pool, namespace: 'space' })
  await schedules.remove({ pool, namespace: 'space' }) // no error when there is none
  await schedules.remove({ pool })
  t.same(await mine(), [])
  await t.rejects(schedules.add({ pool: 'none' }, '1h'), {
    code: 'EINVAL',
    message: /pool none does not exist/,
  })
  await t.rejects(schedules.add({ pool }, '1h', { startTime: 'noon or so' }), { code: 'EINVAL' })
  for (const interval of ['0m', '1w', 'h', '1', '1.5h', ''])
    await t.rejects(schedules.add({ pool }, interval as ScheduleInterval), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(schedules.add({ namespace: 'space' }, '1h'), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(schedules.add({ pool, image: 'x' } as { pool: string }, '1h'), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  t.throws(() => new TrashPurgeSchedules({} as Cluster), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('schedules of snapshots for mirroring', { skip }, async (t) => {
  const { cluster, ioctx, rbd } = await openTasks(t)
  const { pool } = ioctx
  const schedules = new MirrorSnapshotSchedules(cluster)
  await new Mirror(ioctx).setMode('image')
  await Image.create(ioctx, 'image', { size: mib })
  await t.rejects(schedules.add({ pool, image: 'image' }, '1h'), { code: 'EINVAL' }, 'it is not mirrored so')
  const { id } = await withImage(ioctx, 'image', async (image) => {
    await image.mirror.enable('snapshot')
    return image.info()
  })
  await schedules.add({ pool, image: 'image' }, '1m')
  await schedules.add({ pool }, '1d')
  const mine = async () => (await schedules.list()).filter(({ level }) => level.startsWith(`${pool}/`))
  t.same((await mine()).map(({ level, entries }) => [level, entries]).sort(), [
    [`${pool}/`, [{ interval: '1d' }]],
    [`${pool}/image`, [{ interval: '1m' }]],
  ])
  t.match(await schedules.list({ pool, image: 'image' }), [{ id: `${await ioctx.id()}//${id}` }])
  t.match(await rbd('mirror', 'snapshot', 'schedule', 'ls', '--image', 'image'), /every 1m/)
  t.ok(Array.isArray(await schedules.status({ pool })))
  await schedules.remove({ pool, image: 'image' }, '1m')
  await schedules.remove({ pool })
  t.same(await mine(), [])
  await t.rejects(schedules.add({ image: 'image' }, '1h'), { code: 'ERR_INVALID_ARG_VALUE' })
})
