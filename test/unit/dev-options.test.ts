import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalCluster, type LocalClusterOptions, LocalHypervisor } from 'rbdkit/dev'
import t from 'tap'

t.test('bad options are refused before anything is made', async (t) => {
  const cases: [unknown, string][] = [
    [{ osds: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ osds: 17 }, 'ERR_OUT_OF_RANGE'],
    [{ osds: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ objectstore: 'filestore' }, 'ERR_INVALID_ARG_VALUE'],
    [{ config: { 'debug osd': '1\n[mon]' } }, 'ERR_INVALID_ARG_VALUE'],
    [{ config: { '[mon]': 1 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ signal: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ keepLogs: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [[], 'ERR_INVALID_ARG_TYPE'],
  ]
  for (const [options, code] of cases) {
    await t.rejects(LocalCluster.start(options as LocalClusterOptions), { code }, JSON.stringify(options))
  }
})

t.test('a directory that cannot be used', async (t) => {
  const base = mkdtempSync('/tmp/rk-opt-')
  t.teardown(() => rmSync(base, { recursive: true }))
  const long = join(base, 'x'.repeat(60))
  await t.rejects(LocalCluster.start({ directory: long }), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(LocalCluster.start({ directory: join(base, 'a b') }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.same(readdirSync(base), [], 'nothing was made')
  writeFileSync(join(base, 'precious'), '')
  await t.rejects(LocalCluster.start({ directory: base }), { code: 'ERR_RBDKIT_DEV_EXISTS' })
})

t.test('what is not installed is named, with the command that installs it', async (t) => {
  const path = process.env.PATH
  process.env.PATH = '/nonexistent'
  t.teardown(() => {
    process.env.PATH = path
  })
  const packages = ['ceph-common', 'ceph-base', 'ceph-mon', 'ceph-mgr', 'ceph-osd']
  await t.rejects(LocalCluster.start(), {
    code: 'ERR_RBDKIT_MISSING_PACKAGE',
    packages,
    message: /not found: ceph, .*apt-get install -y ceph-common ceph-base ceph-mon ceph-mgr ceph-osd$/,
  })
  await t.rejects(LocalHypervisor.start(), {
    code: 'ERR_RBDKIT_MISSING_PACKAGE',
    message: /qemu-system-x86/,
  })
})

t.test('an aborted signal starts nothing', async (t) => {
  const reason = new Error('no')
  await t.rejects(LocalCluster.start({ signal: AbortSignal.abort(reason) }), reason)
  await t.rejects(LocalHypervisor.start({ signal: AbortSignal.abort(reason) }), reason)
})
