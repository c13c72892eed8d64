/** What a cluster is asked and told beyond its pools: other daemons' commands, applications, services, the log. */
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Cluster, type LogLine } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { openPool } from '../copy/fixture.js'

const exec = promisify(execFile)

t.test('commands of one monitor, manager, OSD and placement group', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const [monitor] = await cluster.monitors()
  const target = monitor?.name as string
  const { mon_status } = {
    mon_status: await cluster.monitorCommand<{ name: string }>({ prefix: 'mon_status' }, { target }),
  }
  t.equal(mon_status.name, target)
  await t.rejects(cluster.monitorCommand({ prefix: 'mon_status' }, { target: 'none' }), {
    name: 'CephError',
    syscall: 'rados_mon_command_target',
  })
  const { active_name } = await cluster.monitorCommand<{ active_name: string }>({ prefix: 'mgr dump' })
  const manager = await cluster.managerCommand<{ version: string }>(
    { prefix: 'version' },
    { target: active_name },
  )
  t.equal(manager.version, await cluster.version())
  const { version } = await cluster.osdCommand<{ version: string }>(0, { prefix: 'version' })
  t.match(version, new RegExp((await cluster.version()).replaceAll('.', '\\.')))
  await t.rejects(cluster.osdCommand(999, { prefix: 'version' }), {
    name: 'CephError',
    syscall: 'rados_osd_command',
  })
  await ioctx.writeFull('object', Buffer.from('x'))
  const pg = `${await ioctx.id()}.0`
  const query = await cluster.pgCommand<{ info: { pgid: string } }>(pg, { prefix: 'query', pgid: pg })
  t.equal(query.info.pgid, pg)
  await t.rejects(cluster.pgCommand('none', { prefix: 'query' }), {
    name: 'CephError',
    syscall: 'rados_pg_command',
  })
  // Many: librados's own call ended the process sooner or later.
  for (let i = 0; i < 50; i++) {
    const { health, mon_status: status } = JSON.parse(await cluster.pingMonitor(target))
    t.match(health, { status: /^HEALTH_/ })
    t.match(status, { name: target, state: 'leader' })
  }
  await t.rejects(cluster.pingMonitor('none'), { code: 'ENOENT', syscall: 'rados_mon_command_target' })
})

t.test('pools by id and name, rules, alignment', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const id = await ioctx.id()
  t.equal(await cluster.pools.id(ioctx.pool), id)
  t.equal(await cluster.pools.name(id), ioctx.pool)
  t.equal(await cluster.pools.baseTier(id), id)
  t.same(await cluster.pools.inconsistentPgs(id), [])
  t.equal(await ioctx.alignment(), undefined)
  for (const call of [
    () => cluster.pools.id('none'),
    () => cluster.pools.name(2n ** 40n),
    () => cluster.pools.baseTier(2n ** 40n),
  ] as (() => Promise<unknown>)[])
    await t.rejects(call, { code: 'ENOENT' })
  t.equal(await ioctx.poolName(), ioctx.pool)
  const moved = randomName('moved')
  await cluster.monitorCommand({ prefix: 'osd pool rename', srcpool: ioctx.pool, destpool: moved })
  try {
    t.equal(await ioctx.poolName(), moved)
    t.equal(await cluster.pools.name(id), moved)
    t.equal(await cluster.pools.id(moved), id)
  } finally {
    await cluster.monitorCommand({ prefix: 'osd pool rename', srcpool: moved, destpool: ioctx.pool })
  }
  const ruled = randomName('ruled')
  const [rule] = (await cluster.monitorCommand<{ rule_id: number; rule_name: string }[]>({
    prefix: 'osd crush rule dump',
  })) as [{ rule_id: number; rule_name: string }]
  await cluster.pools.create(ruled, { crushRule: rule.rule_id })
  try {
    const { crush_rule } = await cluster.monitorCommand<{ crush_rule: string }>({
      prefix: 'osd pool get',
      pool: ruled,
      var: 'crush_rule',
    })
    t.equal(crush_rule, rule.rule_name)
  } finally {
    await cluster.pools.delete(ruled)
  }
  await t.rejects(cluster.pools.create(ruled, { crushRule: 200 }), { code: 'ENOENT' })
  await t.rejects(cluster.pools.create(ruled, { crushRule: 0, pgNum: 8 }), { code: 'ERR_INVALID_ARG_VALUE' })

  const cache = randomName('cache')
  await cluster.pools.create(cache)
  try {
    // Tiers go out of use: a release that has none refuses the command.
    const tier = { pool: ioctx.pool, tierpool: cache }
    const added = await cluster.monitorCommand({ prefix: 'osd tier add', ...tier, force_nonempty: '' }).then(
      () => true,
      ({ code }) => t.match(code, /EINVAL|EOPNOTSUPP|EPERM/) && false,
    )
    if (added) {
      await cluster.waitForLatestMap()
      t.equal(await cluster.pools.baseTier(await cluster.pools.id(cache)), id)
      t.equal(await cluster.pools.baseTier(id), id)
      await cluster.monitorCommand({ prefix: 'osd tier remove', ...tier })
    }
  } finally {
    await cluster.pools.delete(cache)
  }

  const coded = randomName('coded')
  const profile = randomName('profile')
  await cluster.monitorCommand({
    prefix: 'osd erasure-code-profile set',
    name: profile,
    profile: ['k=2', 'm=1', 'crush-failure-domain=osd'],
  })
  await cluster.monitorCommand({
    prefix: 'osd pool create',
    pool: coded,
    pg_num: 1,
    pool_type: 'erasure',
    erasure_code_profile: profile,
  })
  try {
    await using opened = await cluster.openIoCtx(coded)
    // Two chunks of data, each of the 4 KiB of osd_pool_erasure_code_stripe_unit.
    t.equal(await opened.alignment(), 2 * 4096)
  } finally {
    await cluster.pools.delete(coded)
    await cluster.monitorCommand({ prefix: 'osd erasure-code-profile rm', name: profile })
  }
})

t.test('applications and what they keep', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const { applications } = ioctx
  t.same(await applications.list(), ['rbd'])
  await t.rejects(applications.enable('mine'), { code: 'EPERM' })
  await applications.enable('mine', { force: true })
  t.same((await applications.list()).sort(), ['mine', 'rbd'])
  t.same(await applications.metadata('mine'), new Map())
  await applications.setMetadata('mine', 'key', 'value')
  await applications.setMetadata('mine', 'ключ', 'значение')
  await applications.setMetadata('mine', 'empty', '')
  const expected = { key: 'value', ключ: 'значение', empty: '' }
  t.same(Object.fromEntries(await applications.metadata('mine')), expected)
  t.equal(await applications.getMetadata('mine', 'key'), 'value')
  const told = await cluster.monitorCommand({
    prefix: 'osd pool application get',
    pool: ioctx.pool,
    app: 'mine',
  })
  t.same(told, expected)
  await applications.removeMetadata('mine', 'key')
  await t.rejects(applications.getMetadata('mine', 'key'), { code: 'ENOENT' })
  await t.rejects(applications.metadata('none'), { code: 'ENOENT' })
  await t.rejects(applications.setMetadata('none', 'key', 'value'), { code: 'ENOENT' })
})

t.test('an address, a blocklist, releases', async (t) => {
  const { cluster, ioctx, test } = await openPool(t)
  const victim = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  const theirs = await victim.openIoCtx(ioctx.pool)
  await theirs.writeFull('object', Buffer.from('x'))
  const address = await victim.address()
  t.match(address, /^\d+\.\d+\.\d+\.\d+:0\/\d+$/)
  await cluster.blocklistAdd(`v1:${address}`, { expireMs: 600_000 })
  const { blocklist } = await cluster.monitorCommand<{ blocklist: Record<string, string> }>({
    prefix: 'osd dump',
  })
  const until = blocklist[address] ?? ''
  const left = Date.parse(until) - Date.now()
  t.ok(left > 500_000 && left < 700_000, JSON.stringify(blocklist))
  await t.rejects(
    async () => {
      for (let i = 0; i < 100; i++) {
        await theirs.writeFull('object', Buffer.from('y'))
        await sleep(100)
      }
    },
    { code: 'ESHUTDOWN' },
  )
  await victim.close()
  await cluster.monitorCommand({ prefix: 'osd blocklist', blocklistop: 'rm', addr: address })
  await t.rejects(cluster.blocklistAdd('nobody'), { name: 'CephError', syscall: 'rados_blocklist_add' })
  const { osd, client, requiredClient } = await cluster.minCompatible()
  const { require_osd_release } = await cluster.monitorCommand<{ require_osd_release: string }>({
    prefix: 'osd dump',
  })
  // Releases are numbered by their first letters: octopus is 15.
  t.equal(osd, require_osd_release.charCodeAt(0) - 'a'.charCodeAt(0) + 1)
  t.ok(client > 0 && client <= osd && requiredClient >= 0, `${client}, ${requiredClient}`)
})

t.test('a service that the cluster shows', async (t) => {
  const { cluster, test } = await openPool(t)
  const daemon = randomName('d')
  const name = randomName('service')
  await t.rejects(cluster.service.updateStatus({ state: 'none' }), {
    code: 'ENOENT',
    syscall: 'rados_service_update_status',
  })
  await cluster.service.register(name, daemon, { version: '1 2', empty: '' })
  await t.rejects(cluster.service.register(name, daemon), { code: 'EEXIST' })
  await cluster.service.updateStatus({ state: 'well, thanks' })
  const look = async (): Promise<string> =>
    (await exec('ceph', ['service', 'dump', '--format', 'json'], { env: { ...process.env, ...test.env } }))
      .stdout
  let dump = ''
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(300)) {
    dump = await look()
    if (dump.includes(name)) break
  }
  const { services } = JSON.parse(dump) as {
    services: Record<string, { daemons: Record<string, { metadata: Record<string, string> }> }>
  }
  t.match(services[name]?.daemons[daemon]?.metadata, { version: '1 2', empty: '' })
})

t.test('the log', async (t) => {
  const { cluster, test } = await openPool(t)
  const say = (text: string): Promise<unknown> =>
    cluster.monitorCommand({ prefix: 'log', logtext: [text] }, { format: 'text' })
  const log = await cluster.monitorLog('info')
  await t.rejects(cluster.monitorLog(), { code: 'EBUSY' })
  const words = randomName('words')
  const reading = (async (): Promise<LogLine | undefined> => {
    for await (const line of log) if (line.message.includes(words)) return line
    return undefined
  })()
  // What is said before the monitor knows of the subscription is not heard.
  let line: LogLine | undefined
  while (line === undefined) {
    await say(`${words} heard`)
    line = await Promise.race([reading, sleep(500).then(() => undefined)])
  }
  t.match(line, { message: `${words} heard`, level: /INF/, missed: 0, channel: 'cluster' })
  t.ok(Math.abs(Date.now() - line.time.getTime()) < 60_000, String(line.time))
  t.ok(log.closed, 'leaving the loop closes it')

  await using slow = await cluster.monitorLog('info', { maxWaiting: 3 })
  for (let i = 0; i < 10; i++) await say(`${words} ${i}`)
  await sleep(3000)
  for (let i = 0; i < 3; i++) t.equal((await slow.next()).value?.missed, 0)
  let last: LogLine | undefined
  while (last === undefined || last.missed === 0) {
    await say(`${words} after`)
    last = (await slow.next()).value
    t.ok(last !== undefined)
  }
  t.ok(last.missed > 0, `${last.missed} missed`)
  await slow.close()
  t.same(await slow.next(), { done: true, value: undefined })
  // @ts-expect-error no such level
  await t.rejects(cluster.monitorLog('loud'), { code: 'ERR_INVALID_ARG_VALUE' })
  const rival = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  const open = await rival.monitorLog()
  const end = open.next()
  await rival.close()
  t.same(await end, { done: true, value: undefined }, 'closing the cluster ends it')
})
