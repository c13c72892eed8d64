/** A host without Ceph's or libvirt's libraries: the package loads, works with the rest, and says what to install. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Consumer } from '../helpers/consumer.js'
import { makePackage } from '../helpers/package.js'

t.setTimeout(600_000)
const directory = t.testdir()
const consumer = new Consumer(directory, makePackage().tarball)

/** The environment in which these libraries cannot be loaded: found first, and no ELF files. */
function without(...sonames: string[]): Record<string, string> {
  const broken = join(directory, `without-${sonames.join('-')}`)
  mkdirSync(broken, { recursive: true })
  for (const soname of sonames) writeFileSync(join(broken, soname), 'not a library')
  return { LD_LIBRARY_PATH: broken }
}

const code = `
import { Cluster, CephError, capabilities, versions } from 'rbdkit'
import { Connection } from 'rbdkit/libvirt'
const show = ({ name, code, syscall, message }) => ({ name, code, syscall, message })
const [connect, open] = await Promise.all([
  Cluster.connect({ monHost: '127.0.0.1:1', connectTimeoutMs: 500 }).catch(show),
  Connection.open('test:///default').then((connection) => connection.close().then(() => 'opened'), show),
])
console.log(JSON.stringify({ capabilities: capabilities(), versions: versions(), connect, open }))`

/** What the host's libraries gave. */
interface Report {
  readonly capabilities: Record<'librados' | 'librbd' | 'libvirt', Record<string, boolean> | string>
  readonly versions: Record<string, string>
  readonly connect: Record<'name' | 'code' | 'syscall' | 'message', string>
  readonly open: unknown
}

function report(...sonames: string[]): Report {
  const { status, stdout, stderr } = consumer.run('mjs', code, { env: without(...sonames) })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Report
}

t.test('with all of them', async (t) => {
  const { capabilities, versions, connect, open } = report()
  t.match(capabilities.librados, { rados_connect: true })
  t.match(capabilities.librbd, { rbd_open: true })
  t.match(capabilities.libvirt, { virConnectOpen: true })
  t.match(versions, { librados: /^\d+\.\d+\.\d+$/, librbd: /^\d+\.\d+\.\d+$/, libvirt: /^\d+\.\d+\.\d+$/ })
  t.match(connect, { name: 'CephError', code: 'ETIMEDOUT' }, 'librados was asked')
  t.equal(open, 'opened', "libvirt's own test driver")
})

t.test('without librados nothing of Ceph works, libvirt does', async (t) => {
  const { capabilities, versions, connect, open } = report('librados.so.2')
  t.match(capabilities.librados, /librados\.so\.2.* apt-get install librados2 /)
  t.type(capabilities.librbd, 'string', 'librbd needs librados')
  t.match(capabilities.libvirt, { virConnectOpen: true })
  t.notOk('librados' in versions)
  t.match(connect, { name: 'CephError', code: 'ENOSYS', message: /apt-get install librados2 / })
  t.equal(open, 'opened')
})

t.test('without librbd', async (t) => {
  const { capabilities, versions, connect } = report('librbd.so.1')
  t.match(capabilities.librbd, /librbd\.so\.1.* apt-get install librbd1 /)
  t.match(capabilities.librados, { rados_connect: true })
  t.notOk('librbd' in versions)
  t.equal(connect.code, 'ETIMEDOUT', 'librados works')
})

t.test('without libvirt', async (t) => {
  const { capabilities, versions, open, connect } = report('libvirt.so.0')
  t.match(capabilities.libvirt, /libvirt\.so\.0.* apt-get install libvirt0 /)
  t.match(capabilities.librbd, { rbd_open: true })
  t.notOk('libvirt' in versions)
  t.match(open, { name: 'LibvirtError', message: /apt-get install libvirt0 / })
  t.equal(connect.code, 'ETIMEDOUT', 'librados works')
})
