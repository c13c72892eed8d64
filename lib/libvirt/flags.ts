// Sets of flags that libvirt's functions take as one number.
import { VIR_DOMAIN_AFFECT } from '../internal/generated/libvirt.js'
import { invalidArgValue, toBoolean, toOptions } from '../internal/validate.js'

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

export function flags(bits: readonly (readonly [boolean, number])[]): number {
  return bits.reduce((sum, [set, bit]) => (set ? sum | bit : sum), 0)
}

/** virDomainModificationImpact */
export function affectFlags(options: AffectOptions | undefined): number {
  const given = toOptions('options', options, { live: true, config: true })
  return flags([
    [toBoolean('options.live', given.live, false), VIR_DOMAIN_AFFECT.LIVE],
    [toBoolean('options.config', given.config, false), VIR_DOMAIN_AFFECT.CONFIG],
  ])
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
  return (active ? bits.ACTIVE : 0) | (inactive ? bits.INACTIVE : 0)
}
