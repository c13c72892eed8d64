/** A cluster that stops answering in the middle: an abort ends the call, says what is left, and the next call finishes. */

import { Cluster } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import { Connection } from 'rbdkit/libvirt'
import { ProvisionError, prepareLibvirt, removeLibvirt } from 'rbdkit/provision'
import t from 'tap'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'

t.setTimeout(300_000)

t.test('the OSDs stop after the user was made', async (t) => {
  const local = await LocalCluster.start({
    objectstore: 'memstore',
    // nobody is to notice that the OSD is stopped
    config: { 'osd heartbeat grace': 600, 'mon osd down out interval': 600, 'mon osd report timeout': 900 },
  })
  t.teardown(() => local.close())
  const cluster = await Cluster.connect({ confFile: local.confFile })
  t.teardown(() => cluster.close())
  const virt = await Connection.open((await sharedHypervisor()).uri)
  t.teardown(() => virt.close())
  const pids = local.osds.map(({ pid }) => Number(pid))
  const all = (signal: NodeJS.Signals): void => {
    for (const pid of pids) process.kill(pid, signal)
  }
  t.teardown(() => all('SIGCONT'))
  const user = randomName('guests')
  const asked = { pool: 'vms', user, storagePool: false } as const
  const controller = new AbortController()
  const error = await prepareLibvirt(cluster, virt, {
    ...asked,
    signal: controller.signal,
    onProgress: ({ step }) => {
      if (step !== 'user') return
      all('SIGSTOP')
      setTimeout(() => controller.abort(new Error('enough')), 500)
    },
  }).catch((reason: Error) => reason)
  if (!(error instanceof ProvisionError)) throw error
  t.match(error, { code: 'ABORT_ERR', step: 'secret', cause: { message: 'enough' } })
  t.ok(
    error.left.some(({ step }) => step === 'pool'),
    error.message,
  )
  t.match(error.message, /left behind: .*pool \(/)
  all('SIGCONT')
  const host = await prepareLibvirt(cluster, virt, asked)
  t.equal(host.steps.length, 3)
  t.equal((await prepareLibvirt(cluster, virt, asked)).changed, false, 'what came late has done no harm')
  await removeLibvirt(cluster, virt, { pool: 'vms', user })
  t.notOk((await cluster.auth.list()).some(({ entity }) => entity === `client.${user}`))
})
