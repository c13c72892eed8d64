/**
 * This file reads `CEPH_ARGS`, options of Ceph's own tools in the environment, by which OpenStack's guides say who a
 * client is.
 */

import { InvalidArgumentError } from 'commander'
import type { ConnectionFlags } from './connection.js'

/** Where the tools' names of an option lead. Every other one is an option of ceph.conf. */
const known: Readonly<Record<string, Exclude<keyof ConnectionFlags, 'cephOption'>>> = {
  c: 'conf',
  conf: 'conf',
  id: 'id',
  user: 'id',
  n: 'name',
  name: 'name',
  cluster: 'cluster',
  k: 'keyring',
  keyring: 'keyring',
  K: 'keyfile',
  keyfile: 'keyfile',
  m: 'monHost',
  mon_host: 'monHost',
}

/** One option at the beginning of `words`; what it takes of them is removed. */
function shiftOption(words: string[]): [name: string, value: string] {
  const word = words.shift() ?? ''
  const [, long, short, joined] = /^(?:--([\w-]+)|-(\w))(?:=(.*))?$/s.exec(word) ?? []
  const name = long?.replaceAll('-', '_') ?? short
  if (name === undefined) throw new InvalidArgumentError(`CEPH_ARGS: '${word}' is not an option`)
  if (joined !== undefined) return [name, joined]
  // A switch, such as --rbd-cache, has no value; what these say has one.
  if (words[0] === undefined || /^--?[a-z]/i.test(words[0])) {
    if (name in known) throw new InvalidArgumentError(`CEPH_ARGS: '${word}' needs a value`)
    return [name, 'true']
  }
  return [name, words.shift() ?? '']
}

/** What it says of the connection. A later word wins, and a command line's own over all of it. */
export function readCephArgs(text: string | undefined): ConnectionFlags {
  const words = (text ?? '').split(/\s+/).filter((word) => word !== '' && word !== '--')
  const flags: { -readonly [Name in keyof ConnectionFlags]: ConnectionFlags[Name] } = {}
  while (words.length > 0) {
    const [name, value] = shiftOption(words)
    const flag = known[name]
    if (flag === undefined) {
      flags.cephOption = { ...flags.cephOption, [name]: value }
      continue
    }
    // Both say who: the last one counts.
    if (flag === 'id') delete flags.name
    if (flag === 'name') delete flags.id
    flags[flag] = value
  }
  return flags
}
