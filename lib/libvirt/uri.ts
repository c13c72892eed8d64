/**
 * This file looks at a connection's URI before libvirt sees it. The format is from libvirt, "Remote support" (URI
 * reference) and "Connection URIs": `driver[+transport]://[user@][host][:port]/[path][?parameter=value&...]`.
 */

import { invalidArgValue } from '../internal/validate.js'

/** A URI without a password, to be shown. */
export function withoutPassword(uri: string | undefined): string | undefined {
  return uri?.replace(/^([^:/]+:\/\/[^/@:]*):[^/@]*@/, '$1@')
}

/** Decodes escapes as libvirt does: what is no escape stays. */
const decode = (text: string): string =>
  text.replaceAll(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** libvirt runs what these say: the first on this host, the second by the other one's shell. */
const programs = new Set(['command', 'netcat'])

/** What runs no program of the URI's choice. */
const transports = new Set(['unix', 'tcp', 'tls', 'ssh', 'libssh', 'libssh2'])

function refuse(what: string): never {
  throw invalidArgValue(
    'uri',
    `${what}: libvirt would run it. Give \`allowCommands: true\` if you know where the URI comes from`,
  )
}

/** Throws for a URI that names a program. Says no more of it than the parameter's name: what follows may be a secret. */
export function checkUri(uri: string): void {
  const [, scheme = '', rest = uri] = /^([^:/?#]*):(.*)$/s.exec(uri) ?? []
  const transport = /\+(.*)$/s.exec(decode(scheme))?.[1]?.toLowerCase()
  if (transport === 'ext') refuse("its transport 'ext' runs a program")
  if (transport !== undefined && !transports.has(transport))
    throw invalidArgValue('uri', `its transport is none of ${[...transports].join(', ')}`)
  const [place = '', ...parameters] = rest.split(/[?&;#]/)
  for (const parameter of parameters) {
    // Names are compared without regard to case there.
    const name = decode(parameter.split('=', 1)[0] ?? '').toLowerCase()
    if (programs.has(name.trim())) refuse(`its parameter '${name.trim()}' names a program`)
  }
  const authority = decode(place.replace(/^\/\//, '').split('/', 1)[0] ?? '')
  if (place.startsWith('//') && /(?:^|@)-/.test(authority))
    refuse("its host or user begins with '-', an option of ssh")
}
