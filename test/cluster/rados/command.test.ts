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
})
