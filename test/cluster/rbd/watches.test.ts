/** Watches of an image's header, and of the snapshots that are about to be made. */

import { setTimeout as sleep } from 'node:timers/promises'
import { Image } from 'rbdkit'
import t from 'tap'
import { uncaughtException } from '../../helpers/uncaught.js'
import { mib, openPool } from '../copy/fixture.js'

t.test('changes of the header', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 8 * mib })
  await using image = await Image.open(ioctx, 'image')
  const updates = await image.watches.updates()
  const next = updates.next()
  await rbd('resize', '--size', '16M', 'image')
  t.match(await next, { done: false, value: { changes: Number } })
  t.equal(await image.size(), 16 * mib)
  for (const name of ['a', 'b', 'c']) await rbd('snap', 'create', `image@${name}`)
  let changes = 0
  for await (const update of updates) {
    changes += update.changes
    if (changes >= 3) break
  }
  t.ok(changes >= 3)
  t.equal(updates.closed, true, 'leaving the loop closes it')
  t.same(await updates.next(), { done: true, value: undefined })

  const other = await image.watches.updates()
  const waiting = other.next()
  await image.close()
  t.same(await waiting, { done: true, value: undefined }, 'closing the image ends it')
  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  await t.rejects(reader.watches.updates(), { code: 'EROFS', syscall: 'rbd_update_watch' })
})

t.test('a snapshot waits for the handler', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 8 * mib })
  await using image = await Image.open(ioctx, 'image')
  await image.write(Buffer.from('at work'), { position: 0 }) // the lock is this handle's from here on
  const order: string[] = []
  let ended = (): void => {}
  const unquiesced = () =>
    new Promise<void>((resolve) => {
      ended = resolve
    })
  const watch = await image.watches.quiesce({
    async quiesce() {
      order.push('quiesce')
      await sleep(300)
      await image.write(Buffer.from('at rest'), { position: 0 })
      await image.flush()
      order.push('rests')
    },
    unquiesce() {
      order.push('unquiesce')
      ended()
    },
  })
  for (const make of [() => rbd('snap', 'create', 'image@theirs'), () => image.snapshots.create('ours')]) {
    order.length = 0
    const over = unquiesced()
    await make()
    order.push('made')
    await over
    t.same(order.slice(0, 2), ['quiesce', 'rests'])
    t.same(order.slice(2).sort(), ['made', 'unquiesce'])
  }
  await using then = await Image.open(ioctx, 'image', { snapshot: 'theirs' })
  t.equal((await then.read({ position: 0, length: 7 })).buffer.toString(), 'at rest', 'the handler was first')
  await then.close()
  order.length = 0
  await image.snapshots.create('skipped', { quiesce: 'skip' })
  await rbd('snap', 'create', '--skip-quiesce', 'image@skipped-by-rbd')
  t.same(order, [])
  await watch.close()
  await image.snapshots.create('unwatched')
  t.same(order, [])
  t.equal((await image.snapshots.list()).length, 5)
})

t.test('a handler that fails, or takes too long, or is closed, fails the snapshot', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 8 * mib })
  await using image = await Image.open(ioctx, 'image')
  await using other = await Image.open(ioctx, 'image')
  let quiesce: (signal: AbortSignal) => Promise<void> = async () => {}
  let unquiesced = 0
  const errors: unknown[] = []
  const watch = await image.watches.quiesce(
    {
      quiesce: (signal) => quiesce(signal),
      unquiesce: () => {
        unquiesced++
      },
    },
    { timeoutMs: 500, onError: (error) => errors.push(error) },
  )
  const fails = Object.assign(new Error('the disk does not freeze'), { errno: -16 })
  quiesce = () => Promise.reject(fails)
  await t.rejects(other.snapshots.create('a'), { code: 'EBUSY', syscall: 'rbd_snap_create2', snapshot: 'a' })
  t.equal(errors.pop(), fails)
  await other.snapshots.create('all the same', { quiesce: 'ignore-errors' })
  quiesce = () => Promise.reject(new Error('no number'))
  await t.rejects(other.snapshots.create('b'), { code: 'EIO' })

  let aborted = false
  quiesce = (signal) =>
    new Promise(() => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
    })
  await t.rejects(other.snapshots.create('c'), { code: 'ETIMEDOUT' })
  t.ok(aborted)
  t.match(errors.pop(), { code: 'ETIMEDOUT', message: /quiesce\(\) took too long$/ })
  let begun = (): void => {}
  const began = new Promise<void>((resolve) => {
    begun = resolve
  })
  quiesce = () => {
    begun()
    return new Promise(() => {})
  }
  const refused = t.rejects(other.snapshots.create('d'), { code: 'ECANCELED' })
  await began
  const before = unquiesced
  await watch.close()
  t.ok(unquiesced > before, 'what rests is told to go on')
  await refused
  t.match(await other.snapshots.list(), [{ name: 'all the same' }])
  t.ok(unquiesced > 0)
  await other.snapshots.create('e')
})

t.test('arguments, and what unquiesce() throws', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  const nothing = { quiesce: () => {}, unquiesce: () => {} }
  await t.rejects(image.watches.quiesce({} as typeof nothing), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(image.watches.quiesce(nothing, { timeoutMs: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  await t.rejects(reader.watches.quiesce(nothing), { code: 'EROFS' })
  const error = new Error('the handler fails')
  const uncaught = uncaughtException()
  await using watch = await image.watches.quiesce({
    quiesce: () => {},
    unquiesce: () => {
      throw error
    },
  })
  await image.snapshots.create('s')
  t.equal(await uncaught, error)
  await watch.close()
})
