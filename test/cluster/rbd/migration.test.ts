/** Live migration within a cluster and from elsewhere. */

import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  copy,
  Image,
  type IoCtx,
  Migration,
  type MigrationSource,
  type OperationOptions,
  Trash,
} from 'rbdkit'
import t, { type Test } from 'tap'
import { cephHas } from '../../helpers/releases.js'
import { contentOf, imageNames, mib, openPool, withImage } from '../copy/fixture.js'

async function makeImage(ioctx: IoCtx, name: string, size = 4 * mib): Promise<Buffer> {
  const data = randomBytes(size)
  await Image.create(ioctx, name, { size, objectSize: mib })
  await withImage(ioctx, name, async (image) => {
    await image.write(data, { position: 0 })
    await image.flush()
  })
  return data
}

t.test('to another pool and layout: prepare, execute, commit', async (t) => {
  const { cluster, ioctx, rbd } = await openPool(t)
  const second = await openPool(t)
  await using other = await cluster.openIoCtx(second.ioctx.pool)
  const data = await makeImage(ioctx, 'image')
  const migration = await Migration.prepare(ioctx, 'image', other, 'moved', { objectSize: 2 * mib })
  t.equal(migration.image, 'moved')
  const ends = {
    source: { pool: ioctx.pool, namespace: '', image: 'image' },
    dest: { pool: other.pool, namespace: '', image: 'moved' },
  }
  t.match(await migration.status(), { ...ends, state: 'prepared', description: '' })
  t.same(await imageNames(ioctx), [], 'the source has gone from the list')
  t.match(await new Trash(ioctx).list(), [{ name: 'image', source: 'migration' }])
  await withImage(other, 'moved', async (image) => {
    t.equal((await image.info()).objectSize, 2 * mib)
    await image.write(Buffer.from('written meanwhile'), { position: mib })
  })
  data.write('written meanwhile', mib)
  t.ok(data.equals(await contentOf(other, 'moved')), 'it reads what the source has')
  const seen: { done: number; total: number }[] = []
  await migration.execute({ onProgress: (progress) => seen.push(progress) })
  t.ok(seen.length > 0)
  t.equal(seen.at(-1)?.done, seen.at(-1)?.total)
  const status = JSON.parse(await second.rbd('status', 'moved', '--format', 'json')) as {
    migration: { state: string }
  }
  t.equal(status.migration.state, 'executed')
  t.match(await new Migration(ioctx, 'image').status().catch(() => migration.status()), {
    ...ends,
    state: 'executed',
  })
  await migration.commit()
  t.same(await new Trash(ioctx).list(), [], 'the source has gone')
  await t.rejects(migration.status(), { code: 'EINVAL', syscall: 'rbd_migration_status', image: 'moved' })
  t.ok(data.equals(await contentOf(other, 'moved')))
  t.match(await rbd('ls'), /^$/)
})

t.test('abort puts the source back', async (t) => {
  const { ioctx } = await openPool(t)
  const data = await makeImage(ioctx, 'image')
  const migration = await Migration.prepare(ioctx, 'image', ioctx, 'image')
  await migration.execute()
  await migration.abort()
  t.ok(data.equals(await contentOf(ioctx, 'image')))
  t.same(await new Trash(ioctx).list(), [])
  await t.rejects(migration.status(), { code: 'EINVAL' })
  await t.rejects(migration.execute(), { code: 'EINVAL', syscall: 'rbd_migration_execute_with_progress' })
  await t.rejects(migration.commit(), { code: 'EINVAL', syscall: 'rbd_migration_commit_with_progress' })
  await t.rejects(migration.abort(), { code: 'EINVAL', syscall: 'rbd_migration_abort_with_progress' })
})

t.test('what is refused', async (t) => {
  const { ioctx } = await openPool(t)
  await makeImage(ioctx, 'image')
  await makeImage(ioctx, 'other')
  const prepare = { syscall: 'rbd_migration_prepare', image: 'image', dest: `${ioctx.pool}/new` }
  await withImage(ioctx, 'image', async () => {
    await t.rejects(Migration.prepare(ioctx, 'image', ioctx, 'new'), {
      ...prepare,
      code: 'EBUSY',
      message: /: it is open on .+:0\/\d+/,
    })
  })
  await t.rejects(Migration.prepare(ioctx, 'none', ioctx, 'new'), {
    ...prepare,
    image: 'none',
    code: 'ENOENT',
  })
  await t.rejects(Migration.prepare(ioctx, 'image', ioctx, 'other'), { code: 'EEXIST' })
  await t.rejects(Migration.prepare(ioctx, 'image', ioctx, 'a/b'), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(Migration.prepare(ioctx, 'image', ioctx, 'new', { flatten: 1 as unknown as boolean }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  t.same(await imageNames(ioctx), ['image', 'other'])
  const migration = await Migration.prepare(ioctx, 'image', ioctx, 'new')
  await t.rejects(migration.commit(), { code: 'EINVAL' }, 'it was not executed')
  await t.rejects(Image.remove(ioctx, 'new'), { code: 'EBUSY', message: /it is being migrated/ })
  await withImage(ioctx, 'new', () => t.rejects(migration.abort(), { code: 'EBUSY' }))
  await migration.abort()
})

t.test('a clone keeps its parent, or with flatten does not', async (t) => {
  const { ioctx } = await openPool(t)
  const data = await makeImage(ioctx, 'parent')
  await withImage(ioctx, 'parent', (image) => image.snapshots.create('s'))
  for (const [name, flatten] of [
    ['kept', false],
    ['flat', true],
  ] as const) {
    await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, name, { cloneFormat: 2 })
    const migration = await Migration.prepare(ioctx, name, ioctx, name, { flatten, cloneFormat: 2 })
    await migration.execute()
    await migration.commit()
    const parent = await withImage(ioctx, name, (image) => image.parent())
    t.equal(parent?.image, flatten ? undefined : 'parent', name)
    t.ok(data.equals(await contentOf(ioctx, name)), name)
  }
})

/** A migration of many objects. */
async function prepareMany(ioctx: IoCtx): Promise<Migration> {
  await Image.create(ioctx, 'image', { size: 32 * mib, objectSize: 65_536 })
  await withImage(ioctx, 'image', (image) =>
    image.writeSame(Buffer.alloc(512, 7), { position: 0, length: 32 * mib }),
  )
  return Migration.prepare(ioctx, 'image', ioctx, 'new')
}

/** Calls with a signal that is aborted at the first progress. */
async function abortAtOnce(
  call: (options: OperationOptions) => Promise<void>,
): Promise<{ reason: Error; rejected: unknown }> {
  const controller = new AbortController()
  const reason = new Error('that is enough')
  const options = { signal: controller.signal, onProgress: () => controller.abort(reason) }
  return { reason, rejected: await call(options).catch((error) => error) }
}

t.test('aborting lets an execution and a commit go on to their end', async (t) => {
  const { ioctx } = await openPool(t)
  const migration = await prepareMany(ioctx)
  const deadline = Date.now() + 30_000
  for (const [call, done] of [
    ['execute', async () => (await migration.status()).state === 'executed'],
    ['commit', async () => (await new Trash(ioctx).list()).length === 0],
  ] as const) {
    const { reason, rejected } = await abortAtOnce((options) => migration[call](options))
    t.equal(rejected, reason, call)
    while (!(await done()) && Date.now() < deadline) await sleep(50)
    t.equal(await done(), true, call)
  }
  await t.rejects(migration.status(), { code: 'EINVAL' })
  t.ok((await contentOf(ioctx, 'new')).every((byte) => byte === 7))
})

t.test('calling a migration off can be aborted, and ended by another time', async (t) => {
  const { ioctx } = await openPool(t)
  const migration = await prepareMany(ioctx)
  await migration.execute()
  const { reason, rejected } = await abortAtOnce((options) => migration.abort(options))
  t.equal(rejected, reason)
  t.same(await imageNames(ioctx), ['new'])
  await migration.abort()
  t.same(await imageNames(ioctx), ['image'])
  t.ok((await contentOf(ioctx, 'image')).every((byte) => byte === 7))
})

t.test('import: a snapshot of an image, a raw file, a qcow2 file', async (t) => {
  const { ioctx } = await openPool(t)
  const directory = t.testdir({})
  const data = await makeImage(ioctx, 'source')
  await withImage(ioctx, 'source', (image) => image.snapshots.create('s'))
  const raw = join(directory, 'disk.raw')
  const qcow2 = join(directory, 'disk.qcow2')
  writeFileSync(raw, data)
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2])
  const sources: [string, MigrationSource][] = [
    ['native', { type: 'native', pool: ioctx.pool, image: 'source', snapshot: 's' }],
    ['raw', { type: 'raw', stream: { type: 'file', path: raw } }],
    ['qcow', { type: 'qcow', stream: { type: 'file', path: qcow2 } }],
  ]
  for (const [name, source] of sources) {
    const migration = await Migration.prepareImport(source, ioctx, name, { objectSize: 2 * mib })
    t.match(await migration.status(), {
      source: { pool: name === 'native' ? String : '', id: String },
      dest: { pool: ioctx.pool, image: name },
      state: 'prepared',
    })
    t.ok(data.equals(await contentOf(ioctx, name)), `${name}: at once`)
    await migration.execute()
    await migration.commit()
    t.ok(data.equals(await contentOf(ioctx, name)), `${name}: afterwards`)
    t.equal(await withImage(ioctx, name, async (image) => (await image.info()).objectSize), 2 * mib)
  }
  t.same(await imageNames(ioctx), ['native', 'qcow', 'raw', 'source'], 'the sources stay')
})

t.test('a qcow2 file with compressed clusters is refused, and copied instead', async (t) => {
  const { ioctx } = await openPool(t)
  const directory = t.testdir({})
  const raw = join(directory, 'disk.raw')
  const path = join(directory, 'disk.qcow2')
  const data = Buffer.alloc(4 * mib)
  data.fill('compressible ', 3 * mib)
  writeFileSync(raw, data)
  execFileSync('qemu-img', ['convert', '-c', '-f', 'raw', '-O', 'qcow2', raw, path])
  const source = { type: 'qcow', stream: { type: 'file', path } } as const
  await t.rejects(Migration.prepareImport(source, ioctx, 'image'), {
    code: 'EINVAL',
    syscall: 'rbd_migration_prepare_import',
    image: 'image',
    message: /has compressed clusters \(the first at 3145728 bytes of its disk\), .+ copy\(\{ file \}/,
  })
  t.same(await imageNames(ioctx), [])
  await copy({ file: path }, { ioctx, image: 'image' })
  t.ok(data.equals(await contentOf(ioctx, 'image')))
  writeFileSync(join(directory, 'no.qcow2'), 'nothing of the kind')
  const wrong = { type: 'qcow', stream: { type: 'file', path: join(directory, 'no.qcow2') } } as const
  await t.rejects(Migration.prepareImport(wrong, ioctx, 'new'), {
    code: 'EINVAL',
    message: /is not a qcow2 image/,
  })
  const none = { type: 'qcow', stream: { type: 'file', path: join(directory, 'none') } } as const
  await t.rejects(Migration.prepareImport(none, ioctx, 'new'), { code: 'ENOENT' })
})

/** A server of one file, that answers ranges; `seen` has the head of each request. */
async function serve(t: Test, data: Buffer, seen: IncomingMessage[] = []): Promise<string> {
  const server = createServer((request, response) => {
    seen.push(request)
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const head = { 'Accept-Ranges': 'bytes' }
    if (range === null) {
      response.writeHead(200, { ...head, 'Content-Length': data.length })
      response.end(request.method === 'HEAD' ? undefined : data)
      return
    }
    const part = data.subarray(Number(range[1]), Number(range[2]) + 1)
    response.writeHead(206, { ...head, 'Content-Length': part.length })
    response.end(part)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('import over HTTP, and from S3', async (t) => {
  const { ioctx } = await openPool(t)
  const data = randomBytes(2 * mib)
  const requests: IncomingMessage[] = []
  const url = await serve(t, data, requests)
  const http = { type: 'raw', stream: { type: 'http', url: `${url}/disk.raw` } } as const
  const keys = { accessKey: 'access', secretKey: 'the secret' }
  const s3 = { type: 'raw', stream: { type: 's3', url: `${url}/bucket/disk.raw`, ...keys } } as const
  for (const source of [http, s3]) {
    const { type } = source.stream
    requests.length = 0
    const migration = await Migration.prepareImport(source, ioctx, type)
    await migration.execute()
    await migration.commit()
    t.ok(data.equals(await contentOf(ioctx, type)), type)
    t.ok(requests.length > 0)
    const authorization = type === 's3' ? /^AWS access:\S{28}$/ : /^$/
    t.ok(
      requests.every(({ headers }) => authorization.test(headers.authorization ?? '')),
      `${requests[0]?.headers.authorization}`,
    )
  }
})

t.test('import from an NBD server', async (t) => {
  const { ioctx } = await openPool(t)
  const data = randomBytes(4 * mib).fill(0, mib, 2 * mib)
  const file = join(t.testdir({}), 'disk.raw')
  writeFileSync(file, data)
  const probe = createTcpServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  const options = ['-f', 'raw', '-x', 'disk', '-b', '127.0.0.1', '-p', `${port}`, '-e', '8', '--persistent']
  const server = spawn('qemu-nbd', ['--read-only', ...options, file], { stdio: 'ignore' })
  t.teardown(async () => {
    server.kill()
    await once(server, 'exit')
  })
  const source = { type: 'raw', stream: { type: 'nbd', uri: `nbd://127.0.0.1:${port}/disk` } } as const
  const deadline = Date.now() + 10_000
  const listens = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy().destroyed))
      socket.on('error', () => resolve(false))
    })
  while (!(await listens()) && Date.now() < deadline) await sleep(50)
  const prepare = Migration.prepareImport(source, ioctx, 'image')
  if (!cephHas('20.2.0')) {
    await t.rejects(prepare, { code: 'ENOSYS', syscall: 'rbd_migration_prepare_import', image: 'image' })
    return
  }
  const migration = await prepare
  t.ok(data.equals(await contentOf(ioctx, 'image')), 'at once')
  await migration.execute()
  await migration.commit()
  t.ok(data.equals(await contentOf(ioctx, 'image')), 'afterwards')
})

t.test('sources that are none', async (t) => {
  const { ioctx } = await openPool(t)
  const file = { type: 'file', path: '/x' }
  for (const source of [
    undefined,
    {},
    { type: 'vmdk', stream: file },
    { type: 'raw' },
    { type: 'raw', stream: { type: 'tape' } },
    { type: 'raw', stream: { type: 'file', path: 'x' } },
    { type: 'raw', stream: { ...file, size: 5 } },
    { type: 'raw', stream: file, snapshots: [{ name: 's' }] },
    { type: 'raw', stream: file, snapshots: 5 },
    { type: 'qcow', stream: { type: 's3', url: 'http://s' } },
    { type: 'native', pool: 'p', image: 'i' },
    { type: 'native', pool: 'p', image: 'i', snapshot: 's', snap: 's' },
    // librbd keeps these so that it cannot read them again.
    { type: 'native', pool: 'p', namespace: 'ü', image: 'i', snapshot: 's' },
    { type: 'native', pool: 'p', image: 'ü', snapshot: 's' },
    { type: 'native', pool: 'p', image: 'i', snapshot: 'ü' },
    { type: 'raw', stream: { type: 'file', path: '/ü' } },
  ]) {
    await t.rejects(
      Migration.prepareImport(source as unknown as MigrationSource, ioctx, 'image'),
      { code: /^ERR_INVALID_ARG_/ },
      JSON.stringify(source),
    )
  }
  const secret = {
    type: 's3',
    url: 5 as unknown as string,
    accessKey: 'a',
    secretKey: 'not to be shown',
  } as const
  await Migration.prepareImport({ type: 'raw', stream: secret }, ioctx, 'image').catch((error) =>
    t.notMatch(String(error), /shown/),
  )
  const nowhere = { type: 'native', pool: ioctx.pool, image: 'none', snapshot: 's' } as const
  for (const source of [
    nowhere,
    { ...nowhere, pool: 'none' },
    { ...nowhere, image: 'image' },
    { type: 'raw', stream: { type: 'file', path: '/nowhere' } } as const,
  ])
    await t.rejects(Migration.prepareImport(source, ioctx, 'new'), { code: 'ENOENT' })
  const refused = { type: 'raw', stream: { type: 'http', url: 'http://127.0.0.1:9/x' } } as const
  await t.rejects(Migration.prepareImport(refused, ioctx, 'new'), { code: 'ECONNREFUSED' })
  const nbd = { type: 'raw', stream: { type: 'nbd', uri: 'nbd://127.0.0.1:9/x' } } as const
  await t.rejects(Migration.prepareImport(nbd, ioctx, 'new'), {
    code: cephHas('20.2.0') ? 'ECONNREFUSED' : 'ENOSYS',
  })
  t.same(await imageNames(ioctx), [])
})
