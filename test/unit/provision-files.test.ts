/** Files for clients of Ceph: sections of ceph.conf and keyrings, and how they are written. */

import { chmod, chown, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { writeFileSafely } from '../../lib/provision/files.js'
import { findOption, withOptions, withoutSection } from '../../lib/provision/libvirt/ceph-conf.js'

const conf = `# of the site
[global]
fsid = 1-2
mon_host = 10.0.0.1 ; the first

[client.libvirt]
\tlog file = "/var/log/a b.log" # ours
rbd-cache = false

[osd]
  osd memory target = 4G
`

t.test('options are found as Ceph finds them', async (t) => {
  t.equal(findOption(conf, 'global', 'mon host'), '10.0.0.1')
  t.equal(findOption(conf, 'client.libvirt', 'log_file'), '/var/log/a b.log')
  t.equal(findOption(conf, 'client.libvirt', 'rbd cache'), 'false')
  t.equal(findOption(conf, 'client', 'rbd cache'), undefined)
  t.equal(findOption('[a]\nx = 1\n[b]\nx = 2\n[a]\nx = 3', 'a', 'x'), '3', 'the last one counts')
})

t.test('options are set, and nothing else is touched', async (t) => {
  const set = withOptions(conf, 'client.libvirt', { 'rbd cache': 'true', 'admin socket': '/run/x.asok' })
  t.equal(set, conf.replace('rbd-cache = false\n', 'rbd cache = true\nadmin socket = /run/x.asok\n'))
  t.equal(withOptions(set, 'client.libvirt', { rbd_cache: 'true' }), set, 'what is set is left')
  t.equal(withOptions('', 'a', { x: '1' }), '[a]\nx = 1\n')
  t.equal(withOptions('[a]\nx = 1', 'b', { y: '2' }), '[a]\nx = 1\n\n[b]\ny = 2\n')
})

t.test('a section is taken out', async (t) => {
  const rest = withoutSection(conf, 'client.libvirt')
  t.equal(rest, conf.replace(/\[client\.libvirt\][^[]*/, ''))
  const added = withOptions(rest, 'client.x', { key: '1' })
  t.equal(withoutSection(added, 'client.x'), rest, 'as it was before it was added')
  t.equal(withoutSection('[a]\nx = 1\n', 'a').trim(), '')
})

t.test('a file is written whole, with the mode that is safe', async (t) => {
  const directory = t.testdir({ old: 'old', group: 'old', link: {} })
  const path = (name: string) => join(directory, name)
  const modeOf = async (name: string) => ((await stat(path(name))).mode & 0o777).toString(8)
  await writeFileSafely(path('new'), 'text', 0o600)
  t.equal(await modeOf('new'), '600')
  await writeFileSafely(path('conf'), 'text', 0o644)
  t.equal(await modeOf('conf'), '644')

  await chmod(path('old'), 0o664)
  if (process.getuid?.() === 0) await chown(path('old'), 1, 2)
  await writeFile(path('old.rbdkit-new'), 'left by a process that was killed', { mode: 0o666 })
  await writeFileSafely(path('old'), 'secret', 0o600)
  t.equal(await modeOf('old'), '660', 'others are given nothing; the group keeps what somebody gave it')
  if (process.getuid?.() === 0) t.match(await stat(path('old')), { uid: 1, gid: 2 })
  t.equal(await readFile(path('old'), 'utf8'), 'secret')

  await symlink(path('group'), path('linked'))
  await writeFileSafely(path('linked'), 'through', 0o644)
  t.equal(await readlink(path('linked')), path('group'), 'a link goes on being one')
  t.equal(await readFile(path('group'), 'utf8'), 'through')

  await t.rejects(writeFileSafely(path('none/file'), 'x', 0o600), { code: 'ENOENT' })
  t.same(
    (await readdir(directory)).filter((name) => name.includes('rbdkit-new')),
    [],
  )
})
