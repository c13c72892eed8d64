/** What never reaches libvirt: a URI that names a program; and what an error never shows: a secret. */

import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Connection, Secret } from 'rbdkit/libvirt'
import t from 'tap'
import { checkUri } from '../../lib/libvirt/uri.js'

t.test('a URI that names a program is refused before libvirt sees it', async (t) => {
  const directory = t.testdir()
  const program = join(directory, 'program')
  const trace = join(directory, 'it-ran')
  writeFileSync(program, `#!/bin/sh\n: > ${trace}\n`)
  chmodSync(program, 0o755)
  const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message: /"uri".*allowCommands: true/ }
  for (const uri of [
    `test+ext:///default?command=${program}`,
    `TEST+EXT:///default?command=${program}`,
    `test+ssh://localhost/default?command=${program}`,
    `test+ssh://localhost/default?no_tty=1&Command=${program}`,
    `test+ssh://localhost/default?no_tty=1;%63ommand=${program}`,
    `test+ssh://localhost/default?netcat=${program}`,
    `test+libssh2://localhost/default?NETCAT=${program}`,
    'test+ssh://-oProxyCommand=true/default',
    'test+ssh://-l@localhost/default',
    'test+ssh://%2doProxyCommand=true/default',
  ]) {
    await t.rejects(Connection.open(uri), refused, uri)
    await t.rejects(Connection.open(uri, { readOnly: true, allowCommands: false }), refused, uri)
  }
  t.equal(existsSync(trace), false, 'nothing ran')

  // The guard is what kept it from running.
  const allowed = { allowCommands: true, connectTimeoutMs: 10_000 }
  await t.rejects(Connection.open(`test+ext:///default?command=${program}`, allowed), {
    name: 'LibvirtError',
  })
  t.equal(existsSync(trace), true, 'libvirt does run it')
  await t.rejects(Connection.open('test:///default', { allowCommands: 'yes' as never }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
})

t.test('every transport and every way to write a parameter', async (t) => {
  const refused = { code: 'ERR_INVALID_ARG_VALUE' }
  const transports = ['', '+unix', '+tcp', '+tls', '+ssh', '+libssh', '+libssh2']
  for (const transport of transports) {
    const uri = `qemu${transport}://me@host:16/system?no_verify=1`
    t.doesNotThrow(() => checkUri(uri), uri)
    for (const name of ['command', 'COMMAND', 'n%65tcat', 'netcat', '%6e%65%74%63%61%74', ' command']) {
      for (const separator of ['&', ';', '&&', '&;']) {
        t.throws(() => checkUri(`${uri}${separator}${name}=x`), refused, `${transport} ${separator}${name}`)
        t.throws(() => checkUri(`${uri}${separator}${name}`), refused, 'without a value')
      }
    }
  }
  for (const scheme of [
    'qemu+ext',
    'QEMU+EXT',
    'qemu+%65xt',
    'qemu+e%78t',
    'qemu+rsh',
    'qemu+ssh+ext',
    'qemu+',
  ])
    t.throws(() => checkUri(`${scheme}://host/system`), refused, scheme)
  for (const known of [
    'name',
    'mode',
    'proxy',
    'socket',
    'keyfile',
    'sshauth',
    'pkipath',
    'known_hosts',
    'known_hosts_verify',
    'no_sanity',
    'no_tty',
    'tls_priority',
  ])
    t.doesNotThrow(() => checkUri(`qemu+ssh://host/system?${known}=command`), known)
})

t.test('the refusal does not quote the URI', async (t) => {
  const error = await Connection.open('qemu+ssh://me:hunter2@host/system?command=hunter2').catch(
    (reason) => reason,
  )
  t.notMatch(`${error.stack}`, /hunter2/)
})

t.test('other URIs pass', async (t) => {
  for (const uri of [
    'qemu:///system',
    'qemu:///system?socket=/run/command/libvirt-sock',
    'qemu+ssh://root@my-host.example/system?keyfile=/root/.ssh/id&no_verify=1&socket=/a?b',
    'qemu+tls://[::1]:16514/system?pkipath=/etc/pki',
    'qemu+tcp://host-1/session',
    'test:///command/netcat=x.xml',
    'an-alias-of-libvirt.conf',
    '',
  ]) {
    t.doesNotThrow(() => checkUri(uri), uri)
  }
})

t.test('what is no secret value is refused without showing it', async (t) => {
  const set = (value: unknown) =>
    Secret.prototype.setValue
      .call({} as Secret, value as Uint8Array)
      .catch((reason: unknown) => reason) as Promise<NodeJS.ErrnoException>
  for (const value of ['hunter2', { base64: 'hunter2!' }, { base64: 'hunter2' }, { base64: ['hunter2'] }]) {
    const error = await set(value)
    t.match(error, { name: 'TypeError', code: /^ERR_INVALID_ARG_/ })
    t.notMatch(`${error.stack}`, /hunter2/, JSON.stringify(value))
  }
  for (const value of [undefined, null, 5, {}, { base64: '' }, { base64: ' \n' }, new Uint8Array(0)]) {
    t.match(await set(value), { name: 'TypeError', code: /^ERR_INVALID_ARG_/ })
  }
  t.match(await set('c2VjcmV0'), { message: /an instance of Uint8Array, or \{ base64 \}/ })
})
