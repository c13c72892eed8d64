import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { Cluster } from 'rbdkit'
import t from 'tap'
import { randomName, sharedCluster } from '../../helpers/cluster.js'

const exec = promisify(execFile)

t.test('connects by conf file, id, name, keyring, key, address and options', async (t) => {
  const { confFile, keyring, monitors, fsid } = await sharedCluster()
  const key = /key = (\S+)/.exec(readFileSync(keyring, 'utf8'))?.[1] ?? ''
  const monHost = monitors.map(({ host, port }) => `v2:${host}:${port}`).join(',')
  const ways = {
    confFile: { confFile },
    id: { confFile, id: 'admin' },
    name: { confFile, name: 'client.admin' },
    keyring: { confFile, keyring },
    key: { confFile, key },
    'address alone': { monHost: `[${monHost}]`, key },
    'key among the options': { monHost: `[${monHost}]`, options: { key } },
    options: { confFile, options: { rados_osd_op_timeout: 5, rbd_cache: false } },
    timeouts: { confFile, connectTimeoutMs: 1500, operationTimeoutMs: 2500 },
  }
  for (const [way, options] of Object.entries(ways)) {
    const cluster = await Cluster.connect(options)
    t.equal(await cluster.fsid(), fsid, way)
    if (way === 'timeouts') {
      t.equal(await cluster.option('client_mount_timeout'), '2')
      t.match(await cluster.option('rados_osd_op_timeout'), /^3/)
    }
    await cluster.close()
  }
})

t.test('CEPH_CONF counts, and is not read when an address is given', async (t) => {
  const { confFile, fsid } = await sharedCluster()
  const before = process.env.CEPH_CONF
  t.teardown(() => {
    if (before === undefined) delete process.env.CEPH_CONF
    else process.env.CEPH_CONF = before
  })
  process.env.CEPH_CONF = confFile
  const cluster = await Cluster.connect()
  t.equal(await cluster.fsid(), fsid)
  await cluster.close()
  process.env.CEPH_CONF = '/nonexistent'
  await t.rejects(Cluster.connect({ monHost: '127.0.0.1:1', connectTimeoutMs: 1 }), { code: 'ETIMEDOUT' })
})

t.test('what a cluster tells about itself', async (t) => {
  const { confFile, keyring, monitors, env } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile, keyring })
  t.teardown(() => cluster.close())
  const { stdout } = await exec('ceph', ['--format', 'json', 'version'], { env: { ...process.env, ...env } })
  t.match(JSON.parse(stdout).version, `ceph version ${await cluster.version()} `)
  t.match(await cluster.version(), /^\d+\.\d+\.\d+/)
  t.same(
    (await cluster.monitors()).map(({ host, port, type }) => ({ host, port, type })),
    monitors.map(({ host, port }) => ({ host, port, type: 'v2' })),
  )
  const stat = await cluster.stat()
  t.ok(stat.bytesTotal > 0)
  t.ok(stat.bytesAvailable > 0 && stat.bytesAvailable <= stat.bytesTotal)
  t.ok(stat.bytesUsed >= 0 && stat.objects >= 0)
})

t.test('a signal rejects at once with its reason, and the process can end', async (t) => {
  const { confFile } = await sharedCluster()
  const reason = new Error('enough')
  const started = performance.now()
  const connecting = Cluster.connect({ monHost: '127.0.0.1:1', signal: AbortSignal.timeout(100) })
  await t.rejects(connecting, { name: 'TimeoutError' })
  t.ok(performance.now() - started < 10_000)
  await t.rejects(Cluster.connect({ confFile, signal: AbortSignal.abort(reason) }), reason)

  const program = `
    import { Cluster } from '${import.meta.resolve('rbdkit')}'
    await Cluster.connect({ monHost: '127.0.0.1:1', signal: AbortSignal.timeout(100) }).catch((error) => {
      if (error.name !== 'TimeoutError') throw error
    })
    process.exitCode = 7`
  const env = { ...process.env }
  delete env.NODE_OPTIONS
  const start = performance.now()
  const ended = await exec(process.execPath, ['--input-type=module', '-e', program], {
    env,
    timeout: 20_000,
  }).then(
    () => ({ code: 0, stdout: '', stderr: '' }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
  t.match(ended, { code: 7, stdout: '', stderr: '' })
  t.ok(performance.now() - start < 15_000, 'long before the connect timeout of 30 s')
})

t.test('closing', async (t) => {
  const { confFile } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  const asked = cluster.fsid()
  const first = cluster.close()
  t.equal(cluster.close(), first)
  t.equal(cluster.closed, true)
  await first
  t.match(await asked, /^[0-9a-f-]{36}$/, 'what was in flight ends')
  const uses: (() => Promise<unknown>)[] = [
    () => cluster.fsid(),
    () => cluster.openIoCtx('x'),
    () => cluster.pools.list(),
  ]
  for (const use of uses) {
    await t.rejects(use(), { name: 'CephError', code: 'EBADF' })
  }
  await t.rejects(cluster.monitorCommand({ prefix: 'status' }), {
    code: 'EBADF',
    syscall: 'rados_mon_command',
  })
})

t.test('bad options', async (t) => {
  const bad: [object | null, string][] = [
    [null, 'ERR_INVALID_ARG_TYPE'],
    [{ confFile: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ confFile: '' }, 'ERR_INVALID_ARG_VALUE'],
    [{ confFile: 'a\0b' }, 'ERR_INVALID_ARG_VALUE'],
    [{ id: 'a', name: 'client.a' }, 'ERR_INVALID_ARG_VALUE'],
    [{ name: 'admin' }, 'ERR_INVALID_ARG_VALUE'],
    [{ id: '' }, 'ERR_INVALID_ARG_VALUE'],
    [{ connectTimeoutMs: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ connectTimeoutMs: Number.NaN }, 'ERR_OUT_OF_RANGE'],
    [{ connectTimeoutMs: '5' }, 'ERR_INVALID_ARG_TYPE'],
    [{ operationTimeoutMs: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ options: [] }, 'ERR_INVALID_ARG_TYPE'],
    [{ options: { rbd_cache: null } }, 'ERR_INVALID_ARG_TYPE'],
    [{ signal: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ key: Buffer.from('x') }, 'ERR_INVALID_ARG_TYPE'],
  ]
  for (const [options, code] of bad) {
    await t.rejects(Cluster.connect(options as object), { code }, JSON.stringify(options))
  }
})

t.test('the key is not handed out', async (t) => {
  const { confFile, keyring } = await sharedCluster()
  const key = /key = (\S+)/.exec(readFileSync(keyring, 'utf8'))?.[1] ?? ''
  const cluster = await Cluster.connect({ confFile, key })
  t.teardown(() => cluster.close())
  for (const name of ['key', ' key', 'key ']) {
    await t.rejects(cluster.option(name), { code: 'ERR_INVALID_ARG_VALUE' })
  }
  await t.rejects(cluster.option(randomName('no')), { code: 'ENOENT', syscall: 'rados_conf_get' })
})
