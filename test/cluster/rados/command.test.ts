import { inspect } from 'node:util'
import { Cluster } from 'rbdkit'
import t from 'tap'
import { randomName, sharedCluster } from '../../helpers/cluster.js'

t.test('monitor and manager commands', async (t) => {
  const { confFile, fsid } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  t.match(await cluster.monitorCommand({ prefix: 'status' }), { fsid })
  t.match(await cluster.monitorCommand({ prefix: 'fsid' }, { format: 'text' }), fsid)
  const pgs = await cluster.managerCommand<{ pg_summary: { num_pgs: number } }>({ prefix: 'pg stat' })
  t.type(pgs.pg_summary.num_pgs, 'number')

  const key = `rbdkit/${randomName('key')}`
  const secret = 'S3cret that is no JSON'
  t.equal(
    await cluster.monitorCommand({ prefix: 'config-key set', key }, { input: Buffer.from(secret) }),
    undefined,
    'a command without output',
  )
  t.equal(await cluster.monitorCommand({ prefix: 'config-key get', key }, { format: 'text' }), secret)
  const error = await cluster.monitorCommand({ prefix: 'config-key get', key }).catch((e: unknown) => e)
  t.match(error, { name: 'CephError', code: 'EBADMSG', message: /config-key get/ })
  t.notMatch(inspect(error, { showHidden: true }), /S3cret/)
  await cluster.monitorCommand({ prefix: 'config-key rm', key })

  await t.rejects(cluster.monitorCommand({ prefix: 'osd pool get', pool: 'nope', var: 'size' }), {
    name: 'CephError',
    code: 'ENOENT',
    errno: -2,
    syscall: 'rados_mon_command',
    message: /unrecognized pool 'nope'/,
  })
  await t.rejects(cluster.monitorCommand({ prefix: 'no such command' }), {
    code: 'EINVAL',
    message: /not known/,
  })
  await t.rejects(cluster.managerCommand({ prefix: 'nope' }), {
    code: 'EINVAL',
    syscall: 'rados_mgr_command',
    message: /No handler/,
  })
})

t.test('what commands say beside their output; which monitor; what is not there', async (t) => {
  const { confFile } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  const pool = `${randomName('статус')} "名"`
  const said: string[] = []
  const onStatus = (text: string) => said.push(text)
  const create = { prefix: 'osd pool create', pool, pg_num: 1 }
  t.equal(await cluster.monitorCommand(create, { onStatus }), undefined)
  t.same(said, [`pool '${pool}' created`])
  // Others hear of it some time later, unless they ask.
  t.ok((await cluster.pools.list()).includes(pool))
  await using later = await Cluster.connect({ confFile })
  await later.waitForLatestMap()
  t.equal(await later.pools.name(await cluster.pools.id(pool)), pool)
  t.equal(await cluster.monitorCommand(create, { onStatus }), undefined, 'which to a monitor is no error')
  t.match(said[1], /already exists$/)
  await cluster.pools.delete(pool)
  const again = `${pool} again`
  await cluster.monitorCommand({ ...create, pool: again })
  await cluster.pools.delete(again)
  t.notOk((await later.pools.list()).includes(again))
  await cluster.monitorCommand({ prefix: 'fsid' }, { format: 'text', onStatus })
  t.equal(said.length, 2, 'nothing was said')
  const map = await cluster.monitorCommand<Record<string, unknown> & { epoch: number }>(
    { prefix: 'mon dump' },
    { onStatus },
  )
  t.equal(said[2], `dumped monmap epoch ${map.epoch}`)
  await t.rejects(cluster.monitorCommand({ prefix: 'mon dump', epoch: map.epoch + 1000 }), {
    code: 'ENOENT',
    message: /no map for epoch/,
  })
  t.match(await cluster.monitorCommand({ prefix: 'version' }, { target: '0' }), { version: /\d/ }, 'by rank')

  const bench = await cluster.osdCommand(0, { prefix: 'bench', size: 4096, count: 8192 })
  t.match(bench, { blocksize: 4096, bytes_written: 8192 })
  for (const run of [
    () => cluster.monitorCommand({ prefix: 'get_command_descriptions' }),
    () => cluster.osdCommand(0, { prefix: 'get_command_descriptions' }),
    () => cluster.managerCommand({ prefix: 'get_command_descriptions' }),
  ])
    t.ok(Object.keys((await run()) as object).length > 10)
})

t.test('what a monitor answers is handed on as it is, odd as it may be', async (t) => {
  const { confFile } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  // Two keys of 16.2.15 end in a colon and a blank: whoever wants them looks for both.
  const map = await cluster.monitorCommand<Record<string, unknown>>({ prefix: 'mon dump' })
  const key = ['disallowed_leaders', 'disallowed_leaders: '].find((name) => name in map)
  t.equal(map[key as string], '')
  // Of later releases: a text of Ceph's own that is no ISO date.
  const { fsmap } = await cluster.monitorCommand<{ fsmap: { btime?: string } }>({ prefix: 'status' })
  if (fsmap.btime !== undefined) t.type(fsmap.btime, 'string')
})

t.test('bad arguments', async (t) => {
  const { confFile } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  const run = (command: unknown, options?: unknown) =>
    cluster.monitorCommand(command as { prefix: string }, options as object)
  await t.rejects(run(undefined), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(run({}), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(run({ prefix: 'status', x: 1n }), TypeError)
  await t.rejects(run({ prefix: 'status' }, { input: 'text' }), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(run({ prefix: 'status' }, { format: 'xml' }), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(run({ prefix: 'status' }, { onStatus: 'x' }), { code: 'ERR_INVALID_ARG_TYPE' })
})
