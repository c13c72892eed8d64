/** Which cluster, which user, which pool: what the environment and ceph.conf say counts, as it does for `rbd`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster, Image } from 'rbdkit'
import t from 'tap'
import { sharedCluster } from '../../helpers/cluster.js'
import { mib, openPool, settledNames } from '../copy/fixture.js'
import { cli, startCli } from './fixture.js'

t.setTimeout(300_000)

t.test('rbd_default_pool is the pool of specs that name none', async (t) => {
  const { ioctx, test } = await openPool(t)
  const conf = join(t.testdir(), 'ceph.conf')
  writeFileSync(conf, `${readFileSync(test.confFile, 'utf8')}\n[client]\nrbd default pool = ${ioctx.pool}\n`)
  for (const name of ['a', 'b']) await Image.create(ioctx, name, { size: mib })
  t.match(await cli(conf, 'ls'), { status: 0, stdout: 'a\nb\n', stderr: '' })
  t.match(await cli(conf, 'rm', 'a'), { status: 0, stdout: '', stderr: '' })
  t.same(await settledNames(ioctx), ['b'])
  const { status, stdout } = await cli(conf, 'cp', '--image', 'b', '--dest', 'c', '--order', '20', '--json')
  t.equal(status, 0)
  t.match(JSON.parse(stdout), { source: `${ioctx.pool}/b`, destination: `${ioctx.pool}/c` })
  const info = await cli(conf, '--format', 'json', 'info', '--image', 'c')
  t.match(JSON.parse(info.stdout), { name: 'c', order: 20 })
})

t.test('CEPH_ARGS and the options say who', async (t) => {
  const { confFile } = await sharedCluster()
  const refused = { status: 1, stdout: '', stderr: /the cluster refused 'client\.nosuch'/ }
  const args = { env: { CEPH_ARGS: '--id nosuch' } }
  t.match(await startCli(confFile, ['ls'], args).ended, refused)
  t.match(await cli(confFile, '-n', 'client.nosuch', 'ls'), refused)
  t.match(await startCli(confFile, ['ls'], { env: { CEPH_ARGS: 'x' } }).ended, {
    status: 2,
    stderr: /^rbdkit: CEPH_ARGS: 'x' is not an option\n/,
  })
})

t.test('monitors that only sections [mon.x] name: librados finds them', async (t) => {
  const { keyring, monitors, fsid } = await sharedCluster()
  const [{ host, port } = { host: '', port: 0 }] = monitors
  const confFile = join(t.testdir(), 'ceph.conf')
  writeFileSync(
    confFile,
    `[mon.a]\nhost = x\nmon addr = v2:${host}:${port}\n[client]\nkeyring = ${keyring}\n`,
  )
  const cluster = await Cluster.connect({ confFile })
  t.equal(await cluster.fsid(), fsid)
  await cluster.close()
})

/**
 * Ceph's parser ends the process on some files. This one it would merely refuse, without a column: no byte of UTF-8 is
 * 0xff.
 */
t.test('a ceph.conf is looked at before librados reads it, wherever it is found', async (t) => {
  const folder = t.testdir({ home: { '.ceph': {} } })
  const text = Buffer.from('# \u00fc\n[client]\nlog file = "\u00fc"\nkeyring = /x')
  const bad = Buffer.concat([text, Buffer.from([0xff, 0x0a])])
  const name = 'rbdkit-test'
  for (const path of [`${name}.conf`, `home/.ceph/${name}.conf`]) writeFileSync(join(folder, path), bad)
  const detail = / conf file '[^']+', line 4, column 13: a character that is not ASCII; /
  for (const confFile of [join(folder, `${name}.conf`), `/nonexistent,${folder}/$cluster.conf`]) {
    const error = await Cluster.connect({ confFile, cluster: name }).catch((reason: unknown) => reason)
    t.match(error, { code: 'EINVAL', syscall: 'rados_connect', message: detail })
  }
  const places: [string, NodeJS.ProcessEnv, string][] = [
    ['here', { HOME: '/nonexistent', CEPH_CONF: undefined }, folder],
    ['~/.ceph', { HOME: join(folder, 'home'), CEPH_CONF: undefined }, '/'],
    ['CEPH_CONF', { CEPH_CONF: join(folder, '$cluster.conf') }, '/'],
  ]
  for (const [place, env, cwd] of places) {
    const result = await startCli('', ['--cluster', name, 'ls'], { env, cwd }).ended
    t.match(result, { status: 1, stderr: /EINVAL: [^\n]+rbdkit-test\.conf', line 4, column 13: / }, place)
  }
})

t.test('a key where something else belongs is not shown', async (t) => {
  const { confFile, keyring } = await sharedCluster()
  const key = /key = (\S+)/.exec(readFileSync(keyring, 'utf8'))?.[1] ?? ''
  for (const args of [
    ['ls', '--id', key],
    ['ls', '-k', `/etc/${key}`],
    ['info', `x/${key}`, '--json'],
    ['ls', key, '--json'],
    [key],
    ['ls', '--ceph-option', key],
  ]) {
    const stderr = /^rbdkit: a key on a command line can be seen by others; [^\n]+\n$/
    t.match(await cli(confFile, ...args), { status: 2, stdout: '', stderr })
  }
  const args = await startCli(confFile, ['ls'], { env: { CEPH_ARGS: `--id ${key}` } }).ended
  t.match(args, { status: 1, stderr: /'client\.<key>'/ })
  const named = await Cluster.connect({ confFile, id: key }).catch((reason: unknown) => reason)
  t.match(named, { message: /'client\.<key>'/ })
})
