import { inspect } from 'node:util'
import { type CephError, Image, type IoCtx } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

const here = /at (?:async )?theCaller .*stack\.test/

/** Calls `run` from a function whose name must be on the error's stack. */
async function failing(run: () => Promise<unknown>): Promise<CephError> {
  async function theCaller(): Promise<unknown> {
    return await run()
  }
  try {
    await theCaller()
  } catch (error) {
    return error as CephError
  }
  throw new Error('did not fail')
}

async function open(ioctx: IoCtx): Promise<Image> {
  await Image.create(ioctx, 'image', { size: mib })
  return Image.open(ioctx, 'image', { readOnly: true })
}

t.test('the stack leads to the caller, of blocking calls and of block I/O', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const image = await open(ioctx)
  const writable = await Image.open(ioctx, 'image')
  const buffer = Buffer.alloc(512)
  const calls: Record<string, () => Promise<unknown>> = {
    rbd_open: () => Image.open(ioctx, 'none'),
    rbd_snap_create2: () => image.snapshots.create('s'),
    rbd_snap_protect: () => writable.snapshots.protect('none'),
    rados_mon_command: () => cluster.auth.getKey('client.nobody'),
    rados_ioctx_create: () => cluster.openIoCtx('none'),
    rbd_aio_write: () => image.write(buffer, { position: 0 }),
    rbd_aio_writev: () => image.writev([buffer], 0),
    rbd_aio_discard: () => Promise.all([image.discard(0, 512)]),
    rbd_aio_write_zeroes: () => image.writeZeroes(0, 512),
  }
  for (const [syscall, call] of Object.entries(calls)) {
    const error = await failing(call)
    t.equal(error.syscall, syscall)
    t.match(error.stack, here, `${syscall}: ${error.stack}`)
    t.equal(error.stack?.split('\n')[0], `CephError: ${error.message}`)
  }
  t.match(
    (await failing(() => writable.write(buffer, { position: mib }))).stack,
    here,
    'refused before librbd',
  )
  await image.close()
  t.match((await failing(() => image.read({ position: 0, length: 1 }))).stack, here, 'closed')
  await writable.close()
})

t.test('an error has the fields that apply, and no others', async (t) => {
  const { ioctx } = await openPool(t)
  const { pool } = ioctx
  const error = await failing(() => Image.open(ioctx, 'none', { snapshot: 'snap' }))
  t.ok(error instanceof Error)
  t.equal(error.name, 'CephError')
  t.equal(error.message, `ENOENT: no such file or directory, rbd_open '${pool}/none@snap'`)
  t.same(
    { ...error },
    { code: 'ENOENT', errno: -2, syscall: 'rbd_open', pool, namespace: '', image: 'none', snapshot: 'snap' },
  )
  const other = await failing(() => ioctx.cluster.monitorCommand({ prefix: 'nope' }))
  t.same(Object.keys(other).sort(), ['code', 'errno', 'syscall'])
  t.match(inspect(other), /^CephError: EINVAL: invalid argument, rados_mon_command: command not known/)
})

t.test('a failed operation that nobody awaits is one unhandled rejection, not two', async (t) => {
  const { ioctx } = await openPool(t)
  const image = await open(ioctx)
  const seen: unknown[] = []
  const listen = (reason: unknown) => seen.push(reason)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', listen)
  void image.write(Buffer.alloc(512), { position: 0 })
  await image.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  process.removeListener('unhandledRejection', listen)
  for (const other of others) process.on('unhandledRejection', other)
  t.equal(seen.length, 1)
  t.match(seen[0], { code: 'EROFS' })
})
