/** Findings of a diagnosis that cannot be made on a test's own cluster: clocks, mixed releases, a host without programs. */

import { chmod } from 'node:fs/promises'
import t from 'tap'
import {
  daemonVersions,
  healthFindings,
  hostSkew,
  mixedFinding,
  monitorSkews,
  monitors,
} from '../../lib/provision/doctor/cluster.js'
import type { Context } from '../../lib/provision/doctor/context.js'
import { qemuFinding } from '../../lib/provision/doctor/host.js'
import { blocklistFinding, quotaFinding } from '../../lib/provision/doctor/pools.js'
import type { Finding } from '../../lib/provision/doctor/types.js'
import { capsFindings } from '../../lib/provision/doctor/users.js'

t.test('clocks', async (t) => {
  const now = new Date('2026-12-01T10:00:20Z')
  t.equal(hostSkew('2026-12-01T10:00:15.123456+0000', now), undefined, 'the stamp is some seconds old')
  t.match(hostSkew('2026-12-01T09:50:20.000000+0000', now), {
    code: 'CLOCK_SKEW',
    object: 'this host',
    message: /600 s ahead of/,
  })
  t.match(hostSkew('2026-12-01T13:00:20.000000+0200', now), { message: /3600 s behind/, remedy: /chrony/ })
  const skews = {
    a: { skew: 0, health: 'HEALTH_OK' },
    b: { skew: -1.5, health: 'HEALTH_WARN' },
  }
  t.match(monitorSkews({ time_skew_status: skews }), [
    { code: 'CLOCK_SKEW', object: 'mon.b', message: / 1\.5 s /, remedy: /chrony/ },
  ])
  t.same(monitorSkews({}), [], 'one monitor has nothing to compare with')
})

t.test('releases', async (t) => {
  const version = (release: string) => `ceph version ${release} (abc) name (stable)`
  const daemons = (osd: string) =>
    daemonVersions({
      mon: { [version('18.2.7')]: 3 },
      osd: { [version(osd)]: 5 },
      overall: { [version('18.2.7')]: 3, [version(osd)]: 5 },
    })
  t.same(daemons('16.2.15'), { 'mon 18.2.7': 3, 'osd 16.2.15': 5 })
  t.equal(mixedFinding(daemons('18.2.7')), undefined)
  t.match(mixedFinding(daemons('16.2.15')), {
    code: 'DAEMONS_MIXED',
    message: /2 versions: mon 18\.2\.7, osd 16/,
  })
})

t.test('health', async (t) => {
  const checks = {
    OSD_FULL: { severity: 'HEALTH_ERR', summary: { message: '1 full osd(s)' } },
    POOL_NEAR_FULL: { severity: 'HEALTH_WARN', summary: { message: '1 pool(s) nearfull' } },
    MON_CLOCK_SKEW: { severity: 'HEALTH_WARN', summary: { message: 'clock skew detected on mon.b' } },
    NEW_ONE: { severity: 'HEALTH_WARN', summary: { message: 'something new' }, muted: true },
  }
  t.match(healthFindings({ checks }), [
    { code: 'FULL', severity: 'error', object: 'OSD_FULL', remedy: /ceph df detail/ },
    { code: 'NEARFULL', severity: 'warning' },
    { code: 'CLOCK_SKEW', severity: 'warning', remedy: /chrony/ },
    { code: 'CLUSTER_HEALTH', severity: 'info', message: 'The cluster says something new (muted).' },
  ])
  t.same(healthFindings({ checks: {} }), [])
})

t.test('monitors', async (t) => {
  const cluster = {
    monitorCommand: async (_: object, { target }: { target?: string }) => {
      if (target === 'c') throw new Error('no answer')
      const mons = ['a', 'b', 'c'].map((name, rank) => ({ name, rank }))
      return { mons, quorum: [0, 2] }
    },
  }
  const found: Finding[] = []
  const context = { cluster } as unknown as Context
  await monitors.run(context, new AbortController().signal, (finding) => found.push(finding))
  t.match(found, [
    { code: 'MONITOR_UNREACHABLE', object: 'mon.b', message: /not in the quorum/, remedy: /ceph-mon@b/ },
    { object: 'mon.c', message: /does not answer/ },
  ])
})

t.test('quotas', async (t) => {
  const of = (stored: number, quota_bytes: number, objects = 0, quota_objects = 0) =>
    quotaFinding({ name: 'vms', stats: { stored, bytes_used: 0, objects, quota_bytes, quota_objects } })
  t.equal(of(100, 0), undefined, 'none')
  t.equal(of(80, 100), undefined)
  t.match(of(90, 100), { severity: 'warning', message: /90 % of its quota/, remedy: /max_bytes/ })
  t.match(of(0, 0, 10, 10), { severity: 'error', message: /100 %.*writes fail/, remedy: /max_objects/ })
})

t.test('capabilities', async (t) => {
  const codes = (mon: string, osd: string, pools = ['vms']) =>
    capsFindings('client.u', { mon, osd }, pools).map(({ code }) => code)
  for (const [mon, osd] of [
    ['profile rbd', 'profile rbd pool=vms'],
    ['profile rbd', 'profile rbd'],
    ['allow *', 'allow *'],
    ['allow profile rbd', 'allow rwx pool vms, allow r pool=other'],
    [
      'allow r, allow command "osd blocklist"',
      'allow class-read object_prefix rbd_children, allow rwx pool=vms',
    ],
  ] as const)
    t.same(codes(mon, osd), [], `${mon}; ${osd}`)
  t.same(codes('allow r', 'allow rwx pool=vms'), ['CAPS_NO_BLOCKLIST'])
  t.same(codes('profile rbd', 'profile rbd pool=vms2'), ['CAPS_INSUFFICIENT'], 'another pool')
  t.same(codes('profile rbd', 'profile rbd-read-only pool=vms'), ['CAPS_INSUFFICIENT'])
  t.same(codes('profile rbd', 'allow rw pool=vms'), ['CAPS_INSUFFICIENT'], 'locks need x')
  t.same(codes('', 'profile rbd'), ['CAPS_INSUFFICIENT'])
  const [both] = capsFindings('client.u', { mon: 'profile rbd', osd: 'profile rbd pool=a' }, ['a', 'b'])
  t.match(both, {
    message: /pool b\.$/,
    remedy: "ceph auth caps client.u mon 'profile rbd' osd 'profile rbd pool=a, profile rbd pool=b'",
  })
})

t.test('the blocklist', async (t) => {
  const of = (entry: string) => blocklistFinding(entry, 'then', ['10.0.0.1', 'fd00::1'], '10.0.0.1:0/77')
  t.equal(of('10.0.0.2:0/5'), undefined, 'another host')
  t.match(of('10.0.0.1:0/5'), { severity: 'info', remedy: /osd blocklist rm 10\.0\.0\.1:0\/5$/ })
  t.match(of('10.0.0.1:0/0'), { severity: 'error', message: /all clients of this host/ })
  t.match(of('10.0.0.1:0/77'), { severity: 'error', message: /this very client/ })
  t.match(of('[fd00::1]:0/9'), { severity: 'info' })
})

t.test('qemu-img', async (t) => {
  const { signal } = new AbortController()
  t.match(await qemuFinding(signal, t.testdir({})), { code: 'PROGRAM_MISSING', remedy: /qemu-utils/ })
  const without = t.testdir({
    'qemu-img': '#!/bin/sh\necho "qemu-img: Unknown driver \'rbd\'" >&2\nexit 1\n',
  })
  await chmod(`${without}/qemu-img`, 0o755)
  t.match(await qemuFinding(signal, without), { code: 'QEMU_WITHOUT_RBD', remedy: /qemu-block-extra/ })
  t.equal(await qemuFinding(signal), undefined, 'this host has all')
})
