/** Prepares a host, rotates its key or clones a machine, and is killed after one of the steps. */

import { Cluster } from 'rbdkit'
import { Connection } from 'rbdkit/libvirt'
import { cloneMachine, prepareLibvirt, rotateLibvirtKey } from 'rbdkit/provision'

const { confFile, uri, call, args = [], options, last } = JSON.parse(process.argv[2])
const cluster = await Cluster.connect({ confFile })
const virt = await Connection.open(uri)
await { cloneMachine, prepareLibvirt, rotateLibvirtKey }[call](cluster, virt, ...args, {
  ...options,
  onProgress: ({ step }) => {
    if (step === last) process.kill(process.pid, 'SIGKILL')
  },
})
