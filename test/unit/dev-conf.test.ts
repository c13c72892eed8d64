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
  await writeClusterFiles(plan(directory))
  const keyOf = (file: string) => /key = (\S+)/.exec(readFileSync(join(directory, file), 'utf8'))?.[1]
  const files = ['keyring', 'mgr/keyring', 'osd.0/keyring', 'osd.1/keyring']
  const monitor = readFileSync(join(directory, 'mon.keyring'), 'utf8')
  const keys = files.map(keyOf)
  t.equal(new Set(keys).size, files.length, 'all different')
  for (const [index, file] of files.entries()) {
    const key = keys[index] ?? ''
    t.ok(monitor.includes(`key = ${key}`), `the monitor knows ${file}`)
    t.equal(Buffer.from(key, 'base64').length, 28)
    t.equal(Buffer.from(key, 'base64').readUInt16LE(10), 16)
    t.equal(statSync(join(directory, file)).mode & 0o077, 0)
  }
})
