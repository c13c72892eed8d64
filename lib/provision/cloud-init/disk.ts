/** This file makes the disk that tells a guest with cloud-init who it is: its data source NoCloud. */

import { randomUUID } from 'node:crypto'
import { invalid } from '../options.js'
import { iso9660 } from './iso9660.js'
import { type CloudInitOptions, type CloudInitUser, checkCloudInit } from './options.js'

/** What YAML 1.1 takes for the end of a line, or for no character at all, where JSON takes it as it is. */
const notInYaml = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

/** YAML has JSON in it, but for these; and in JSON no text can end where it should not. */
function document(value: unknown): string {
  const escaped = (one: string): string => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(value, null, 2).replace(notInYaml, escaped)}\n`
}

function some<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}

function toUser(user: CloudInitUser): object {
  const { name, passwordHash, sudo = false, shell = '/bin/bash' } = user
  return {
    name,
    shell,
    lock_passwd: passwordHash === undefined,
    ...(passwordHash !== undefined && { passwd: passwordHash }),
    ...(sudo !== false && { sudo: sudo === true ? 'ALL=(ALL) NOPASSWD:ALL' : sudo }),
    ...(some(user.groups) && { groups: user.groups }),
    ...(some(user.sshAuthorizedKeys) && { ssh_authorized_keys: user.sshAuthorizedKeys }),
  }
}

/** The module names are cloud-init's own, as in its reference. */
function cloudConfig(given: CloudInitOptions): Record<string, unknown> {
  const { hostname, users = [], defaultUser = true, serialConsole = false } = given
  const getty = serialConsole ? [['systemctl', 'enable', '--now', 'serial-getty@ttyS0.service']] : []
  const commands = [...getty, ...(given.commands ?? [])]
  const made = {
    ...(hostname !== undefined && {
      hostname: hostname.split('.')[0],
      ...(hostname.includes('.') && { fqdn: hostname }),
      manage_etc_hosts: true,
    }),
    ...((users.length > 0 || !defaultUser) && {
      users: [...(defaultUser ? ['default'] : []), ...users.map(toUser)],
    }),
    ...(some(given.sshAuthorizedKeys) && { ssh_authorized_keys: given.sshAuthorizedKeys }),
    ...(some(given.timeServers) && { ntp: { enabled: true, servers: given.timeServers } }),
    ...(some(given.packages) && { package_update: true, packages: given.packages }),
    ...(some(commands) && { runcmd: commands }),
  }
  for (const key of Object.keys(given.cloudConfig ?? {}))
    if (Object.hasOwn(made, key))
      throw invalid(`options.cloudConfig.${key}`, 'is made of another option already; give it in one place')
  return { ...made, ...given.cloudConfig }
}

/**
 * The bytes of a disk for cloud-init's data source NoCloud, an ISO 9660 file system with the label `cidata`: some ten KiB to
 * be written into an image or a file that the guest has as a CD-ROM or as another disk, also after its first boot, for it looks
 * at each. Every disk has an instance id of its own, so that what it says is done on each clone of a template.
 *
 * Errors: `ERR_INVALID_ARG_VALUE`, `ERR_INVALID_ARG_TYPE`: before anything is made.
 *
 * Source: cloud-init's documentation of NoCloud, of network configuration version 2, and of its modules.
 * @since 0.1.0
 */
export function cloudInitDisk(options: CloudInitOptions): Buffer {
  const given = checkCloudInit(options)
  const metaData = {
    'instance-id': given.instanceId ?? randomUUID(),
    ...(given.hostname !== undefined && { 'local-hostname': given.hostname }),
  }
  const files = [
    { name: 'meta-data', text: document(metaData) },
    { name: 'user-data', text: `#cloud-config\n${document(cloudConfig(given))}` },
    ...(given.network === undefined ? [] : [{ name: 'network-config', text: document(given.network) }]),
  ]
  return iso9660(
    'cidata',
    files.map(({ name, text }) => ({ name, data: Buffer.from(text) })),
    new Date(),
  )
}
