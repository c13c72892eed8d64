/** Nobody but this host can reach a local cluster's daemons. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { listening, processesBelow } from '../../helpers/sockets.js'

t.test('the sockets are read right', async (t) => {
  const everywhere = createServer().listen(0, '0.0.0.0')
  const here = createServer().listen(0, '127.0.0.1')
  t.teardown(() => {
    everywhere.close()
    here.close()
  })
  await Promise.all([once(everywhere, 'listening'), once(here, 'listening')])
  const port = (server: typeof here) => (server.address() as { port: number }).port
  const found = listening(process.pid)
  t.ok(found.includes(`tcp 0.0.0.0:${port(everywhere)}`))
  t.ok(found.includes(`tcp 127.0.0.1:${port(here)}`))
})

t.test('every daemon listens on loopback only', async (t) => {
  await using cluster = await LocalCluster.start({ osds: 2, objectstore: 'memstore' })
  const daemons = processesBelow(cluster.directory).map((pid) => ({
    name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim(),
    sockets: listening(pid),
  }))
  t.same(daemons.map(({ name }) => name).sort(), ['ceph-mgr', 'ceph-mon', 'ceph-osd', 'ceph-osd'])
  for (const { name, sockets } of daemons) {
    t.same(
      sockets.filter((one) => !one.startsWith('tcp 127.0.0.1:')),
      [],
      name,
    )
    // the manager opens its port once it is active; OSDs have a public, a cluster and two heartbeat messengers
    if (name === 'ceph-osd') t.ok(sockets.length >= 4, `${name}: ${sockets.length} sockets`)
    else t.ok(sockets.length >= 1, name)
  }
})
