/** Prepares a host, or rotates its key, and is killed after one of the steps. */

import { Cluster } from 'rbdkit'
import { Connection } from 'rbdkit/libvirt'
import { prepareLibvirt, rotateLibvirtKey } from 'rbdkit/provision'

const { confFile, uri, call, options, last } = JSON.parse(process.argv[2])
const cluster = await Cluster.connect({ confFile })
const virt = await Connection.open(uri)
await { prepareLibvirt, rotateLibvirtKey }[call](cluster, virt, {
  ...options,
  onProgress: ({ step }) => {
    if (step === last) process.kill(process.pid, 'SIGKILL')
  },
})
