/** The disk of cloud-init's NoCloud: read by util-linux's blkid, and refused where it cannot be right. */

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CloudInitOptions, cloudInitDisk } from 'rbdkit/provision'
import t from 'tap'

const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${'A'.repeat(48)} ann@example`

/** The documents on a disk; its files are one behind the other, each from the start of a sector. */
function documents(disk: Buffer): unknown[] {
  const texts = disk
    .subarray(25 * 2048)
    .toString()
    .split('\0')
    .filter(Boolean)
  return texts.map((text) => JSON.parse(text.replace(/^#cloud-config\n/, '')))
}

t.test('a disk with a label, and documents by their names', async (t) => {
  const path = join(t.testdir({}), 'seed')
  writeFileSync(path, cloudInitDisk({ hostname: 'web1' }))
  const told = execFileSync('blkid', ['-p', '-o', 'export', path], { encoding: 'utf8' })
  t.match(told, /^LABEL=cidata$/m)
  t.match(told, /^TYPE=iso9660$/m)
})

t.test('what is asked for, in the words of cloud-init', async (t) => {
  const [metaData, userData, network] = documents(
    cloudInitDisk({
      instanceId: 'one',
      hostname: 'web1.example.org',
      sshAuthorizedKeys: [key],
      users: [{ name: 'ann', sudo: true, groups: ['adm'], sshAuthorizedKeys: [key], passwordHash: '$6$a$b' }],
      network: { version: 2, ethernets: { all: { match: { name: 'e*' }, dhcp4: true } } },
      timeServers: ['ntp.example.org'],
      packages: ['curl'],
      commands: [['touch', '/root/a b'], 'date > /root/"when"'],
      serialConsole: true,
      cloudConfig: { timezone: 'UTC' },
    }),
  )
  t.same(metaData, { 'instance-id': 'one', 'local-hostname': 'web1.example.org' })
  t.same(network, { version: 2, ethernets: { all: { match: { name: 'e*' }, dhcp4: true } } })
  t.same(userData, {
    hostname: 'web1',
    fqdn: 'web1.example.org',
    manage_etc_hosts: true,
    users: [
      'default',
      {
        name: 'ann',
        shell: '/bin/bash',
        lock_passwd: false,
        passwd: '$6$a$b',
        sudo: 'ALL=(ALL) NOPASSWD:ALL',
        groups: ['adm'],
        ssh_authorized_keys: [key],
      },
    ],
    ssh_authorized_keys: [key],
    ntp: { enabled: true, servers: ['ntp.example.org'] },
    package_update: true,
    packages: ['curl'],
    runcmd: [
      ['systemctl', 'enable', '--now', 'serial-getty@ttyS0.service'],
      ['touch', '/root/a b'],
      'date > /root/"when"',
    ],
    timezone: 'UTC',
  })
})

t.test('what JSON and YAML read otherwise is escaped', async (t) => {
  const text = 'a\u0085b\u2028c\u007fd"e\\f: - #\u{1f600}\tg'
  const disk = cloudInitDisk({ commands: [text], cloudConfig: { [text]: 1 } })
  t.notMatch(disk.toString(), /[\u0085\u2028\u007f]/)
  t.match(documents(disk)[1], { runcmd: [text], [text]: 1 })
})

t.test('every disk is of an instance of its own', async (t) => {
  const ids = Array.from({ length: 3 }, () => {
    const [metaData, userData] = documents(cloudInitDisk({}))
    t.same(userData, {}, 'nothing is changed unasked')
    return (metaData as Record<string, string>)['instance-id']
  })
  t.equal(new Set(ids).size, 3)
  t.notOk(ids.includes(undefined))
})

t.test('what would not be what it seems is refused', async (t) => {
  const bad: [string, CloudInitOptions, RegExp][] = [
    ['a line more', { hostname: 'web\nusers: []' }, /options\.hostname/],
    ['an underscore', { hostname: 'web_1' }, /options\.hostname/],
    [
      'a password',
      { users: [{ name: 'ann', passwordHash: 'secret' }] },
      /options\.users\[0\]\.passwordHash.*mkpasswd/,
    ],
    [
      'a private key',
      { sshAuthorizedKeys: ['-----BEGIN OPENSSH PRIVATE KEY-----'] },
      /sshAuthorizedKeys\[0\]/,
    ],
    ['two keys in one', { sshAuthorizedKeys: [`${key}\n${key}`] }, /sshAuthorizedKeys\[0\]/],
    ['root:x', { users: [{ name: 'root:x' }] }, /options\.users\[0\]\.name/],
    ['no words', { commands: [[]] }, /options\.commands\[0\]/],
    ['twice', { hostname: 'a', cloudConfig: { hostname: 'b' } }, /options\.cloudConfig\.hostname.*one place/],
    ['an empty id', { instanceId: '' }, /options\.instanceId/],
    ['an unknown option', { hostName: 'a' } as CloudInitOptions, /options\.hostName.*known are/],
  ]
  for (const [name, options, message] of bad)
    t.throws(() => cloudInitDisk(options), { code: 'ERR_INVALID_ARG_VALUE', message }, name)
  t.throws(() => cloudInitDisk({ hostname: 1 as unknown as string }), { code: 'ERR_INVALID_ARG_TYPE' })
  const hidden = (() => {
    try {
      cloudInitDisk({ users: [{ name: 'ann', passwordHash: 'my-secret' }] })
    } catch (error) {
      return String(error)
    }
    return 'no error'
  })()
  t.notMatch(hidden, /my-secret/)
})
