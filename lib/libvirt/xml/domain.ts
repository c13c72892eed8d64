/** This file builds the domain document (libvirt: formatdomain). Its devices are in devices.ts. */

import { invalidArgValue, type Known, toBoolean, toOneOf, toSize } from '../../internal/validate.js'
import {
  type DomainGraphics,
  type DomainInterface,
  type DomainSerial,
  graphicsElement,
  guestAgentElement,
  interfaceElement,
  rngElement,
  serialElement,
} from './devices.js'
import { format, serialize, stripIndentation, XmlElement } from './element.js'
import {
  textElement,
  toInteger,
  toLine,
  toList,
  toObject,
  toObjectName,
  toPath,
  toToken,
  toUuid,
} from './fields.js'
import { parse } from './parse.js'

const BOOT_DEVICES = ['hd', 'cdrom', 'network', 'fd'] as const
const ACTIONS = ['destroy', 'restart', 'preserve', 'rename-restart'] as const
const CRASH_ACTIONS = [...ACTIONS, 'coredump-destroy', 'coredump-restart'] as const
const CPU_MODES = ['host-passthrough', 'host-model', 'maximum'] as const

/**
 * What {@link domain} takes.
 *
 * @since 0.1.0
 */
export interface DomainOptions {
  readonly name: string
  /** Absent: libvirt makes one. */
  readonly uuid?: string | undefined
  /** The memory in MiB (2^20 bytes). */
  readonly memoryMiB: number
  readonly vcpus: number
  /** `kvm` (default) runs on the processor and needs `/dev/kvm`; `qemu` emulates it in software, far slower. */
  readonly type?: 'kvm' | 'qemu' | undefined
  /** The guest's architecture. Default `x86_64`. */
  readonly arch?: string | undefined
  /** QEMU's machine type, as `q35`. Absent: libvirt's default for the architecture. */
  readonly machine?: string | undefined
  /** Absent: QEMU's default for the machine type. */
  readonly cpu?: 'host-passthrough' | 'host-model' | 'maximum' | { readonly model: string } | undefined
  /** Default `bios`: what the machine type starts with. `efi` lets libvirt choose an image of the host's. */
  readonly firmware?: 'bios' | 'efi' | undefined
  /** A kernel on the host of QEMU to boot directly, absolute. */
  readonly kernel?: string | undefined
  /** With `kernel`. */
  readonly initrd?: string | undefined
  /** With `kernel`. */
  readonly cmdline?: string | undefined
  /** Order of device classes. Not together with a disk's `bootOrder`. Absent: libvirt's default, `hd`. */
  readonly boot?: readonly ('hd' | 'cdrom' | 'network' | 'fd')[] | undefined
  /** What `rbdDisk` and `fileDisk` return, or any `<disk>`. Targets must differ. */
  readonly disks?: readonly (string | XmlElement)[] | undefined
  readonly interfaces?: readonly DomainInterface[] | undefined
  /** The first serial port and the console. Default `{ type: 'pty' }`, which `virsh console` opens. */
  readonly serial?: DomainSerial | undefined
  /** Absent: none. */
  readonly graphics?: DomainGraphics | undefined
  /** A channel for the QEMU guest agent. Default false. */
  readonly guestAgent?: boolean | undefined
  /** A random number generator fed from the host's `/dev/urandom`. Default false. */
  readonly rng?: boolean | undefined
  /** Default, libvirt's: `destroy`. */
  readonly onPoweroff?: (typeof ACTIONS)[number] | undefined
  /** Default, libvirt's: `restart`. */
  readonly onReboot?: (typeof ACTIONS)[number] | undefined
  /** Default, libvirt's: `destroy`. */
  readonly onCrash?: (typeof CRASH_ACTIONS)[number] | undefined
  /** QEMU's executable, absolute. Absent: libvirt finds it. */
  readonly emulator?: string | undefined
  /** The application's own elements, each in a namespace of its own, which libvirt keeps and does not read. */
  readonly metadata?: readonly (string | XmlElement)[] | undefined
}

const domainOptions: Known<DomainOptions> = {
  name: true,
  uuid: true,
  memoryMiB: ['memory', 'ram', 'memoryMB'],
  vcpus: ['vcpu', 'cpus'],
  type: true,
  arch: true,
  machine: true,
  cpu: ['cpuMode'],
  firmware: true,
  kernel: true,
  initrd: true,
  cmdline: ['append', 'extraArgs'],
  boot: ['bootOrder'],
  disks: ['disk', 'devices'],
  interfaces: ['networks', 'nics'],
  serial: ['console'],
  graphics: ['vnc'],
  guestAgent: true,
  rng: true,
  onPoweroff: true,
  onReboot: true,
  onCrash: true,
  emulator: true,
  metadata: true,
}

/** A copy of its own, so that laying it out does not change the caller's. */
function toElement(value: string | XmlElement): XmlElement {
  return parse(value instanceof XmlElement ? serialize(value) : value)
}

/** Disks ready to be put into `<devices>`. */
export function toDisks(value: readonly (string | XmlElement)[] | undefined): XmlElement[] {
  const targets = new Set<string>()
  return toList('disks', value).map((entry) => {
    const disk = stripIndentation(toElement(entry))
    const target = disk.find('target')?.attribute('dev')
    if (disk.name !== 'disk' || target === undefined)
      throw invalidArgValue('disks', 'must hold <disk> elements with a target')
    if (targets.has(target)) throw invalidArgValue('disks', `the target '${target}' is there twice`)
    targets.add(target)
    return disk
  })
}

function metadataElement(value: readonly (string | XmlElement)[] | undefined): XmlElement | undefined {
  const elements = toList('metadata', value).map(toElement)
  for (const { name, attributes } of elements) {
    const prefix = name.includes(':') ? `:${name.split(':')[0]}` : ''
    if (!attributes.get(`xmlns${prefix}`))
      throw invalidArgValue('metadata', 'each element must declare its own namespace')
  }
  return elements.length === 0 ? undefined : new XmlElement('metadata', {}, elements)
}

function osElement(options: DomainOptions, arch: string): XmlElement {
  const { machine, firmware = 'bios', kernel, initrd, cmdline } = options
  if (kernel === undefined && (initrd !== undefined || cmdline !== undefined)) {
    throw invalidArgValue('kernel', 'must be given with initrd or cmdline')
  }
  const efi = toOneOf('firmware', firmware, ['bios', 'efi']) === 'efi'
  return new XmlElement('os', { firmware: efi ? 'efi' : undefined }, [
    new XmlElement(
      'type',
      { arch, machine: machine === undefined ? undefined : toToken('machine', machine) },
      ['hvm'],
    ),
    kernel === undefined ? undefined : textElement('kernel', toPath('kernel', kernel)),
    initrd === undefined ? undefined : textElement('initrd', toPath('initrd', initrd)),
    cmdline === undefined ? undefined : textElement('cmdline', toLine('cmdline', cmdline)),
    ...toList('boot', options.boot).map(
      (dev) => new XmlElement('boot', { dev: toOneOf('boot', dev, BOOT_DEVICES) }),
    ),
  ])
}

/** ACPI carries `shutdown()` to the guest. ARM's machines have it with EFI only. */
function featuresElement(arch: string, firmware: string | undefined): XmlElement | undefined {
  if (arch === 'x86_64' || arch === 'i686') {
    return new XmlElement('features', {}, [new XmlElement('acpi'), new XmlElement('apic')])
  }
  return firmware === 'efi' ? new XmlElement('features', {}, [new XmlElement('acpi')]) : undefined
}

function cpuElement(cpu: NonNullable<DomainOptions['cpu']>): XmlElement {
  if (typeof cpu === 'string') return new XmlElement('cpu', { mode: toOneOf('cpu', cpu, CPU_MODES) })
  const model = toToken('cpu.model', toObject('cpu', cpu, { model: true }).model)
  return new XmlElement('cpu', { mode: 'custom', match: 'exact' }, [textElement('model', model)])
}

function devicesElement(options: DomainOptions, disks: readonly XmlElement[]): XmlElement {
  const { emulator, graphics } = options
  // libvirt would add an LSI controller, which today's guests have no driver for.
  const scsi = disks.some((disk) => disk.find('target')?.attribute('bus') === 'scsi')
  return new XmlElement('devices', {}, [
    emulator === undefined ? undefined : textElement('emulator', toPath('emulator', emulator)),
    ...disks,
    scsi ? new XmlElement('controller', { type: 'scsi', index: 0, model: 'virtio-scsi' }) : undefined,
    ...toList('interfaces', options.interfaces).map(interfaceElement),
    serialElement(options.serial ?? { type: 'pty' }),
    toBoolean('guestAgent', options.guestAgent, false) ? guestAgentElement() : undefined,
    graphics === undefined ? undefined : graphicsElement(graphics),
    toBoolean('rng', options.rng, false) ? rngElement() : undefined,
  ])
}

/**
 * A document for `connection.defineDomain()` or `connection.createDomain()`.
 *
 * Source of the format: libvirt, formatdomain.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`
 * @throws {@link XmlError} `ERR_INVALID_XML` for a disk or metadata text that is not well-formed
 * @since 0.1.0
 */
export function domain(options: DomainOptions): string {
  const { uuid, firmware, cpu, onPoweroff, onReboot, onCrash } = toObject('options', options, domainOptions)
  const arch = options.arch === undefined ? 'x86_64' : toToken('arch', options.arch)
  const disks = toDisks(options.disks)
  if (options.boot !== undefined && disks.some((disk) => disk.find('boot') !== undefined)) {
    throw invalidArgValue('boot', "cannot be given together with a disk's bootOrder")
  }
  const action = (name: string, value: string | undefined, allowed: readonly string[]) =>
    value === undefined ? undefined : textElement(name, toOneOf(name, value, allowed))
  return format(
    new XmlElement('domain', { type: toOneOf('type', options.type ?? 'kvm', ['kvm', 'qemu']) }, [
      textElement('name', toObjectName('name', options.name)),
      uuid === undefined ? undefined : textElement('uuid', toUuid('uuid', uuid)),
      metadataElement(options.metadata),
      new XmlElement('memory', { unit: 'MiB' }, [String(toSize('memoryMiB', options.memoryMiB, 1, 2 ** 40))]),
      textElement('vcpu', toInteger('vcpus', options.vcpus, 1, 65_535)),
      osElement(options, arch),
      featuresElement(arch, firmware),
      cpu === undefined ? undefined : cpuElement(cpu),
      new XmlElement('clock', { offset: 'utc' }),
      action('on_poweroff', onPoweroff, ACTIONS),
      action('on_reboot', onReboot, ACTIONS),
      action('on_crash', onCrash, CRASH_ACTIONS),
      devicesElement(options, disks),
    ]),
  )
}
