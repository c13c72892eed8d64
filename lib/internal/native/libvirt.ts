import type { Task } from './core.js'
import type { LibvirtRows } from './generated/libvirt.js'
import type { LibvirtAdminNative } from './libvirt-admin.js'
import type { LibvirtEventNative, LibvirtStreamNative } from './libvirt-events.js'
import type { NativeDomain, NativeParameter, NativeParameters } from './libvirt-objects.js'

/** libvirt's own error, as the failing thread found it. */
export interface NativeLibvirtError {
  /** virErrorNumber */
  code: number
  /** virErrorDomain */
  domain: number
  /** virErrorLevel */
  level: number
  message: string
}

/** What a connection that is being opened asks for. */
export interface NativeQuestion {
  question: number
  asked: {
    /** virConnectCredentialType */
    type: number
    prompt: string | undefined
    challenge: string | undefined
    default: string | undefined
  }[]
}

export interface NativeFsInfo {
  mountpoint: string
  name: string
  fsType: string
  devAlias: string[]
}

export interface NativeIoThread {
  id: number
  cpus: number[]
}

export interface NativeAddresses {
  name: string
  mac: string
  /** `type` is a virIPAddrType. */
  addresses: { type: number; address: string; prefix: number }[]
}

export interface NativeVcpu {
  number: number
  /** virVcpuState */
  state: number
  cpuTimeNs: bigint
  cpu: number
  cpus: number[]
}

export interface NativeLease {
  interface: string
  expiresSeconds: number
  /** virIPAddrType */
  type: number
  mac: string
  iaid: string
  address: string
  prefix: number
  hostname: string
  clientId: string
}

/**
 * Statistics of domains, in few values. A domain's parameters without what they are is its shape, which many domains share:
 * for each a letter for its kind (`n` number, `b` boolean, `s` text, `-` unknown), its name and a NUL.
 */
export interface NativeStats {
  shapes: string[]
  /** All domains, in their order, some in each: as many as one turn of the loop may take. */
  slices: {
    /** Of each domain the number of its shape, then its numbers; a boolean is 0 or 1. 64 bits are exact up to 2^53. */
    numbers: Float64Array
    /** Of each domain its name, its UUID and its texts, with a NUL after each. */
    texts: string
  }[]
}

/** What native/libvirt/ exports, under libvirt's own names: what is generated, and what is written by hand. */
export interface LibvirtNative
  extends LibvirtRows,
    LibvirtAdminNative,
    LibvirtEventNative,
    LibvirtStreamNative {
  virConnectOpen: Task<
    [
      uri: string | undefined,
      readOnly: boolean,
      keepAliveInterval: number,
      keepAliveCount: number,
      /** virConnectCredentialType; none: nobody is asked */
      credentials: number[],
      label: string,
    ],
    number
  >
  /** To a question of virConnectOpen's progress; no answers: there will be none. */
  answerCredentials: Task<[question: number, answers: string[]]>
  virConnectGetAllDomainStats: Task<[connection: number, groups: number, flags: number], NativeStats>
  virDomainListGetStats: Task<
    [connection: number, domains: number[], groups: number, flags: number],
    NativeStats
  >

  virNodeGetCPUMap: Task<[connection: number], { cpus: number; online: number[] }>
  virNodeGetCellsFreeMemory: Task<[connection: number, first: number, count: number], number[]>
  virNodeGetFreePages: Task<[connection: number, sizesKib: number[], first: number, cells: number], number[]>
  virNodeAllocPages: Task<
    [connection: number, sizesKib: number[], counts: number[], first: number, cells: number, flags: number],
    number
  >
  virNodeDeviceListCaps: Task<[device: number], string[]>
  virNodeDeviceGetParent: Task<[device: number], string | undefined>
  virNetworkGetDHCPLeases: Task<[network: number, mac: string | undefined], NativeLease[]>
  virSecretGetValue: Task<[secret: number], Buffer>

  virDomainGetID: Task<[domain: number], number>
  virDomainGetVcpus: Task<[domain: number], NativeVcpu[]>
  virDomainGetVcpuPinInfo: Task<[domain: number, vcpus: number, flags: number], number[][]>
  virDomainGetCPUStats: Task<[domain: number, first: number, count: number], NativeParameters[]>
  virDomainGetFSInfo: Task<[domain: number], NativeFsInfo[]>
  virDomainGetIOThreadInfo: Task<[domain: number, flags: number], NativeIoThread[]>
  virDomainInterfaceAddresses: Task<[domain: number, source: number], NativeAddresses[]>
  /** By virDomainMemoryStatTags. */
  virDomainMemoryStats: Task<[domain: number], [tag: number, value: number][]>
  /** `error` is a virDomainDiskErrorCode. */
  virDomainGetDiskErrors: Task<[domain: number], { disk: string; error: number }[]>
  virDomainGetSecurityLabelList: Task<[domain: number], { label: string; enforcing: boolean }[]>
  virDomainMigrate3: Task<
    [domain: number, destination: number, params: NativeParameter[], flags: number],
    NativeDomain
  >
  virDomainQemuMonitorCommand: Task<[domain: number, command: string, flags: number], string>
  virDomainQemuMonitorCommandWithFiles: Task<
    [domain: number, command: string, files: number[], flags: number],
    [files: number[], reply: string]
  >
  virDomainQemuAgentCommand: Task<[domain: number, command: string, timeout: number, flags: number], string>
  virDomainQemuAttach: Task<[connection: number, pid: number], NativeDomain>
}
