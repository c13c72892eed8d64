// Every promise with a signal settles within a second of the abort, also when no OSD answers (docs/guide/lifetimes.md).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Cluster, Image, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { plainNode } from '../../helpers/child.js'

t.setTimeout(120_000)

/** Runs a command, and Ctrl-C after three seconds: how it ended, and how long after that. */
async function interrupt(local: LocalCluster, operands: string[]) {
  const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
  const [command, args] = plainNode([main, ...operands, '--conf', local.confFile])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const ended = once(child, 'close')
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const began = performance.now()
  child.kill('SIGINT')
  const [code] = await ended
  return { code, stderr, ms: performance.now() - began }
}

t.test('with all OSDs stopped', async (t) => {
  const local = await LocalCluster.start({
    objectstore: 'memstore',
    // nobody is to notice that the OSD is stopped
    config: { 'osd heartbeat grace': 600, 'mon osd down out interval': 600, 'mon osd report timeout': 900 },
  })
  t.teardown(() => local.close())
  const cluster = await Cluster.connect({ confFile: local.confFile })
  await cluster.pools.create('stopped', { pgNum: 8 })
  const ioctx = await cluster.openIoCtx('stopped')
  await poolInit(ioctx)
  for (const name of ['image', 'removed', 'parent'])
    await Image.create(ioctx, name, { size: 16 << 20, features: ['layering', 'exclusive-lock'] })
  const parent = await Image.open(ioctx, 'parent')
  await parent.snapshots.create('s')
  await parent.snapshots.protect('s')
  await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, 'clone', { cloneFormat: 1 })
  const clone = await Image.open(ioctx, 'clone')
  const image = await Image.open(ioctx, 'image')
  await image.write(Buffer.alloc(1 << 20, 1), { position: 0 })
  await image.snapshots.create('s')

  const pids = local.osds.map(({ pid }) => Number(pid))
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  t.teardown(() => {
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  })
  const warnings: string[] = []
  const onWarning = (warning: Error & { code?: string }) => {
    if (warning.code === 'RBDKIT_LEFT_BEHIND') warnings.push(warning.message)
  }
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))

  type Options = { signal: AbortSignal }
  const calls: Record<string, (options: Options) => Promise<unknown>> = {
    resize: (options) => image.resize(32 << 20, options),
    rollback: (options) => image.snapshots.rollback('s', options),
    remove: (options) => Image.remove(ioctx, 'removed', options),
    flatten: (options) => clone.flatten(options),
    'snapshots.remove': (options) => image.snapshots.remove('s', options),
    'snapshots.unprotect': (options) => parent.snapshots.unprotect('s', options),
    list: (options) => Image.list(ioctx, options),
    open: (options) => Image.open(ioctx, 'parent', options),
    info: (options) => image.info(options),
    'locks.acquire': (options) => image.locks.acquire('exclusive', options),
    'metadata.list': (options) => image.metadata.list(options),
    statObject: (options) => ioctx.statObject('rbd_directory', options),
  }
  for (const [name, call] of Object.entries(calls)) {
    const reason = new Error(`${name} is given up`)
    const controller = new AbortController()
    const settled = call({ signal: controller.signal }).then(
      () => 'resolved',
      (error: unknown) => error,
    )
    const first = await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, 300, 'waits'))])
    if (first !== 'waits') {
      t.equal(first, 'resolved', `${name} needs no OSD now`)
      continue
    }
    const began = performance.now()
    controller.abort(reason)
    t.equal(await settled, reason)
    const ms = performance.now() - began
    t.ok(ms < 3000, `${name}: ${Math.round(ms)} ms`)
  }
  await new Promise(setImmediate)
  for (const syscall of ['rbd_resize2', 'rbd_snap_rollback_with_progress', 'rbd_flatten_with_progress']) {
    t.ok(
      warnings.some((message) => message.includes(syscall)),
      `${syscall} goes on, and that is told`,
    )
  }

  await t.test('what needs no OSD is answered still', async (t) => {
    t.match(await cluster.fsid(), /^[0-9a-f-]{36}$/)
    t.ok((await cluster.pools.list()).includes('stopped'))
  })

  await t.test('a command that only reads ends at the first Ctrl-C', async (t) => {
    for (const operands of [
      ['ls', 'stopped'],
      ['info', 'stopped/parent'],
      ['du', 'stopped/parent'],
      ['snap', 'ls', 'stopped/parent'],
    ]) {
      const { code, stderr, ms } = await interrupt(local, operands)
      t.equal(code, 130, operands.join(' '))
      t.equal(stderr, 'rbdkit: interrupted by SIGINT\n')
      t.ok(ms < 4000, `${Math.round(ms)} ms`)
    }
  })

  await t.test('a command that changes something ends at the first Ctrl-C, too', async (t) => {
    for (const operands of [
      ['rm', 'stopped/parent'],
      ['cp', 'stopped/parent', 'stopped/copy'],
      ['snap', 'create', 'stopped/parent@more'],
    ]) {
      const { code, stderr, ms } = await interrupt(local, operands)
      t.equal(code, 130, operands.join(' '))
      t.match(stderr, /interrupted by SIGINT/)
      t.ok(ms < 5000, `${Math.round(ms)} ms`)
    }
  })

  await t.test(
    'close() waits for what was left behind; with a signal it goes on in the background',
    async (t) => {
      await t.rejects(image.close({ signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' })
      await t.rejects(cluster.close({ signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' })
      await t.rejects(image.info(), { code: 'EBADF' })
      let closed = false
      const closing = cluster.close().then(() => {
        closed = true
      })
      await new Promise((resolve) => setTimeout(resolve, 1000))
      t.notOk(closed)
      for (const pid of pids) process.kill(pid, 'SIGCONT')
      await closing
    },
  )
})
