/** This file says what a guest is told at its first boot, and checks it. */

import { checkBoolean, checkLine, checkOptions, invalid, type KnownOptions } from '../options.js'

/**
 * A user of the guest.
 *
 * @since 0.1.0
 */
export interface CloudInitUser {
  readonly name: string
  /** Lines as in `~/.ssh/authorized_keys`. */
  readonly sshAuthorizedKeys?: readonly string[] | undefined
  /** As `mkpasswd` prints it: `'$6$...'`. Default: no password, so that only keys let the user in. */
  readonly passwordHash?: string | undefined
  /** What the user may do as root: true is `ALL=(ALL) NOPASSWD:ALL`. Default false. */
  readonly sudo?: boolean | string | undefined
  readonly groups?: readonly string[] | undefined
  /** Default `/bin/bash`. */
  readonly shell?: string | undefined
}

/**
 * What {@link cloudInitDisk} tells a guest.
 *
 * @since 0.1.0
 */
export interface CloudInitOptions {
  /**
   * Whose first boot it is: cloud-init does its work anew when it has not seen this id, on a clone above all. Default: a
   * new random one.
   */
  readonly instanceId?: string | undefined
  /** The host's name, with or without a domain. Default: it keeps its own. */
  readonly hostname?: string | undefined
  /** Whether the user that the image itself provides for is made. Default true. */
  readonly defaultUser?: boolean | undefined
  /** Keys that let that user in. */
  readonly sshAuthorizedKeys?: readonly string[] | undefined
  readonly users?: readonly CloudInitUser[] | undefined
  /** The network as netplan has it, in version 2: `{ version: 2, ethernets: { ... } }`. Default: DHCP. */
  readonly network?: Readonly<Record<string, unknown>> | undefined
  /** NTP servers, by name or address. */
  readonly timeServers?: readonly string[] | undefined
  /** Packages to install; the list of packages is read anew first. */
  readonly packages?: readonly string[] | undefined
  /** Commands that the first boot ends with: a list of words is run as it is, a text by the shell. */
  readonly commands?: readonly (string | readonly string[])[] | undefined
  /** A login on the first serial console, `ttyS0`. Default false: what the image has. */
  readonly serialConsole?: boolean | undefined
  /** What else belongs into `#cloud-config`, in cloud-init's own words. */
  readonly cloudConfig?: Readonly<Record<string, unknown>> | undefined
}

const userOptions: KnownOptions<CloudInitUser> = {
  name: true,
  sshAuthorizedKeys: true,
  passwordHash: true,
  sudo: true,
  groups: true,
  shell: true,
}
const options: KnownOptions<CloudInitOptions> = {
  instanceId: true,
  hostname: true,
  defaultUser: true,
  sshAuthorizedKeys: true,
  users: true,
  network: true,
  timeServers: true,
  packages: true,
  commands: true,
  serialConsole: true,
  cloudConfig: true,
}

function list<T>(
  name: string,
  value: readonly T[] | undefined,
  check: (name: string, one: T) => T,
): T[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw invalid(name, 'must be a list')
  return value.map((one, i) => check(`${name}[${i}]`, one))
}

/** A name by RFC 1123. */
function hostname(name: string, value: string): string {
  const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
  if (!new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`).test(checkLine(name, value)))
    throw invalid(name, "must be a host's name: labels of letters, digits and '-', with dots between them")
  return value
}

/** As `useradd` of Debian takes it. */
function account(name: string, value: string): string {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(checkLine(name, value)))
    throw invalid(name, "must be small letters, digits, '_' and '-', and begin with a letter or '_'")
  return value
}

/** One with its type, perhaps with options before it. What is in it is the guest's sshd's to judge. */
function sshKey(name: string, value: string): string {
  if (!/(?:^| )(?:ssh-|ecdsa-|sk-)[\w@.-]+ [A-Za-z0-9+/]+={0,2}(?: |$)/.test(checkLine(name, value)))
    throw invalid(name, "must be a public key as in authorized_keys: 'ssh-ed25519 AAAA... name'")
  return value
}

/** As crypt(5) writes it. A password itself would be readable on the disk. */
function passwordHash(name: string, value: string): string {
  if (!/^\$[\w-]+\$[^\s:]+$/.test(checkLine(name, value)))
    throw invalid(name, "must be a hash as mkpasswd prints it ('$6$...'), not a password")
  return value
}

function command(name: string, value: string | readonly string[]): string | readonly string[] {
  if (Array.isArray(value) && value.length > 0) return list(name, value, checkWord) as string[]
  if (typeof value === 'string' && value !== '') return value
  throw invalid(name, 'must be a text for the shell, or a list of words')
}

function checkWord(name: string, value: string): string {
  if (typeof value !== 'string') throw invalid(name, 'must be a text')
  return value
}

/** An object that JSON has as it is. */
function plain(name: string, value: Readonly<Record<string, unknown>> | undefined) {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(name, 'must be an object')
  return value
}

function checkUser(name: string, value: CloudInitUser): CloudInitUser {
  const user = checkOptions(name, value, userOptions)
  const { sudo } = user
  account(`${name}.name`, user.name as string)
  list(`${name}.sshAuthorizedKeys`, user.sshAuthorizedKeys, sshKey)
  list(`${name}.groups`, user.groups, account)
  if (user.passwordHash !== undefined) passwordHash(`${name}.passwordHash`, user.passwordHash)
  if (user.shell !== undefined) checkLine(`${name}.shell`, user.shell)
  if (typeof sudo === 'string') checkLine(`${name}.sudo`, sudo)
  else checkBoolean(`${name}.sudo`, sudo, false)
  return value
}

/** Throws Node's own errors for what is not as it must be. */
export function checkCloudInit(value: CloudInitOptions | undefined): CloudInitOptions {
  const given = checkOptions('options', value, options)
  if (given.instanceId !== undefined) checkLine('options.instanceId', given.instanceId)
  if (given.hostname !== undefined) hostname('options.hostname', given.hostname)
  checkBoolean('options.defaultUser', given.defaultUser, true)
  checkBoolean('options.serialConsole', given.serialConsole, false)
  list('options.sshAuthorizedKeys', given.sshAuthorizedKeys, sshKey)
  list('options.users', given.users, checkUser)
  list('options.timeServers', given.timeServers, checkLine)
  list('options.packages', given.packages, checkLine)
  list('options.commands', given.commands, command)
  plain('options.network', given.network)
  plain('options.cloudConfig', given.cloudConfig)
  return given
}
