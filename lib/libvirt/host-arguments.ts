// Arguments that several calls about a host take.
import { invalidArgType, toSize, toText } from '../internal/validate.js'

/**
 * For which kind of guest. What is left out libvirt chooses.
 *
 * @since 0.1.0
 */
export interface HypervisorOptions {
  /** The program: `'/usr/bin/qemu-system-x86_64'`. */
  emulator?: string
  /** `'x86_64'` */
  arch?: string
  /** `'q35'` */
  machine?: string
  /** `'kvm'`, `'qemu'` */
  virtType?: string
}

export const hypervisorOptions = { emulator: true, arch: true, machine: true, virtType: true } as const

type Hypervisor = [
  emulator: string | undefined,
  arch: string | undefined,
  machine: string | undefined,
  virtType: string | undefined,
]
export function toHypervisor(given: HypervisorOptions): Hypervisor {
  const text = (name: string, value: string | undefined): string | undefined =>
    value === undefined ? undefined : toText(`options.${name}`, value)
  return [
    text('emulator', given.emulator),
    text('arch', given.arch),
    text('machine', given.machine),
    text('virtType', given.virtType),
  ]
}

/** Texts that may be empty altogether. */
export function toTexts(name: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw invalidArgType(name, 'an array of strings', value)
  return value.map((text, index) => toText(`${name}[${index}]`, text))
}

/** Sizes of pages, in KiB as libvirt takes them. */
export function toPageSizes(sizes: unknown): number[] {
  if (!Array.isArray(sizes)) throw invalidArgType('sizes', 'an array of numbers', sizes)
  return sizes.map((size, index) => toSize(`sizes[${index}]`, size, 1024) / 1024)
}
