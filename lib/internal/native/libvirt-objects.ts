// What libvirt's rows take and give beside texts and numbers.

/** A handle with what never changes in the object's life. */
export interface NativeDomain {
  handle: number
  name: string
  uuid: string
}
export interface NativeDomainSnapshot {
  handle: number
  name: string
}
export interface NativeDomainCheckpoint {
  handle: number
  name: string
}
export interface NativeNetwork {
  handle: number
  name: string
  uuid: string
}
export interface NativeNetworkPort {
  handle: number
  uuid: string
}
export interface NativeInterface {
  handle: number
  name: string
  mac: string
}
export interface NativeNodeDevice {
  handle: number
  name: string
}
export interface NativeNWFilter {
  handle: number
  name: string
  uuid: string
}
export interface NativeNWFilterBinding {
  handle: number
  portDev: string
  filterName: string
}
export interface NativeStoragePool {
  handle: number
  name: string
  uuid: string
}
export interface NativeStorageVolume {
  handle: number
  name: string
  key: string
}
export interface NativeSecret {
  handle: number
  uuid: string
  /** virSecretUsageType */
  usageType: number
  usageId: string
}

/** A typed parameter that is to be set; `type` is a virTypedParameterType. */
export type NativeParameter = [name: string, type: number, value: string | number | boolean]

/** Typed parameters that libvirt tells. */
export type NativeParameters = [name: string, value: string | number | boolean | undefined][]
