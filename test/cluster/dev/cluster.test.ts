import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'
import { cephRelease } from '../../helpers/releases.js'

const exec = promisify(execFile)

/** `stdout` of one of Ceph's commands, used as a user would: only the environment says which cluster. */
async function ceph(cluster: LocalCluster, program: string, ...args: string[]): Promise<string> {
  const { stdout } = await exec(program, args, { env: { ...process.env, ...cluster.env }, timeout: 60_000 })
  return stdout
}

/** Command lines of running processes that name a directory. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => {
      try {
        return readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((line) => line.includes(`${directory}/`))
}

/** Statistics follow the state by a second. */
async function becomesClean(cluster: LocalCluster): Promise<boolean> {
  for (let i = 0; i < 40; i++) {
    if (/\d+ pgs: \d+ active\+clean;/.test(await ceph(cluster, 'ceph', 'pg', 'stat'))) return true
  }
  return false
}

async function writeAndRead(t: Test, cluster: LocalCluster): Promise<void> {
  const file = join(cluster.directory, 'payload')
  writeFileSync(file, Buffer.alloc(300_000, cluster.fsid))
  await ceph(cluster, 'ceph', 'osd', 'pool', 'create', 'data')
  // Ceph warns of a pool in use that belongs to no application
  await ceph(cluster, 'ceph', 'osd', 'pool', 'application', 'enable', 'data', 'test')
  await ceph(cluster, 'rados', '-p', 'data', 'put', 'object', file)
  await ceph(cluster, 'rados', '-p', 'data', 'get', 'object', `${file}.back`)
  t.ok(readFileSync(file).equals(readFileSync(`${file}.back`)), 'the object came back')
}

t.test('two clusters at once, of both stores, apart from each other', async (t) => {
  const began = Date.now()
  const start = async (options: Parameters<typeof LocalCluster.start>[0]) => {
    const cluster = await LocalCluster.start(options)
    t.comment(`${JSON.stringify(options)}: ${Date.now() - began} ms`)
    return cluster
  }
  const [one, two] = await Promise.all([
    start({ objectstore: 'memstore' }),
    start({ objectstore: 'bluestore', osds: 2, config: { osd_pool_default_size: 2 } }),
  ])
  t.teardown(() => Promise.all([one.close(), two.close()]))
  // Of a machine that is busy with other things each process has a share only.
  const share = Math.max(1, (loadavg()[0] ?? 0) / availableParallelism())
  t.ok(
    Date.now() - began < 15_000 * share,
    `both within 15 s, on a machine with a load of ${share} for each CPU`,
  )
  for (const [cluster, osds] of [[one, 1] as const, [two, 2] as const]) {
    await writeAndRead(t, cluster)
    const status = JSON.parse(await ceph(cluster, 'ceph', 'status', '-f', 'json')) as {
      health: { checks: Record<string, { muted: boolean }> }
    }
    t.match(status, {
      fsid: cluster.fsid,
      osdmap: { num_up_osds: osds, num_in_osds: osds },
      mgrmap: { available: true },
    })
    const warnings = Object.entries(status.health.checks).filter(([, { muted }]) => !muted)
    t.same(
      // Debian's manager of 18.2.7 cannot load rbd_support: "PyO3 modules do not yet support subinterpreters"
      warnings.map(([name]) => name).filter((name) => cephRelease !== 18 || name !== 'MGR_MODULE_DEPENDENCY'),
      [],
      'healthy',
    )
    t.ok(await becomesClean(cluster), 'placement groups are active and clean')
    t.ok(processesOf(cluster.directory).length >= 2 + osds)
  }
  const size = await ceph(two, 'ceph', 'osd', 'pool', 'get', 'data', 'size')
  t.match(size, /size: 2/, 'config is used')
  const { host, port } = one.monitors[0] ?? { host: '', port: 0 }
  const bare = ['-c', '/dev/null', '-m', `${host}:${port}`, '-k', one.keyring, 'fsid']
  t.equal(
    (await exec('ceph', bare, { timeout: 60_000 })).stdout.trim(),
    one.fsid,
    'the address alone will do',
  )

  await one.close()
  t.same(processesOf(one.directory), [])
  t.notOk(existsSync(one.directory))
  t.match(await ceph(two, 'rados', '-p', 'data', 'ls'), /object/, 'the other one goes on')
  await two.close()
  await two.close()
  t.same(processesOf(two.directory), [])
  t.notOk(existsSync(two.directory))
})

t.test('up is when an RBD class call has worked', async (t) => {
  const directory = mkdtempSync('/tmp/rk-class-')
  t.teardown(() => rmSync(directory, { recursive: true }))
  const config = { osd_class_dir: join(directory, 'nothing-here') }
  const error = await LocalCluster.start({ objectstore: 'memstore', config }).then(
    () => undefined,
    (reason: unknown) => reason as { code: string; message: string; logs: string },
  )
  if (error === undefined) throw new Error('it said that it is up')
  t.teardown(() => rmSync(join(error.logs, '..'), { recursive: true }))
  t.equal(error.code, 'ERR_RBDKIT_DEV_START')
  t.match(
    error.message,
    /an RBD class call failed: rbd .*Operation not supported.*libcls_rbd\.so.*ceph-base/s,
  )
})

t.test('nothing is left of the check, also where pools may not be deleted', async (t) => {
  await using cluster = await LocalCluster.start({
    objectstore: 'memstore',
    config: { mon_allow_pool_delete: false },
  })
  t.equal((await ceph(cluster, 'ceph', 'osd', 'pool', 'ls')).trim(), '')
  await ceph(cluster, 'ceph', 'osd', 'pool', 'create', 'kept')
  const remove = ceph(
    cluster,
    'ceph',
    'osd',
    'pool',
    'delete',
    'kept',
    'kept',
    '--yes-i-really-really-mean-it',
  )
  await t.rejects(remove, { message: /pool deletion is disabled/ })
})

t.test('an OSD that is stopped or killed comes back with its data', async (t) => {
  const cluster = await LocalCluster.start({
    objectstore: 'bluestore',
    config: { 'mon osd report timeout': 30 },
  })
  t.teardown(() => cluster.close())
  await writeAndRead(t, cluster)
  const [osd] = cluster.osds
  if (osd === undefined) throw new Error('no OSD')
  for (const how of ['stop', 'kill'] as const) {
    const began = Date.now()
    const before = osd.pid
    t.ok(before)
    await osd[how]()
    t.equal(osd.pid, undefined)
    t.comment(`${how}: ${Date.now() - began} ms`)
    await osd.start()
    t.not(osd.pid, before)
    const back = join(cluster.directory, how)
    await ceph(cluster, 'rados', '-p', 'data', 'get', 'object', back)
    t.ok(readFileSync(join(cluster.directory, 'payload')).equals(readFileSync(back)), `after ${how}`)
    t.comment(`back ${Date.now() - began} ms after ${how}`)
  }
})

t.test('a start that fails says why, keeps the logs and leaves no process', async (t) => {
  const error = await LocalCluster.start({ config: { 'bluestore block create': false } }).then(
    () => undefined,
    (reason: unknown) => reason as { code: string; message: string; logs: string },
  )
  if (error === undefined) throw new Error('it started')
  t.teardown(() => rmSync(join(error.logs, '..'), { recursive: true }))
  t.equal(error.code, 'ERR_RBDKIT_DEV_START')
  // The OSD's own words: of 16 and 18, of 20.
  t.match(error.message, /osd\.0 exited with status \d+\n.*(failed to open|osd\.0\/block\) open stat got)/s)
  t.ok(readdirSync(error.logs).length > 0)
  t.same(processesOf(join(error.logs, '..')), [])
})

t.test('a cancelled start leaves nothing, at whatever moment', async (t) => {
  const tmp = mkdtempSync('/tmp/rk-abort-')
  const before = process.env.TMPDIR
  process.env.TMPDIR = tmp
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(tmp, { recursive: true })
  })
  for (const delay of [1, 60, 150, 400, 800, 1400]) {
    const signal = AbortSignal.timeout(delay)
    await t.rejects(LocalCluster.start({ signal, osds: 2 }), { name: 'TimeoutError' }, `after ${delay} ms`)
    t.same(processesOf(tmp), [])
    t.same(
      readdirSync(tmp).filter((entry) => !entry.startsWith('rbdkit-dev-')),
      [],
    )
  }
})

t.test('a given directory is left, with its logs', async (t) => {
  const directory = mkdtempSync('/tmp/rk-given-')
  t.teardown(() => rmSync(directory, { recursive: true }))
  const cluster = await LocalCluster.start({ directory, objectstore: 'memstore' })
  t.equal(cluster.directory, directory)
  await cluster.stop()
  t.same(processesOf(directory), [])
  t.ok(readdirSync(cluster.logs).includes('mon.a.log'))
})
