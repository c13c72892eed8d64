import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanupCopies, copy, Image } from 'rbdkit'
import t from 'tap'
import {
  type CopyPool,
  contentOf,
  imageNames,
  makeSparse,
  mib,
  openPool,
  settledNames,
  withImage,
} from './fixture.js'
import { buildPreload, killCopy, untilNoneInUse } from './kill.js'

t.jobs = 4

/** Where a copy to a new image, or one that replaces `old`, can be cut: each step's call, before and after it. */
const steps = [
  'rados_write_op_operate:1:before', // the record
  'rados_write_op_operate:1:after',
  'rbd_create4:1:after',
  'rbd_open_by_id:1:after',
  'rbd_lock_acquire:1:after',
  'rbd_aio_write2:1:after',
  'rbd_aio_write2:3:before',
  'rbd_flush:1:before',
  'rbd_flush:1:after',
]
/** Of giving it its name: before the first step, before the second, before and after the third. */
const nameSteps = [
  'rados_write_op_write_full:1:before',
  'rados_write_op_exec:4:before',
  'rados_write_op_cmpext:1:before',
  'rados_write_op_omap_rm_keys2:1:before',
]
const replaceSteps = ['rbd_rename:1:before', 'rbd_rename:1:after']
const groupSteps = [
  'rbd_group_image_add:1:before',
  'rbd_group_image_add:1:after',
  'rbd_group_image_remove_by_id:1:after',
]
const trashSteps = ['rbd_trash_move:1:before', 'rbd_trash_move:1:after']

/** Objects that a pool has because of copies that are not finished. */
async function traces({ rados }: CopyPool): Promise<string[]> {
  return (await rados('ls')).split('\n').filter((name) => name.includes('rbdkit'))
}

t.test(
  'SIGKILL at each step: nothing half under a name, and resume finishes it',
  { buffered: true },
  async (t) => {
    const pool = await openPool(t)
    const { ioctx } = pool
    const directory = t.testdir()
    const preload = buildPreload(directory)
    const file = join(directory, 'from')
    makeSparse(file, 20 * mib, [
      [0, 5 * mib],
      [9 * mib, 8 * mib],
    ])
    await copy({ file }, { ioctx, image: 'source' })
    const content = await contentOf(ioctx, 'source')
    const cases = [
      ...[...steps, ...nameSteps].map((at) => ({ at, replace: false })),
      ...[...replaceSteps, ...nameSteps, ...trashSteps].map((at) => ({ at, replace: true })),
    ].map((given, i) => ({ ...given, image: `disk-${i}` }))
    for (const { image, replace } of cases) if (replace) await Image.create(ioctx, image, { size: mib })

    const killOne = async ({ at, image, replace }: (typeof cases)[number]) => {
      const options = { replace }
      t.ok(await killCopy(pool, preload, { source: { file }, destination: { image }, options, at }), at)
    }
    for (let i = 0; i < cases.length; i += 4) await Promise.all(cases.slice(i, i + 4).map(killOne))

    for (const name of await imageNames(ioctx)) {
      if (!name.startsWith('disk-') || name.includes('.')) continue
      const found = await contentOf(ioctx, name)
      t.ok(found.equals(content) || found.length === mib, `${name} is whole, the old one or the new`)
    }
    await Promise.all(
      cases.map(async ({ at, image, replace }) => {
        const job = copy({ file }, { ioctx, image }, { resume: true, replace })
        // Where the copy was finished and only its record had been removed, there is nothing to go on with.
        const end = await Promise.resolve(job).catch((error) => error)
        if (!(end instanceof Error)) t.equal(end.bytes, content.length, `${at}: resumed`)
        else t.match(end, { code: 'EEXIST' }, at)
      }),
    )
    for (const { at, image } of cases) t.ok((await contentOf(ioctx, image)).equals(content), `${at}: whole`)
    await untilNoneInUse({ ioctx })
    for (const { error } of await cleanupCopies({ ioctx })) t.equal(error, undefined)
    const names = (await imageNames(ioctx)).filter((name) => !cases.some(({ image }) => image === name))
    t.same(names, ['source'])
    t.same(await traces(pool), [])
  },
)

t.test(
  'SIGKILL at each step of publishing: cleanup leaves one whole image under the name',
  { buffered: true },
  async (t) => {
    const pool = await openPool(t)
    const { ioctx, rbd } = pool
    const directory = t.testdir()
    const preload = buildPreload(directory)
    const file = join(directory, 'from')
    makeSparse(file, 6 * mib, [[mib, 2 * mib]])
    await copy({ file }, { ioctx, image: 'source' })
    const content = await contentOf(ioctx, 'source')
    const atSteps = [...replaceSteps, ...nameSteps, ...groupSteps, ...trashSteps]
    const cases = atSteps.map((at, i) => ({ at, image: `disk-${i}` }))
    const grouped = cases.filter(({ at }) => groupSteps.includes(at)).map(({ image }) => image)
    for (const { image } of cases) await Image.create(ioctx, image, { size: mib })
    for (const image of grouped) {
      await rbd('group', 'create', `group-${image}`)
      await rbd('group', 'image', 'add', `${ioctx.pool}/group-${image}`, `${ioctx.pool}/${image}`)
    }
    await Promise.all(
      cases.map(({ at, image }) =>
        killCopy(pool, preload, { source: { file }, destination: { image }, options: { replace: true }, at }),
      ),
    )
    const left = await untilNoneInUse({ ioctx })
    t.same(left.map(({ target }) => target).sort(), cases.map(({ image }) => image).sort())
    t.ok(left.every(({ action, done }) => action === 'publish' && !done))
    const cleared = await cleanupCopies({ ioctx })
    t.ok(cleared.every(({ done, error }) => done && error === undefined))
    for (const { at, image } of cases) t.ok((await contentOf(ioctx, image)).equals(content), at)
    t.same(await settledNames(ioctx), [...cases.map(({ image }) => image), 'source'].sort())
    const trash: { id: string }[] = JSON.parse(await rbd('trash', 'ls', '--format', 'json'))
    t.equal(trash.length, cases.length, 'the old ones are in the trash')
    for (const image of grouped) {
      const members = await rbd('group', 'image', 'ls', `${ioctx.pool}/group-${image}`)
      t.equal(members.trim(), `${ioctx.pool}/${image}`, 'and the new one is in its group')
    }
    t.same(await traces(pool), [])
    t.same(await cleanupCopies({ ioctx }), [])
  },
)

t.test('a rename cut in half, after its first and after its second step', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx, rados, rbd } = pool
  const directory = t.testdir()
  const preload = buildPreload(directory)
  const file = join(directory, 'from')
  makeSparse(file, 6 * mib, [[mib, 2 * mib]])
  const images = ['first', 'second', 'other']
  await Promise.all(
    images.map((image) =>
      killCopy(pool, preload, {
        source: { file },
        destination: { image },
        at: 'rados_write_op_write_full:1:before',
      }),
    ),
  )
  const left = await untilNoneInUse({ ioctx })
  const path = join(directory, 'bytes')
  const put = async (name: string, bytes: Buffer) => {
    writeFileSync(path, bytes)
    await rados('put', name, path)
  }
  const text = (value: string) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(value.length)
    return Buffer.concat([length, Buffer.from(value)])
  }
  const setOmap = async (key: string, bytes: Buffer) => {
    writeFileSync(path, bytes)
    await rados('setomapval', 'rbd_directory', key, '--input-file', path)
  }
  for (const { name, target } of left) {
    const { id } = JSON.parse(await rbd('info', name, '--format', 'json'))
    if (target === 'other') {
      await Image.create(ioctx, 'other', { size: mib })
      continue
    }
    await put(`rbd_id.${target}`, text(id))
    if (target === 'first') continue
    await rados('rmomapkey', 'rbd_directory', `name_${name}`)
    await setOmap(`name_${target}`, text(id))
    await setOmap(`id_${id}`, text(target))
  }
  t.notOk((await imageNames(ioctx)).includes('first'), 'ls hides it')
  t.equal((await contentOf(ioctx, 'first')).length, 6 * mib, 'but it opens')
  const outcome = await cleanupCopies({ ioctx })
  for (const { target, done, error, name } of outcome) {
    t.equal(done, target !== 'other', target)
    if (target !== 'other') continue
    t.match(error, { code: 'EEXIST' })
    await Image.remove(ioctx, 'other')
    t.ok((await cleanupCopies({ ioctx }))[0]?.done, `${name} gets its name once that is free`)
  }
  t.same(await settledNames(ioctx), ['first', 'other', 'second'])
  for (const image of images) {
    t.equal((await contentOf(ioctx, image)).length, 6 * mib)
    await Image.remove(ioctx, image)
  }
  t.same(await traces(pool), [])
})

t.test(
  'the temporary snapshot of a killed copy; a copy at work is left alone',
  { buffered: true },
  async (t) => {
    const pool = await openPool(t)
    const { ioctx } = pool
    const directory = t.testdir({ to: {} })
    const preload = buildPreload(directory)
    const file = join(directory, 'from')
    makeSparse(file, 32 * mib, [[0, 32 * mib]])
    await copy({ file }, { ioctx, image: 'source' })
    await withImage(ioctx, 'source', async (image) => {
      // Slow enough that the second copy is still at work when the cleanup looks, also on a busy machine.
      await image.metadata.set('conf_rbd_qos_read_bps_limit', String(4 * mib))
      const to = { file: join(directory, 'to', 'disk') }
      t.ok(await killCopy(pool, preload, { source: { image: 'source' }, destination: to, afterMs: 0 }))

      const job = copy({ ioctx, image: 'source' }, { ioctx, image: 'copy' }, { maxMemory: 16 * mib })
      for await (const p of job) if (p.phase === 'copy' && p.bytesDone > 0) break
      const during = await cleanupCopies({ ioctx })
      const alive = during.filter(({ inUse }) => inUse)
      t.ok(alive.some(({ kind, target }) => kind === 'image' && target === 'copy'))
      t.ok(alive.some(({ kind, target }) => kind === 'snapshot' && target === 'source'))
      t.ok(
        alive.every(({ done }) => !done),
        'of that nothing is touched',
      )
      await job
      await untilNoneInUse({ ioctx })
      await cleanupCopies({ ioctx })
      t.same(await image.snapshots.list(), [])
    })
    const files = await cleanupCopies({ directory: join(directory, 'to') })
    t.match(files, [{ kind: 'file', target: 'disk', done: true, inUse: false, action: 'remove' }])
    t.same(await traces(pool), [])
  },
)
