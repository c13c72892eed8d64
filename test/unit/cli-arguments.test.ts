/** What the command line and `CEPH_ARGS` say, before there is a cluster. */

import { join } from 'node:path'
import t from 'tap'
import { commandFirst } from '../../lib/cli/options/command-first.js'
import { toConnectOptions } from '../../lib/cli/options/connection.js'
import { parseImageSpec } from '../../lib/cli/options/image-spec.js'

t.test('CEPH_ARGS says who and where, as it does to rbd; the command line has the last word', async (t) => {
  const of = (text: string, flags = {}) => toConnectOptions(flags, {}, { CEPH_ARGS: text })
  const ways: [text: string, options: object][] = [
    ['', {}],
    ['--id glance', { name: 'client.glance' }],
    ['--user=glance', { name: 'client.glance' }],
    ['-n client.glance', { name: 'client.glance' }],
    ['--name client.a --id b', { name: 'client.b' }],
    ['--id b -n client.a', { name: 'client.a' }],
    ['-c /x.conf --cluster east', { confFile: '/x.conf', cluster: 'east' }],
    [' -k /k  -m 10.0.0.1:6789 ', { keyring: '/k', monHost: '10.0.0.1:6789' }],
    ['--mon-host=a,b', { monHost: 'a,b' }],
    ['--mon_host a', { monHost: 'a' }],
    ['-K /secret', { options: { keyfile: '/secret' } }],
    ['--rbd-cache=false --debug_ms 1', { options: { rbd_cache: 'false', debug_ms: '1' } }],
    ['--rbd-cache --id x', { name: 'client.x', options: { rbd_cache: 'true' } }],
  ]
  for (const [text, options] of ways) t.same(of(text), { options: {}, ...options }, text)
  t.same(of('--id a', { id: 'b' }), { name: 'client.b', options: {} })
  t.same(of('--id a', { name: 'client.b' }), { name: 'client.b', options: {} })
  t.same(of('-n client.a -c /x', { user: 'b', conf: '/y' }), {
    name: 'client.b',
    confFile: '/y',
    options: {},
  })
  t.match(of('--rbd-cache=true', { cephOption: { rbd_cache: 'false' } }), { options: { rbd_cache: 'false' } })
  for (const text of ['glance', '--id', '-c', '--id --cluster']) {
    t.throws(() => of(text), { code: 'commander.invalidArgument', message: /^CEPH_ARGS: / }, text)
  }
  t.throws(() => of('', { id: 'a', name: 'client.b' }), { code: 'commander.invalidArgument' })
  t.same(of('', { id: 'a', name: 'client.a' }), { name: 'client.a', options: {} })
})

t.test('options before the command, and before the word that follows snap', async (t) => {
  const lines: [before: string, after: string][] = [
    ['ls -p x', 'ls -p x'],
    ['-p x ls', 'ls -p x'],
    ['-px --id=admin -c f ls -l', 'ls -px --id=admin -c f -l'],
    ['--format json --no-progress du a', 'du --format json --no-progress a'],
    ['--pool x snap ls img', 'snap ls --pool x img'],
    ['snap --pool x ls img', 'snap ls --pool x img'],
    ['-n client.a snap -p x rm img@s', 'snap rm -n client.a -p x img@s'],
    ['bench compare a b', 'bench compare a b'],
    ['--id a bench img --rw read', 'bench --id a img --rw read'],
    ['--help', '--help'],
    ['-p x', '-p x'],
    ['--zz ls', '--zz ls'],
    ['-p x --zz ls', '-p x --zz ls'],
  ]
  for (const [before, after] of lines) t.equal(commandFirst(before.split(' ')).join(' '), after, before)
})

t.test('names that other programs give', async (t) => {
  t.same(parseImageSpec('p/i@a/b@c'), { pool: 'p', namespace: '', image: 'i', snapshot: 'a/b@c' })
  t.same(parseImageSpec('p/n/i@s'), { pool: 'p', namespace: 'n', image: 'i', snapshot: 's' })
  t.same(parseImageSpec('i'), { pool: undefined, namespace: '', image: 'i' }, 'the cluster says which pool')
  t.throws(() => parseImageSpec('a/b/c/d'), { code: 'commander.invalidArgument' })
  t.throws(() => parseImageSpec('i@'), { code: 'commander.invalidArgument' })
})

t.test('CEPH_KEYRING, and a ceph.conf beside named monitors', async (t) => {
  const HOME = t.testdir({ '.ceph': { 'rbdkit-test.conf': '' } })
  const confFile = join(HOME, '.ceph/rbdkit-test.conf')
  const flags = { cluster: 'rbdkit-test', monHost: '10.0.0.1' }
  t.match(toConnectOptions(flags, {}, { HOME, CEPH_KEYRING: '/k' }), { confFile, keyring: '/k' })
  t.match(toConnectOptions(flags, {}, { HOME, CEPH_CONF: '/c' }), { confFile: '/c' })
  t.match(toConnectOptions({ ...flags, conf: '/d', keyring: '/l' }, {}, { HOME, CEPH_KEYRING: '/k' }), {
    confFile: '/d',
    keyring: '/l',
  })
  t.notHas(toConnectOptions(flags, {}, {}), { confFile: String }, 'there is none')
  t.notHas(toConnectOptions(flags, {}, null), { confFile: String }, 'another cluster')
  t.notHas(toConnectOptions({}, {}, { HOME }), { confFile: String }, 'librados searches')
})
