// Titles, descriptions and elements of one's own, which domains and networks keep.
import { metadataTypes } from '../internal/generated/libvirt.js'
import { numberOf } from '../internal/name-of.js'
import { toOptions, toText } from '../internal/validate.js'
import { type AffectOptions, affectBits, flagsOf } from './flags.js'

/**
 * libvirt's virDomainMetadataType.
 *
 * @since 0.1.0
 */
export type MetadataType = (typeof metadataTypes)[keyof typeof metadataTypes]

/** The arguments of a set function. */
export function toMetadata(
  type: MetadataType,
  text: string | undefined,
  options: (AffectOptions & { key?: string; uri?: string }) | undefined,
): [
  type: number,
  metadata: string | undefined,
  key: string | undefined,
  uri: string | undefined,
  flags: number,
] {
  const given = toOptions('options', options, { live: true, config: true, key: true, uri: true })
  const optional = (name: string, value: string | undefined): string | undefined =>
    value === undefined ? undefined : toText(name, value)
  return [
    numberOf('type', type, metadataTypes),
    optional('text', text),
    optional('options.key', given.key),
    optional('options.uri', given.uri),
    flagsOf(given, affectBits),
  ]
}
