/** Watches and notifies on a real cluster: answers, order, and every way for a watcher to go. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Cluster, type IoCtx, type NotifyResult, type Watch } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'
import { plainNode } from '../../helpers/child.js'
import { type CopyPool, openPool } from '../copy/fixture.js'

const child = fileURLToPath(new URL('watch-child.mjs', import.meta.url))

/** A client of its own in the same pool. */
async function another(t: Test, { ioctx, test }: CopyPool): Promise<IoCtx> {
  const cluster = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  t.teardown(() => cluster.close())
  return cluster.openIoCtx(ioctx.pool)
}

function spec({ ioctx, test }: CopyPool, ending: string, object = 'board'): Record<string, string> {
  return { confFile: test.confFile, keyring: test.keyring, pool: ioctx.pool, object, ending }
}

/** Starts a client with a watch in another process, and waits until it watches. */
async function startChild(t: Test, pool: CopyPool, ending: string, object = 'board') {
  const [command, args] = plainNode([child, JSON.stringify(spec(pool, ending, object))])
  const process_ = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => process_.kill('SIGKILL'))
  const lines: string[] = []
  let stderr = ''
  process_.stderr.on('data', (data) => {
    stderr += data
  })
  const ended = once(process_, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  await new Promise<void>((resolve, reject) => {
    process_.stdout.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.trim().split('\n'))
      if (lines[0]?.startsWith('watching ')) resolve()
    })
    void ended.then(() => reject(new Error(`the child ended early: ${stderr}`)))
  })
  const cookie = BigInt(String(lines[0]).split(' ')[1] ?? '')
  return {
    kill: (signal: NodeJS.Signals) => process_.kill(signal),
    ended,
    lines,
    cookie,
    errors: () => stderr,
  }
}

const texts = ({ replies }: NotifyResult): string[] => replies.map(({ payload }) => String(payload)).sort()

t.test('several watchers hear it, and their answers come back under their ids', async (t) => {
  const pool = await openPool(t)
  const { ioctx, cluster, rados } = pool
  await ioctx.createObject('board')
  const theirs = await another(t, pool)
  const heard: string[] = []
  const watches: Watch[] = []
  for (const [name, at] of [['a', ioctx] as const, ['b', ioctx] as const, ['c', theirs] as const]) {
    watches.push(
      await at.watch('board', async ({ payload, clientId, id }) => {
        heard.push(`${name} ${payload} ${clientId === ids[0]} ${typeof id}`)
        return name === 'b' ? undefined : Buffer.concat([Buffer.from(`${name}\0`), payload])
      }),
    )
  }
  const ids = [await cluster.clientId(), await theirs.cluster.clientId()]
  t.not(ids[0], ids[1])
  const result = await ioctx.notify('board', Buffer.from('news'))
  t.same(result.timedOut, [])
  t.same(texts(result), ['', 'a\0news', 'c\0news'])
  t.same(heard.sort(), ['a news true bigint', 'b news true bigint', 'c news true bigint'])
  const from = (watch: Watch | undefined) => result.replies.find(({ cookie }) => cookie === watch?.cookie)
  t.equal(String(from(watches[0])?.payload), 'a\0news')
  t.equal(from(watches[0])?.clientId, ids[0])
  t.equal(from(watches[2])?.clientId, ids[1])
  t.ok(((await watches[0]?.check()) as number) < 30_000)
  t.equal((await rados('listwatchers', 'board')).trim().split('\n').length, 3)

  await watches[1]?.close()
  t.same(texts(await theirs.notify('board')), ['a\0', 'c\0'])
  await watches[0]?.close()
  await watches[0]?.close()
  await watches[2]?.close()
  t.same(await ioctx.notify('board', Buffer.from('alone')), { replies: [], timedOut: [] })
  t.equal(await rados('listwatchers', 'board'), '')
  await t.rejects((watches[0] as Watch).check(), { code: 'EBADF', object: 'board' })
})

t.test('a thousand notifications come in order, whole', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await ioctx.createObject('board')
  const heard: number[] = []
  const watch = await ioctx.watch('board', ({ payload }) => {
    const number = payload.readUInt32LE()
    heard.push(number)
    if (!payload.subarray(4).equals(Buffer.alloc(payload.length - 4, number % 251)))
      throw new Error(`payload ${number} is damaged`)
    return payload.subarray(0, 4)
  })
  t.teardown(() => watch.close())
  const theirs = await another(t, pool)
  for (let i = 0; i < 1000; i++) {
    const payload = Buffer.alloc(4 + (i % 40) * 256, i % 251)
    payload.writeUInt32LE(i)
    const { replies } = await theirs.notify('board', payload)
    if (replies.length !== 1 || replies[0]?.payload.readUInt32LE() !== i) t.fail(`answer ${i}`)
  }
  t.same(heard, [...heard.keys()])
  t.equal(heard.length, 1000)
})

t.test('more notifies at once than there are threads, of a process that watches itself', async (t) => {
  const { ioctx } = await openPool(t)
  await ioctx.createObject('board')
  const watch = await ioctx.watch('board', async ({ payload }) => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return payload
  })
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => ioctx.notify('board', Buffer.from(String(i)))),
  )
  t.same(
    answers.map((answer) => texts(answer)),
    Array.from({ length: 100 }, (_, i) => [String(i)]),
  )
  await watch.close()
})

t.test('a watcher that is killed is named after the time; one that is slow is not', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await ioctx.createObject('board')
  const alive = await ioctx.watch('board', () => Buffer.from('alive'))
  t.teardown(() => alive.close())
  const dead = await startChild(t, pool, 'silent')
  dead.kill('SIGKILL')
  await dead.ended
  const { replies, timedOut } = await ioctx.notify('board', Buffer.from('x'), { timeoutMs: 1500 })
  t.match(replies, [{ cookie: alive.cookie }])
  t.match(timedOut, [{ cookie: dead.cookie }])
  t.equal(timedOut.length, 1)
})

t.test('aborting a notify rejects at once', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await ioctx.createObject('board')
  let hear: (answer: () => void) => void = () => {}
  const heard = new Promise<() => void>((resolve) => {
    hear = resolve
  })
  const watch = await ioctx.watch('board', () => new Promise<void>((answer) => hear(answer)))
  const theirs = await another(t, pool)
  const controller = new AbortController()
  const notified = theirs.notify('board', Buffer.from('x'), { signal: controller.signal })
  const answer = await heard
  controller.abort(new Error('enough'))
  await t.rejects(notified, { message: 'enough' })
  answer()
  await watch.close()
})

t.test(
  'closing with a notify in flight lets the notifier go, and the listener hears nothing more',
  async (t) => {
    const pool = await openPool(t)
    const { ioctx } = pool
    await ioctx.createObject('board')
    let heard = 0
    let first = (): void => {}
    const began = new Promise<void>((resolve) => {
      first = resolve
    })
    const watch = await ioctx.watch('board', () => {
      heard++
      first()
      return new Promise(() => {})
    })
    const theirs = await another(t, pool)
    const notified = theirs.notify('board', Buffer.from('x'), { timeoutMs: 60_000 })
    await began
    await watch.close()
    const { replies } = await notified
    t.same(replies, [])
    await theirs.notify('board', Buffer.from('y'))
    t.equal(heard, 1)

    // The ioctx closes its watches.
    const mine = await another(t, pool)
    const last = await mine.watch('board', () => Buffer.from('still'))
    t.same(texts(await theirs.notify('board')), ['still'])
    await mine.close()
    t.equal(last.closed, true)
    t.same(await theirs.notify('board'), { replies: [], timedOut: [] })
  },
)

t.test('the object is removed: the watch is lost, and says so', async (t) => {
  const { ioctx } = await openPool(t)
  await ioctx.createObject('board')
  let tell: (error: Error) => void = () => {}
  const lost = new Promise<Error>((resolve) => {
    tell = resolve
  })
  const watch = await ioctx.watch('board', () => undefined, { onError: (error) => tell(error) })
  t.teardown(() => watch.close())
  t.ok((await watch.check()) >= 0)
  await ioctx.removeObject('board')
  t.match(await lost, { name: 'CephError', code: 'ENOTCONN', syscall: 'rados_watch3', object: 'board' })
  await t.rejects(watch.check(), { code: 'ENOTCONN', syscall: 'rados_watch_check', object: 'board' })
  await t.rejects(ioctx.notify('board'), { code: 'ENOENT' })
})

t.test('what the listener throws goes to onError, and the notifier is answered', async (t) => {
  const { ioctx } = await openPool(t)
  await ioctx.createObject('board')
  const errors: Error[] = []
  const listeners = [
    () => {
      throw new Error('thrown')
    },
    () => Promise.reject(new Error('rejected')),
    () => 'text' as unknown as Buffer,
  ]
  const watches = await Promise.all(
    listeners.map((listener) => ioctx.watch('board', listener, { onError: (error) => errors.push(error) })),
  )
  const { replies, timedOut } = await ioctx.notify('board')
  t.equal(replies.length, 3)
  t.ok(replies.every(({ payload }) => payload.length === 0))
  t.same(timedOut, [])
  t.match(errors.map(({ message }) => message).sort(), [/instance of Uint8Array/, 'rejected', 'thrown'])
  for (const watch of watches) await watch.close()
})

t.test('arguments are checked', async (t) => {
  const { ioctx } = await openPool(t)
  const wrong = { code: 'ERR_INVALID_ARG_TYPE' }
  await t.rejects(
    ioctx.watch('none', () => undefined),
    { code: 'ENOENT', syscall: 'rados_watch3', object: 'none' },
  )
  await t.rejects(ioctx.notify('none'), { code: 'ENOENT', syscall: 'rados_notify2', object: 'none' })
  await t.rejects(ioctx.watch('x', undefined as never), wrong)
  await t.rejects(
    ioctx.watch('x', () => undefined, { onError: 1 as never }),
    wrong,
  )
  await t.rejects(
    ioctx.watch('x', () => undefined, { timeoutMs: 0 }),
    { code: 'ERR_OUT_OF_RANGE' },
  )
  await t.rejects(ioctx.notify('x', 'text' as never), wrong)
  await t.rejects(ioctx.notify('x', Buffer.from('x'), { timeoutMs: -1 }), { code: 'ERR_OUT_OF_RANGE' })
})

t.test('a process ends with a watch open', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  for (const { ending, code, stderr } of [
    { ending: 'exit', code: 3, stderr: /^$/ },
    { ending: 'throw', code: 1, stderr: /Error: on purpose/ },
    { ending: 'close', code: 0, stderr: /^$/ },
  ]) {
    await ioctx.createObject(ending) // its own: the cluster keeps a dead one's watch for a while
    const watcher = await startChild(t, pool, ending, ending)
    const notified = ioctx.notify(ending, Buffer.from(ending), { timeoutMs: 1000 })
    t.same(await watcher.ended, [code, null], ending)
    t.match(watcher.errors(), stderr, ending)
    t.same(watcher.lines.slice(1), [`heard ${ending}`])
    await notified
  }
  // A watch keeps its process alive: only what ends it ends it.
  await ioctx.createObject('board')
  const watcher = await startChild(t, pool, 'answer')
  t.same(texts(await ioctx.notify('board', Buffer.from('1'))), ['child'])
  await new Promise((resolve) => setTimeout(resolve, 500))
  t.same(texts(await ioctx.notify('board', Buffer.from('2'))), ['child'])
  watcher.kill('SIGTERM')
  t.same(await watcher.ended, [null, 'SIGTERM'])
})

t.test('a worker is terminated with a watch open, and notifications coming', async (t) => {
  const pool = await openPool(t)
  const { ioctx, rados } = pool
  await ioctx.createObject('board')
  for (let i = 0; i < 5; i++) {
    const worker = new Worker(child, { workerData: spec(pool, 'answer'), execArgv: [] })
    t.match(await once(worker, 'message'), [/^watching/])
    let stop = false
    const storm = (async () => {
      while (!stop) await ioctx.notify('board', Buffer.from('x'), { timeoutMs: 2000 })
    })()
    for (let heard = 0; heard < 20; heard++) await once(worker, 'message')
    t.equal(await worker.terminate(), 1)
    stop = true
    await storm
    t.equal(await rados('listwatchers', 'board'), '', 'the worker has taken its watch along')
  }
})

t.test('the cluster stops: close() and notify() have a way out', async (t) => {
  const local = await LocalCluster.start()
  t.teardown(() => local.close())
  const cluster = await Cluster.connect({
    confFile: local.confFile,
    keyring: local.keyring,
    operationTimeoutMs: 3000,
  })
  await cluster.pools.create('board')
  const ioctx = await cluster.openIoCtx('board')
  await ioctx.createObject('board')
  const watch = await ioctx.watch('board', () => undefined, { onError: () => {} })
  t.equal((await ioctx.notify('board')).replies.length, 1)
  await local.close()
  const controller = new AbortController()
  const notified = ioctx.notify('board', Buffer.from('x'), { timeoutMs: 1000, signal: controller.signal })
  setTimeout(() => controller.abort(new Error('enough')), 500)
  await t.rejects(notified, { message: 'enough' })
  await t.rejects(ioctx.statObject('board'), { code: 'ETIMEDOUT' })
  // Whether librados has noticed the loss before: then there is nothing to unregister.
  await watch.close().catch((error: unknown) => t.match(error, { code: 'ETIMEDOUT' }))
  t.equal(watch.closed, true)
  await cluster.close().catch((error: unknown) => t.match(error, { code: 'ETIMEDOUT' }))
})
