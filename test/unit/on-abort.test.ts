/** One signal for many operations, as a request's is in a server. */

import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { BufferPool } from 'rbdkit'
import t from 'tap'
import { onAbort } from '../../lib/internal/on-abort.js'

t.test('many operations with one signal are no leak, and all of them hear of it', async (t) => {
  const warnings: Error[] = []
  const hear = (warning: Error): unknown => warnings.push(warning)
  process.on('warning', hear)
  t.teardown(() => process.off('warning', hear))
  const pool = new BufferPool({ bufferSize: 4096, count: 1 })
  const buffer = await pool.acquire()
  const { signal, abort } = ((controller) => ({
    signal: controller.signal,
    abort: (reason: Error) => controller.abort(reason),
  }))(new AbortController())
  const waiting = Array.from({ length: 30 }, () => pool.acquire({ signal }))
  const ended = Promise.allSettled(waiting)
  pool.release(buffer)
  pool.release((await waiting[0]) as Buffer)
  pool.release((await waiting[1]) as Buffer)
  t.equal(getEventListeners(signal, 'abort').length, 1)
  const reason = new Error('enough')
  const last = (await waiting[2]) as Buffer
  abort(reason)
  const results = await ended
  t.same(
    results.map(({ status }) => status),
    [...Array(3).fill('fulfilled'), ...Array(27).fill('rejected')],
  )
  t.ok(results.every((result) => result.status === 'fulfilled' || result.reason === reason))
  t.same(getEventListeners(signal, 'abort'), [])
  pool.release(last)
  await setImmediate()
  t.same(warnings, [])
})

t.test('a signal that nobody waits with any more has no listener', async (t) => {
  const { signal } = new AbortController()
  const heard: number[] = []
  const unlisten = [1, 2].map((n) => onAbort(signal, () => heard.push(n)))
  unlisten[0]?.()
  t.equal(getEventListeners(signal, 'abort').length, 1)
  unlisten[1]?.()
  unlisten[1]?.()
  t.same(getEventListeners(signal, 'abort'), [])
  t.same(heard, [])
})
