/**
 * This module readies hosts of libvirt for machines on RBD, makes these and clones them, and tells what is wrong. What it does is done by `rbdkit` and
 * `rbdkit/libvirt` alone.
 */

export { type ClonedMachine, cloneMachine } from './clone/clone.js'
export type { CloneMachineOptions } from './clone/options.js'
export type { CloneConsistency } from './clone/quiet.js'
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
export { type CreatedMachine, createMachine } from './machine/create.js'
export {
  type ListedDisk,
  type ListedMachine,
  type ListMachinesOptions,
  listMachines,
} from './machine/list.js'
export type { CreateMachineOptions, MachineDisk } from './machine/options.js'
export {
  type StartMachineOptions,
  type StopMachineOptions,
  type StoppedBy,
  startMachine,
  stopMachine,
} from './machine/power.js'
export type { RbdDisk } from './machine/rbd-disks.js'
export { type RemovedMachine, type RemoveMachineOptions, removeMachine } from './machine/remove.js'
export {
  type MachineCheck,
  type MachineReport,
  type VerifyMachineOptions,
  verifyMachine,
} from './machine/verify.js'
export type { ProvisionOptions, ProvisionProgress, StepOutcome, StepResult } from './steps.js'
