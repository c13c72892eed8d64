// What docs/guide/debugging.md promises: every native call's start, end and error, by C function, and no secret.
import { execFile } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { promisify } from 'node:util'
import { Cluster, Image, type NativeCall } from 'rbdkit'
import t from 'tap'
import { plainNode } from '../../helpers/child.js'
import { randomName, sharedCluster } from '../../helpers/cluster.js'
import { openPool } from '../copy/fixture.js'

const steps = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'] as const

t.test('the tracing channel has every call from start to end, and no secret', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 1 << 20 })
  const { confFile } = await sharedCluster()
  const heard: { step: string; call: NativeCall; copy: string }[] = []
  for (const step of steps) {
    const listener = (message: unknown) => {
      heard.push({ step, call: message as NativeCall, copy: JSON.stringify(message) })
    }
    subscribe(`tracing:rbdkit:call:${step}`, listener)
    t.teardown(() => unsubscribe(`tracing:rbdkit:call:${step}`, listener))
  }
  const user = `client.${randomName('debug')}`
  const { key } = await cluster.auth.getOrCreate(user, { mon: 'profile rbd' })
  const other = await Cluster.connect({ confFile, name: user, key })
  await other.close()
  await cluster.auth.remove(user)
  const image = await Image.open(ioctx, 'image')
  await image.metadata.set('conf_rbd_cache', 'false')
  await image.write(Buffer.from('passphrase'), { position: 0 })
  await image.read({ position: 0, length: 512 })
  await image.close()
  await t.rejects(Image.open(ioctx, 'nothing'), { code: 'ENOENT' })
  await t.rejects(cluster.option('no_such_option'), { code: 'ENOENT' })

  const calls = [...new Set(heard.map(({ call }) => call))]
  const syscalls = calls.map(({ syscall }) => syscall)
  for (const syscall of [
    'rados_mon_command',
    'rados_connect',
    'rbd_open',
    'rbd_metadata_set',
    'rbd_aio_write',
    'rbd_aio_read',
    'close',
  ])
    t.ok(syscalls.includes(syscall), syscall)
  for (const call of calls) {
    const of = heard.filter((entry) => entry.call === call).map(({ step }) => step)
    const failed = call.error === undefined ? [] : ['error']
    t.same(of, ['start', 'end', ...failed, 'asyncStart', 'asyncEnd'], call.syscall)
    t.ok(Number(call.durationMs) >= 0 && call.startedMs > 0)
  }
  const opened = calls.filter(({ syscall }) => syscall === 'rbd_open')
  t.match(opened, [
    { pool: ioctx.pool, image: 'image', error: undefined },
    { pool: ioctx.pool, image: 'nothing', error: { code: 'ENOENT' } },
  ])
  const all = heard.map(({ copy }) => copy).join('\n')
  for (const secret of [key, 'passphrase', Buffer.from('passphrase').toString('base64')])
    t.notOk(all.includes(secret))
  t.notMatch(all, /"(buffer|value|result)"/)
})

t.test('NODE_DEBUG=rbdkit prints them on stderr, names quoted, and nothing without it', async (t) => {
  const { confFile } = await sharedCluster()
  const { ioctx } = await openPool(t)
  const index = new URL('../../../dist/index.js', import.meta.url)
  const code = `
    import { Cluster, Image } from ${JSON.stringify(index)}
    const cluster = await Cluster.connect({ confFile: ${JSON.stringify(confFile)} })
    const ioctx = await cluster.openIoCtx(${JSON.stringify(ioctx.pool)})
    await Image.open(ioctx, 'red \\u001b[31m').catch(() => {})
    await cluster.close()
  `
  const run = async (env: Record<string, string>): Promise<string> => {
    const [command, args] = plainNode(['--input-type=module', '-e', code])
    return (await promisify(execFile)(command, args, { env: { ...process.env, ...env } })).stderr
  }
  t.equal(await run({}), '')
  const lines = (await run({ NODE_DEBUG: 'rbdkit' })).trim().split('\n')
  t.match(lines[0], /^RBDKIT \d+: rados_connect$/)
  t.match(lines[1], /^RBDKIT \d+: rados_connect ended after [0-9.]+ ms$/)
  t.ok(
    lines.some((line) => /: rbd_open '.*red \\x1B\[31m' ended after [0-9.]+ ms: .*ENOENT/.test(line)),
    lines.join('\n'),
  )
  t.notOk(lines.join('').includes('\u001b'), 'a name gives the terminal no orders')
})
