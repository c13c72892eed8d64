/** This file has the view of a domain's document (libvirt: formatdomain). */

import { anyText, integer, line, name, onOff, path, token, uuid, word, yesNo } from './codecs.js'
import {
  CharacterDeviceXml,
  ControllerXml,
  DeviceXml,
  FilesystemXml,
  GraphicsXml,
  HostDeviceXml,
  InterfaceXml,
  MemballoonXml,
  MemoryDeviceXml,
  RngXml,
  VideoXml,
} from './devices.js'
import { DiskXml } from './disk.js'
import { attr, bytes, fixed, flag, list, one, record, text, values } from './lenses.js'
import { viewOf } from './view.js'

const ACTIONS = ['destroy', 'restart', 'preserve', 'rename-restart'] as const

/**
 * A property of a CPU that is asked for, or not wanted.
 *
 * @since 0.1.0
 */
export class CpuFeatureXml extends viewOf(['feature'], {
  name: attr('@name', token),
  policy: attr('@policy', word('force', 'require', 'optional', 'disable', 'forbid')),
}) {}

/**
 * A guest's CPU.
 *
 * @since 0.1.0
 */
export class CpuXml extends viewOf(['cpu'], {
  mode: attr('@mode', word('custom', 'host-model', 'host-passthrough', 'maximum')),
  match: attr('@match', word('minimum', 'exact', 'strict')),
  check: attr('@check', word('none', 'partial', 'full')),
  migratable: attr('@migratable', onOff),
  model: text('model', token),
  fallback: attr('model@fallback', word('allow', 'forbid')),
  vendor: text('vendor', token),
  sockets: attr('topology@sockets', integer(1)),
  dies: attr('topology@dies', integer(1)),
  cores: attr('topology@cores', integer(1)),
  threads: attr('topology@threads', integer(1)),
  features: list('feature', CpuFeatureXml),
}) {}

/**
 * A clock that the guest sees.
 *
 * @since 0.1.0
 */
export class TimerXml extends viewOf(['timer'], {
  name: attr('@name', token),
  present: attr('@present', yesNo),
  tickPolicy: attr('@tickpolicy', word('delay', 'catchup', 'merge', 'discard')),
  track: attr('@track', token),
}) {}

/**
 * Where one CPU of a guest may run: `vcpu` or `ioThread` by its number, on the host's CPUs of `cpuset` (`0-3,^2`).
 *
 * @since 0.1.0
 */
export class PinXml extends viewOf(['vcpupin', 'iothreadpin'], {
  vcpu: attr('@vcpu', integer()),
  ioThread: attr('@iothread', integer(1)),
  cpuset: attr('@cpuset', line),
}) {}

/**
 * What applications keep with a domain, each in a namespace of its own: in `element`.
 *
 * @since 0.1.0
 */
export class MetadataXml extends viewOf(['metadata'], {}) {}

/**
 * A domain's document: `const domain = xml.DomainXml.parse(await vm.xml({ inactive: true }))`, its properties read and
 * set, and `String(domain)` defined again. Sizes are bytes. What has no property here is in `element` and stays.
 *
 * @since 0.1.0
 */
export class DomainXml extends viewOf(['domain'], {
  type: attr('@type', token),
  /** Of a running domain. */
  id: fixed(attr('@id', integer(-1))),
  name: text('name', name),
  uuid: text('uuid', uuid),
  genid: text('genid', uuid),
  title: text('title', line),
  description: text('description', anyText),
  metadata: one('metadata', MetadataXml),
  maxMemory: bytes('maxMemory', 'KiB'),
  memorySlots: attr('maxMemory@slots', integer()),
  memory: bytes('memory', 'KiB'),
  currentMemory: bytes('currentMemory', 'KiB'),
  hugepages: flag('memoryBacking/hugepages'),
  memoryLocked: flag('memoryBacking/locked'),
  memorySource: attr('memoryBacking/source@type', word('file', 'anonymous', 'memfd')),
  memoryAccess: attr('memoryBacking/access@mode', word('shared', 'private')),
  /** The most that there can be. */
  vcpus: text('vcpu', integer(1)),
  /** Those that the guest begins with; absent: all. */
  currentVcpus: attr('vcpu@current', integer(1)),
  vcpuPlacement: attr('vcpu@placement', word('static', 'auto')),
  cpuset: attr('vcpu@cpuset', line),
  ioThreads: text('iothreads', integer()),
  cpuShares: text('cputune/shares', integer()),
  /** Microseconds. */
  cpuPeriod: text('cputune/period', integer()),
  /** Microseconds in each period; negative: no limit. */
  cpuQuota: text('cputune/quota', integer(-Number.MAX_SAFE_INTEGER)),
  vcpuPins: list('cputune/vcpupin', PinXml),
  ioThreadPins: list('cputune/iothreadpin', PinXml),
  blkioWeight: text('blkiotune/weight', integer()),
  /** `Infinity`: no limit. */
  memoryHardLimit: bytes('memtune/hard_limit', 'KiB'),
  /** `Infinity`: no limit. */
  memorySoftLimit: bytes('memtune/soft_limit', 'KiB'),
  numaMode: attr('numatune/memory@mode', word('strict', 'preferred', 'interleave', 'restrictive')),
  numaNodes: attr('numatune/memory@nodeset', line),
  resourcePartition: text('resource/partition', path),
  firmware: attr('os@firmware', word('bios', 'efi')),
  osType: text('os/type', token),
  arch: attr('os/type@arch', token),
  machine: attr('os/type@machine', token),
  loader: text('os/loader', path),
  nvram: text('os/nvram', path),
  kernel: text('os/kernel', path),
  initrd: text('os/initrd', path),
  cmdline: text('os/cmdline', line),
  boot: values('os/boot@dev', word('hd', 'cdrom', 'network', 'fd')),
  bootMenu: attr('os/bootmenu@enable', yesNo),
  acpi: flag('features/acpi'),
  apic: flag('features/apic'),
  pae: flag('features/pae'),
  smm: attr('features/smm@state', onOff),
  cpu: one('cpu', CpuXml),
  clock: attr('clock@offset', word('utc', 'localtime', 'timezone', 'variable', 'absolute')),
  timezone: attr('clock@timezone', line),
  timers: list('clock/timer', TimerXml),
  onPoweroff: text('on_poweroff', word(...ACTIONS)),
  onReboot: text('on_reboot', word(...ACTIONS)),
  onCrash: text('on_crash', word(...ACTIONS, 'coredump-destroy', 'coredump-restart')),
  suspendToMemory: attr('pm/suspend-to-mem@enabled', yesNo),
  suspendToDisk: attr('pm/suspend-to-disk@enabled', yesNo),
  emulator: text('devices/emulator', path),
  disks: list('devices/disk', DiskXml),
  controllers: list('devices/controller', ControllerXml),
  filesystems: list('devices/filesystem', FilesystemXml),
  interfaces: list('devices/interface', InterfaceXml),
  serials: list('devices/serial', CharacterDeviceXml),
  parallels: list('devices/parallel', CharacterDeviceXml),
  consoles: list('devices/console', CharacterDeviceXml),
  channels: list('devices/channel', CharacterDeviceXml),
  inputs: list('devices/input', DeviceXml),
  tpms: list('devices/tpm', DeviceXml),
  graphics: list('devices/graphics', GraphicsXml),
  sounds: list('devices/sound', DeviceXml),
  videos: list('devices/video', VideoXml),
  hostDevices: list('devices/hostdev', HostDeviceXml),
  redirectedDevices: list('devices/redirdev', DeviceXml),
  watchdogs: list('devices/watchdog', DeviceXml),
  memballoons: list('devices/memballoon', MemballoonXml),
  rngs: list('devices/rng', RngXml),
  memoryDevices: list('devices/memory', MemoryDeviceXml),
  vsocks: list('devices/vsock', DeviceXml),
  /** Arguments of QEMU's command beside libvirt's (`qemu:commandline`). */
  qemuArguments: values('qemu:commandline/qemu:arg@value', anyText),
  /** Variables of QEMU's environment. */
  qemuEnvironment: record('qemu:commandline/qemu:env@name=value'),
}) {}
