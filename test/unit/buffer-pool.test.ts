/** A pool of page-aligned buffers. */

import { BufferPool } from 'rbdkit'
import t from 'tap'
import { native } from '../../lib/internal/addon.js'

t.test('its buffers are aligned, apart from each other, and all there are', async (t) => {
  const pool = new BufferPool({ bufferSize: 8192, count: 5 })
  t.match(
    { available: pool.available, size: pool.bufferSize, count: pool.count },
    { available: 5, size: 8192, count: 5 },
  )
  const buffers = await Promise.all(Array.from({ length: 5 }, () => pool.acquire()))
  t.equal(pool.available, 0)
  t.equal(pool.tryAcquire(), undefined)
  for (const [i, buffer] of buffers.entries()) {
    t.equal(native.pageOffset(buffer), 0)
    t.equal(buffer.length, 8192)
    buffer.fill(i + 1)
  }
  t.ok(buffers.every((buffer, i) => buffer.every((byte) => byte === i + 1)))
  t.equal(native.pageOffset((buffers[0] as Buffer).subarray(100)), 100)
})

t.test('who waits gets one in turn, or is aborted', async (t) => {
  const pool = new BufferPool({ bufferSize: 4096, count: 1 })
  const buffer = await pool.acquire()
  const order: number[] = []
  const controller = new AbortController()
  const waiting = [1, 2, 3].map(async (i) => {
    const mine = await pool.acquire(i === 2 ? { signal: controller.signal } : undefined)
    order.push(i)
    pool.release(mine)
  })
  controller.abort(new Error('enough'))
  await t.rejects(waiting[1] as Promise<void>, { message: 'enough' })
  pool.release(buffer)
  await Promise.all([waiting[0], waiting[2]])
  t.same(order, [1, 3])
  t.equal(pool.available, 1)
  await t.rejects(pool.acquire({ signal: AbortSignal.abort(new Error('before')) }), { message: 'before' })
  t.equal(pool.available, 1)
})

t.test('what is not its own is refused, and nothing is lost', async (t) => {
  const pool = new BufferPool({ bufferSize: 4096, count: 2 })
  const buffer = await pool.acquire()
  for (const wrong of [Buffer.alloc(4096), buffer.subarray(0), undefined as unknown as Buffer]) {
    t.throws(() => pool.release(wrong), { code: 'ERR_INVALID_ARG_VALUE' })
  }
  pool.release(buffer)
  t.throws(() => pool.release(buffer), { code: 'ERR_INVALID_ARG_VALUE' })
  t.equal(pool.available, 2)
  const bad: [unknown, string][] = [
    [{ bufferSize: 4095, count: 1 }, 'ERR_OUT_OF_RANGE'],
    [{ bufferSize: 4097, count: 1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ bufferSize: 4096, count: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ bufferSize: '4096', count: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [7, 'ERR_INVALID_ARG_TYPE'],
  ]
  for (const [options, code] of bad) t.throws(() => new BufferPool(options as never), { code })
  await t.rejects(pool.acquire({ signal: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('given back twice is refused when the next one has it already', async (t) => {
  const pool = new BufferPool({ bufferSize: 4096, count: 1 })
  const first = await pool.acquire()
  const waiting = pool.acquire()
  pool.release(first)
  const second = await waiting
  t.equal(native.pageOffset(second), 0)
  t.throws(() => pool.release(first), { code: 'ERR_INVALID_ARG_VALUE' })
  t.equal(pool.tryAcquire(), undefined)
  pool.release(second)
  const third = pool.tryAcquire()
  t.ok(third)
  t.throws(() => pool.release(second), { code: 'ERR_INVALID_ARG_VALUE' })
})
