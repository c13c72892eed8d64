import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type ClusterPlan, cephConf, writeClusterFiles } from '../../lib/dev/ceph-conf.js'

const plan = (directory: string, config: ClusterPlan['config'] = {}): ClusterPlan => ({
  directory,
  fsid: 'a09cb6bb-386e-4b86-a63b-d01d00d9d875',
  ports: { v2: 20_001, v1: 20_002 },
  objectstore: 'bluestore',
  osds: ['aaaaaaaa-386e-4b86-a63b-d01d00d9d875', 'bbbbbbbb-386e-4b86-a63b-d01d00d9d875'],
  config,
})

t.test('options of the caller replace ours, however they are spelt', async (t) => {
  const text = cephConf(plan('/d', { osd_pool_default_size: 3, 'debug-osd': '20/20' }))
  t.match(text, /^osd pool default size = 3$/m)
  t.match(text, /^debug osd = 20\/20$/m)
  t.equal(text.match(/osd.pool.default.size/g)?.length, 1)
})

t.test('both messenger protocols, and no insecure client ids', async (t) => {
  const text = cephConf(plan('/d'))
  t.match(text, /^mon host = \[v2:127\.0\.0\.1:20001\/0,v1:127\.0\.0\.1:20002\/0\]$/m)
  t.match(text, /^auth allow insecure global id reclaim = false$/m)
})

t.test('a keyring for each daemon, readable by its owner only', async (t) => {
  const directory = mkdtempSync('/tmp/rk-conf-')
  t.teardown(() => rmSync(directory, { recursive: true }))
  // a release's own tool makes them; of other lengths, for nothing here may look into a key
  const keys = { mon: 'bW9u', admin: 'YWRtaW4=', mgr: 'QWdCbWdyMQ==', osds: ['QUE=', 'QWdCQg=='] }
  await writeClusterFiles(plan(directory), keys)
  const keyOf = (file: string) => /key = (\S+)/.exec(readFileSync(join(directory, file), 'utf8'))?.[1]
  const monitor = readFileSync(join(directory, 'mon.keyring'), 'utf8')
  t.match(monitor, `[mon.]\nkey = ${keys.mon}\n`)
  for (const [file, entity, key] of [
    ['keyring', 'client.admin', keys.admin],
    ['mgr/keyring', 'mgr.x', keys.mgr],
    ['osd.0/keyring', 'osd.0', keys.osds[0]],
    ['osd.1/keyring', 'osd.1', keys.osds[1]],
  ] as const) {
    t.equal(keyOf(file), key, file)
    t.ok(monitor.includes(`[${entity}]\nkey = ${key}\n`), `the monitor knows ${file}`)
    t.equal(statSync(join(directory, file)).mode & 0o077, 0)
  }
})
