/** The commands that make, change and remove images, beside the rbd command's own answers. */

import { Image as Images } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { mib, settledNames, withImage } from '../copy/fixture.js'
import { besideRbd, done } from './fixture.js'

t.setTimeout(300_000)

t.test('create, resize, rename: as rbd reads them', async (t) => {
  const { name, run, theirs, ioctx } = await besideRbd(t)
  t.match(await run('create', `${name}/a`, '--size', '10'), done)
  t.match(await theirs('info', 'a'), { size: 10 * mib }, 'a number alone is MiB')
  t.match(await run('create', '-p', name, '--image', 'b', '-s', '4097b', '--object-size', '64k'), done)
  t.match(await theirs('info', 'b'), { size: 4097, object_size: 65_536 })
  t.match(await run('create', `${name}/empty`, '--size', '0'), done)
  t.match(await theirs('info', 'empty'), { size: 0 })
  const again = await run('create', `${name}/a`, '--size', '1g')
  t.match(again, { status: 1, stderr: /^rbdkit: EEXIST: [^\n]+a'\n$/ })
  for (const size of ['1x', '-1', '1.5b', '']) {
    const wrong = await run('create', `${name}/x`, `--size=${size}`)
    t.match(
      wrong,
      { status: 2, stderr: /'-s, --size <size>' argument '[^']*' is invalid\. must be a size/ },
      size,
    )
  }
  t.match(await run('create', `${name}/x`), { status: 2, stderr: /required option '-s, --size <size>'/ })

  t.match(await run('resize', `${name}/a`, '--size', '1g'), { status: 0, stdout: '' })
  t.match(await theirs('info', 'a'), { size: 1024 * mib })
  t.match(await run('resize', `${name}/a`, '--size', '5m'), { status: 1, stderr: /^rbdkit: E[A-Z]+: / })
  t.match(await theirs('info', 'a'), { size: 1024 * mib }, 'nothing was lost')
  t.match(await run('resize', `${name}/a`, '--size', '5m', '--allow-shrink'), { status: 0 })
  t.match(await theirs('info', 'a'), { size: 5 * mib })

  t.match(await run('mv', `${name}/a`, 'c'), done, 'it stays in its pool')
  t.match(await run('rename', `${name}/c`, `${name}/d`), done)
  t.same(await settledNames(ioctx), ['b', 'd', 'empty'])
  t.match(await run('rename', `${name}/d`, 'other-pool/d'), {
    status: 2,
    stderr: /keeps its pool and namespace/,
  })
  t.match(await run('rename', `${name}/d`, 'b'), { status: 1, stderr: /^rbdkit: EEXIST: / })
})

t.test('clone, children, flatten', async (t) => {
  const { name, run, ours, theirs, ioctx } = await besideRbd(t)
  await Images.create(ioctx, 'golden', { size: 8 * mib })
  await withImage(ioctx, 'golden', async (image) => {
    await image.write(Buffer.from('golden'), { position: 0 })
    await image.snapshots.create('s')
    await image.snapshots.protect('s')
  })
  t.match(await run('clone', `${name}/golden@s`, `${name}/one`), done)
  t.match(
    await run('clone', `${name}/golden@s`, `${name}/two`, '--clone-format', '2', '--object-size', '64k'),
    done,
  )
  t.match(await theirs('info', 'two'), { object_size: 65_536, parent: { image: 'golden', snapshot: 's' } })
  t.match(await run('clone', `${name}/golden`, `${name}/x`), { status: 2, stderr: /names no snapshot/ })
  t.match(await run('clone', `${name}/golden@s`), { status: 2, stderr: /say which image to make/ })

  const byName = (list: unknown) =>
    (list as { image: string }[]).sort((a, b) => a.image.localeCompare(b.image))
  for (const spec of ['golden', 'golden@s'])
    t.same(byName(await ours('children', spec)), byName(await theirs('children', spec)), spec)
  t.match(await run('trash', 'mv', `${name}/two`), done)
  t.match(await run('children', `${name}/golden@s`), { ...done, stdout: `${name}/one\n` })
  t.same(
    byName(await ours('children', 'golden', '--all')),
    byName(await theirs('children', 'golden', '--all')),
  )

  t.match(await run('flatten', `${name}/one`), { status: 0, stdout: '' })
  t.notMatch(await theirs('info', 'one'), { parent: {} })
  t.equal(
    (await withImage(ioctx, 'one', (image) => image.read({ position: 0, length: 6 }))).buffer.toString(),
    'golden',
  )
  t.match(await run('flatten', `${name}/one`), { status: 1, stderr: /^rbdkit: EINVAL: / })
})

t.test('trash: mv, ls, restore, rm', async (t) => {
  const { name, run, ours, theirs, ioctx } = await besideRbd(t)
  for (const image of ['a', 'b']) await Images.create(ioctx, image, { size: mib })
  t.match(await run('trash', 'mv', `${name}/a`), done)
  t.match(await run('trash', 'move', '-p', name, '--image', 'b', '--expires-at', '1h'), done)
  const list = (await ours('trash', 'ls')) as { id: string; name: string }[]
  t.same(list, await theirs('trash', 'ls'))
  const id = (image: string) => list.find((one) => one.name === image)?.id ?? ''
  const long = await run('trash', 'ls', '-l', name)
  t.match(long.stdout, /^ID +NAME +SOURCE +DELETED_AT +STATUS\n/)
  t.match(long.stdout, /\bb +user +\S+ \S+ +protected until \d{4}-/)
  t.match(await run('trash', 'rm', `${name}/${id('b')}`), { status: 1, stderr: /^rbdkit: EPERM: / })
  t.match(await run('trash', 'rm', `${name}/${id('b')}`, '--force'), { status: 0, stdout: '' })
  t.match(await run('trash', 'restore', `${name}/${id('a')}`, '--image', 'back'), done)
  t.same(await settledNames(ioctx), ['back'])
  t.same(await ours('trash', 'ls'), [])
  t.match(await run('trash', 'restore', `${name}/nosuch`), { status: 1, stderr: /^rbdkit: ENOENT: / })
  for (const time of ['yesterday', '2001-01-01'])
    t.match(await run('trash', 'mv', `${name}/back`, `--expires-at=${time}`), {
      status: 2,
      stderr: /must be a time from now/,
    })
})

t.test('image-meta, namespace, pool init, lock ls, status', async (t) => {
  const { cluster, name, run, ours, theirs, ioctx } = await besideRbd(t)
  await Images.create(ioctx, 'a', { size: mib })
  const a = `${name}/a`
  t.match(await run('image-meta', 'set', a, 'owner', 'some body'), done)
  t.match(await run('meta', 'set', a, 'empty', ''), done)
  t.same(await ours('image-meta', 'ls', 'a'), await theirs('image-meta', 'ls', 'a'))
  t.match(await run('image-meta', 'get', a, 'owner'), { ...done, stdout: 'some body\n' })
  t.match(await run('image-meta', 'get', a, 'nosuch'), { status: 1, stderr: /has no key 'nosuch'/ })
  t.match(await run('image-meta', 'rm', a, 'owner'), done)
  t.same(await ours('image-meta', 'ls', 'a'), { empty: '' })
  t.match(await run('image-meta', 'set', a, 'key'), {
    status: 2,
    stderr: /missing required argument 'value'/,
  })

  t.match(await run('namespace', 'create', `${name}/ns1`), done)
  t.match(await run('namespace', 'create', '-p', name, '--namespace', 'ns2'), done)
  t.same(await ours('namespace', 'ls'), await theirs('namespace', 'ls'))
  t.match(await run('namespace', 'ls', name), { ...done, stdout: 'ns1\nns2\n' })
  t.match(await run('namespace', 'rm', `${name}/ns1`), done)
  t.match(await run('namespace', 'ls', name), { ...done, stdout: 'ns2\n' })
  t.match(await run('namespace', 'rm', name), { status: 2, stderr: /name a namespace/ })
  t.match(await run('namespace', 'rm', `${name}/ns1`), { status: 1, stderr: /^rbdkit: ENOENT: / })

  const fresh = randomName('init')
  await cluster.monitorCommand({ prefix: 'osd pool create', pool: fresh, pg_num: 1 })
  t.teardown(() => cluster.pools.delete(fresh))
  t.match(await run('pool', 'init', fresh), done)
  t.match(
    await cluster.monitorCommand({ prefix: 'osd pool application get', pool: fresh }),
    { rbd: {} },
    'its application is set',
  )

  t.match(await run('status', a), { ...done, stdout: 'Watchers: none\n' })
  await withImage(ioctx, 'a', async (image) => {
    await image.locks.acquire('exclusive')
    t.same(await ours('lock', 'ls', 'a'), await theirs('lock', 'ls', 'a'))
    t.same(await ours('status', 'a'), await theirs('status', 'a'))
    t.match(
      (await run('lock', 'ls', a)).stdout,
      /^LOCKER +ID +ADDRESS +MODE\nclient\.\d+ +auto \d+ +\S+ +exclusive\n$/,
    )
    t.match((await run('status', a)).stdout, /^Watchers:\n {2}watcher=\S+ client\.\d+ cookie=\d+\n$/)
  })
})

t.test('sparsify, snap purge and limit', async (t) => {
  const { name, run, ours, theirs, ioctx } = await besideRbd(t)
  await Images.create(ioctx, 'a', { size: 8 * mib })
  const a = `${name}/a`
  await withImage(ioctx, 'a', async (image) => {
    await image.write(Buffer.alloc(4 * mib), { position: 0 })
    await image.flush()
  })
  t.match(await theirs('du', 'a'), { images: [{ used_size: 4 * mib }] })
  t.match(await run('sparsify', a), { status: 0, stdout: '' })
  t.match(await theirs('du', 'a'), { images: [{ used_size: 0 }] })

  t.match(await run('snap', 'limit', 'set', a, '--limit', '2'), done)
  for (const snap of ['x', 'y']) t.match(await run('snap', 'add', `${a}@${snap}`), done)
  t.match(await run('snap', 'create', `${a}@z`), { status: 1, stderr: /^rbdkit: EDQUOT: / })
  t.match(await run('snap', 'limit', 'clear', a), done)
  t.match(await run('snap', 'create', `${a}@z`), done)
  t.match(await run('snap', 'protect', `${a}@y`), done)
  t.match(await run('snap', 'purge', a), { status: 0, stdout: '', stderr: /'y' is protected, and stays\n/ })
  t.match(await ours('snap', 'ls', 'a'), [{ name: 'y' }])
  t.equal(((await theirs('snap', 'ls', 'a')) as unknown[]).length, 1)
})
