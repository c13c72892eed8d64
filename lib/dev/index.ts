/** This module starts real daemons for tests and trials: a Ceph and a libvirtd of your own, in private directories. */

export type { CephConfig, ObjectStore } from './ceph-conf.js'
export { DevError, type DevErrorCode } from './errors.js'
export {
  LocalCluster,
  type LocalClusterOptions,
  type LocalOsd,
  type MonitorAddress,
} from './local-cluster.js'
export { LocalHypervisor, type LocalHypervisorOptions } from './local-hypervisor.js'
