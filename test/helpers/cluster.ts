/** The Ceph that tests share: the test runner's one (`RBDKIT_TEST_CONF`), or one started for this file. */

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { LocalCluster, type MonitorAddress } from 'rbdkit/dev'
import t from 'tap'

/** What a test needs to know of a cluster. */
export interface TestCluster {
  readonly confFile: string
  readonly keyring: string
  readonly monitors: readonly MonitorAddress[]
  readonly fsid: string
  readonly env: Readonly<Record<string, string>>
}

function fromConf(confFile: string): TestCluster {
  const text = readFileSync(confFile, 'utf8')
  const option = (name: RegExp) => name.exec(text)?.[1] ?? ''
  const keyring = option(/^\[client\][^[]*?^keyring = (.+)$/ms).split('\n')[0] ?? ''
  const monitors = [...option(/^mon host = (.+)$/m).matchAll(/v2:([0-9.]+):(\d+)/g)].map((match) => ({
    host: String(match[1]),
    port: Number(match[2]),
  }))
  const env = { CEPH_CONF: confFile }
  return { confFile, keyring, monitors, fsid: option(/^fsid = (.+)$/m), env }
}

let shared: Promise<TestCluster> | undefined

/** A running cluster; one started here is ended after the file's last test. */
export function sharedCluster(): Promise<TestCluster> {
  shared ??= (async () => {
    const given = process.env.RBDKIT_TEST_CONF
    if (given !== undefined && given !== '') return fromConf(given)
    const cluster = await LocalCluster.start()
    t.teardown(() => cluster.close())
    return cluster
  })()
  return shared
}

/** A name that no other test uses. */
export function randomName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`
}
