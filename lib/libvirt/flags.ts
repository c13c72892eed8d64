// Sets of flags that libvirt's functions take as one number.
import { VIR_DOMAIN_AFFECT } from '../internal/generated/libvirt.js'
import { invalidArgType, invalidArgValue, type Known, toBoolean, toOptions } from '../internal/validate.js'

/**
 * What a change of a domain changes. With neither: the running domain if it runs, else its definition.
 *
 * @since 0.1.0
 */
export interface AffectOptions {
  /** The running domain. */
  live?: boolean
  /** Its definition, which the next start takes. */
  config?: boolean
}

/** The bit of each option that is a boolean. */
export type Bits<T extends object> = Readonly<Record<keyof T & string, number>>

/** virDomainModificationImpact */
export const affectBits: Bits<AffectOptions> = {
  live: VIR_DOMAIN_AFFECT.LIVE,
  config: VIR_DOMAIN_AFFECT.CONFIG,
}

/** The sum; the highest bit does not make it negative. */
export function flags(bits: readonly (readonly [boolean, number])[]): number {
  return bits.reduce((sum, [set, bit]) => (set ? (sum | bit) >>> 0 : sum), 0)
}

/** The flags of options that are nothing else. */
export function toFlags<T extends object>(options: T | undefined, bits: Bits<NoInfer<T>>): number {
  const known = Object.fromEntries(Object.keys(bits).map((name) => [name, true])) as unknown as Known<T>
  return flagsOf(toOptions<object>('options', options, known), bits)
}

/** The same of options that are known already, and may be more. */
export function flagsOf(given: object, bits: Readonly<Record<string, number>>): number {
  return flags(
    Object.entries(bits).map(([name, bit]) => [
      toBoolean(`options.${name}`, (given as Record<string, unknown>)[name], false),
      bit,
    ]),
  )
}

export function affectFlags(options: AffectOptions | undefined): number {
  return toFlags(options, affectBits)
}

/**
 * Which domains or pools to list. One of them alone leaves the others out; neither: all.
 *
 * @since 0.1.0
 */
export interface ListOptions {
  active?: boolean
  inactive?: boolean
}

export function listFlags(
  options: ListOptions | undefined,
  bits: { ACTIVE: number; INACTIVE: number },
): number {
  const given = toOptions('options', options, { active: true, inactive: true })
  const active = toBoolean('options.active', given.active, given.inactive !== true)
  const inactive = toBoolean('options.inactive', given.inactive, given.active !== true)
  if (!active && !inactive) throw invalidArgValue('options', 'leaves nothing to list')
  return flags([
    [active, bits.ACTIVE],
    [inactive, bits.INACTIVE],
  ])
}

/**
 * Whether libvirt holds a document against its schema first.
 *
 * @since 0.1.0
 */
export interface ValidateOptions {
  /** Refuses what the schema does not know, which libvirt otherwise leaves out. Default `false`. */
  validate?: boolean
}

/** `bit`: the VALIDATE flag of the function. */
export function validateFlag(options: ValidateOptions | undefined, bit: number): number {
  return toFlags(options, { validate: bit })
}

/** A boolean that must be given. */
export function toTruth(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidArgType(name, 'of type boolean', value)
  return value
}
