/** This module readies hosts of libvirt for machines on RBD, and tells what is wrong with them. What it does is done by `rbdkit` and `rbdkit/libvirt` alone. */

export { cloudInitDisk } from './cloud-init/disk.js'
export type { CloudInitOptions, CloudInitUser } from './cloud-init/options.js'
export { diagnose } from './doctor/diagnose.js'
export type { DiagnoseOptions, Diagnosis, Finding, FindingCode, Severity } from './doctor/types.js'
export {
  type Difference,
  type LeftBehind,
  ProvisionError,
  type ProvisionErrorCode,
  type ProvisionErrorDetails,
} from './errors.js'
export type { HostFiles, LibvirtUser, PrepareLibvirtOptions } from './libvirt/options.js'
export { type PreparedLibvirt, prepareLibvirt } from './libvirt/prepare.js'
export { type RemovedLibvirt, type RemoveLibvirtOptions, removeLibvirt } from './libvirt/remove.js'
export { type RotateLibvirtKeyOptions, rotateLibvirtKey } from './libvirt/rotate.js'
export type { ProvisionOptions, ProvisionProgress, StepOutcome, StepResult } from './steps.js'
