/**
 * Writes lib/internal/generated/: the enums and flags of librados, librbd and libvirt that lib/ uses, from their headers.
 * `--check` compares instead: status 1 when they are out of date.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { libraries, readHeader, root } from './c-functions.mjs'

/** Numbers by their C names: each is an enum of that type, or all macros of a prefix. `big`: of a mask of 64 bits. */
const NUMBERS = {
  librados: [{ header: 'rados/librados.h', prefix: 'LIBRADOS_CREATE' }],
  librbd: [
    { header: 'rbd/features.h', prefix: 'RBD_FEATURE', big: true },
    { header: 'rbd/librbd.h', prefix: 'RBD_FLAG', big: true },
    { header: 'rbd/librbd.h', prefix: 'RBD_LOCK_MODE', type: 'rbd_lock_mode_t' },
    { header: 'rbd/librbd.h', prefix: 'RBD_SNAP_REMOVE' },
  ],
  libvirt: [
    ['domain', 'VIR_CONNECT_LIST_DOMAINS', 'virConnectListAllDomainsFlags'],
    ['domain', 'VIR_DOMAIN_AFFECT', 'virDomainModificationImpact'],
    ['domain', 'VIR_DOMAIN_DESTROY', 'virDomainDestroyFlagsValues'],
    ['domain', 'VIR_DOMAIN_UNDEFINE', 'virDomainUndefineFlagsValues'],
    ['domain', 'VIR_DOMAIN_XML', 'virDomainXMLFlags'],
    ['qemu', 'VIR_DOMAIN_QEMU_MONITOR_COMMAND', 'virDomainQemuMonitorCommandFlags'],
    ['storage', 'VIR_CONNECT_LIST_STORAGE_POOLS', 'virConnectListAllStoragePoolsFlags'],
  ].map(([file, prefix, type]) => ({ header: `libvirt/libvirt-${file}.h`, prefix, type })),
}

/** Names by their numbers, as users see them: `prefix` is left out, the rest written as `shutting-down`. */
const NAMES = {
  librbd: [
    {
      name: 'trashImageSources',
      header: 'rbd/librbd.h',
      type: 'rbd_trash_image_source_t',
      prefix: 'RBD_TRASH_IMAGE_SOURCE_',
    },
  ],
  libvirt: [
    { name: 'errorCodes', header: 'libvirt/virterror.h', type: 'virErrorNumber' },
    { name: 'errorDomains', header: 'libvirt/virterror.h', type: 'virErrorDomain' },
    { name: 'errorLevels', header: 'libvirt/virterror.h', type: 'virErrorLevel', prefix: 'VIR_ERR_' },
    {
      name: 'domainStates',
      header: 'libvirt/libvirt-domain.h',
      type: 'virDomainState',
      prefix: 'VIR_DOMAIN_',
    },
    {
      name: 'domainEventTypes',
      header: 'libvirt/libvirt-domain.h',
      type: 'virDomainEventType',
      prefix: 'VIR_DOMAIN_EVENT_',
    },
    {
      name: 'storagePoolStates',
      header: 'libvirt/libvirt-storage.h',
      type: 'virStoragePoolState',
      prefix: 'VIR_STORAGE_POOL_',
    },
    {
      name: 'storageVolumeTypes',
      header: 'libvirt/libvirt-storage.h',
      type: 'virStorageVolType',
      prefix: 'VIR_STORAGE_VOL_',
    },
    {
      name: 'secretUsageTypes',
      header: 'libvirt/libvirt-secret.h',
      type: 'virSecretUsageType',
      prefix: 'VIR_SECRET_USAGE_TYPE_',
    },
  ],
}

/** Names of several enums, by what the C name of each has in the middle. */
const NESTED = [
  {
    name: 'domainStateReasons',
    comment: "Why a domain is in its state: virDomainRunningReason and the other states' enums.",
    parts: ['Nostate', 'Running', 'Blocked', 'Paused', 'Shutdown', 'Shutoff', 'Crashed', 'PMSuspended'],
    type: (part) => `virDomain${part}Reason`,
    prefix: 'VIR_DOMAIN_',
  },
  {
    name: 'domainEventDetails',
    comment:
      "What led to an event of a domain's life: virDomainEventStartedDetailType and the others' enums.",
    parts: [
      'Defined',
      'Undefined',
      'Started',
      'Suspended',
      'Resumed',
      'Stopped',
      'Shutdown',
      'PMSuspended',
      'Crashed',
    ],
    type: (part) => `virDomainEvent${part}DetailType`,
    prefix: 'VIR_DOMAIN_EVENT_',
  },
]

const directory = join(root, 'lib', 'internal', 'generated')

/** The code of a header, without comments and what is compiled out: the sentinels of libvirt's enums. */
function readCode(header) {
  return readHeader(header)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/\\\n/g, ' ')
    .replace(/^#\s*ifdef VIR_ENUM_SENTINELS[\s\S]*?^#\s*endif.*$/gm, '')
}

/** The number that a constant expression of C is: numbers, names that are known, `<<` and `|`. */
function evaluate(expression, known) {
  const text = expression.replaceAll(/[()\s]/g, '')
  let value = 0n
  for (const term of text.split('|')) {
    const [base, ...shifts] = term.split('<<').map((operand) => {
      const number = /^(0x[0-9a-f]+|\d+)U?L{0,2}$/i.exec(operand)
      if (number) return BigInt(number[1])
      const found = known.get(operand)
      if (found === undefined) throw new Error(`cannot read '${expression}'`)
      return found
    })
    value |= shifts.reduce((number, by) => number << by, base)
  }
  return value
}

/** The names and numbers of one C enum, in its order. */
function readEnum(header, type) {
  const body = readCode(header).match(new RegExp(`typedef enum \\w*\\s*\\{([^{}]*)\\}\\s*${type};`))?.[1]
  if (body === undefined) throw new Error(`no enum ${type} in ${header}`)
  const known = new Map()
  let next = 0n
  for (const item of body.split(',').map((line) => line.trim())) {
    if (item === '') continue
    const [name, expression] = item.split(/\s*=\s*/)
    const value = expression === undefined ? next : evaluate(expression, known)
    known.set(name, value)
    next = value + 1n
  }
  return known
}

/** The names and numbers of all macros that begin with `prefix` and are numbers. */
function readMacros(header, prefix) {
  const known = new Map()
  for (const [, name, expression] of readCode(header).matchAll(/^#[ \t]*define[ \t]+(\w+)[ \t]+(.+)$/gm)) {
    if (name.startsWith(`${prefix}_`) && !expression.includes('"'))
      known.set(name, evaluate(expression, known))
  }
  if (known.size === 0) throw new Error(`no macro ${prefix}_... in ${header}`)
  return known
}

/** What of `name` follows `prefix`. */
function after(prefix, name) {
  if (!name.startsWith(prefix)) throw new Error(`${name} does not begin with ${prefix}`)
  return name.slice(prefix.length)
}

function table(comment, name, rows) {
  return `/** ${comment} */\nexport const ${name} = {\n${rows.join('')}} as const\n`
}

function numbers({ header, prefix, type, big }) {
  const entries = type === undefined ? readMacros(header, prefix) : readEnum(header, type)
  const rows = [...entries].map(
    ([name, value]) => `  ${after(`${prefix}_`, name)}: ${value}${big ? 'n' : ''},\n`,
  )
  return table(`${type ?? 'Macros'} of ${header}.`, prefix, rows)
}

/** `VIR_DOMAIN_PAUSED_SHUTTING_DOWN` becomes `shutting-down`. */
function named(header, type, prefix, indent = '  ') {
  return [...readEnum(header, type)].map(([name, value]) => {
    const text = prefix === undefined ? name : after(prefix, name).toLowerCase().replaceAll('_', '-')
    return `${indent}${value}: '${text}',\n`
  })
}

function names({ name, header, type, prefix }) {
  return table(`${type} of ${header}.`, name, named(header, type, prefix))
}

function nested({ name, comment, parts, type, prefix }) {
  const rows = parts.map((part) => {
    const own = `${prefix}${part.toUpperCase()}_`
    const inner = named('libvirt/libvirt-domain.h', type(part), own, '    ')
    return `  ${part.toLowerCase()}: {\n${inner.join('')}  },\n`
  })
  return table(comment, name, rows)
}

function fileOf(title) {
  const { headers, version } = libraries.find((library) => library.title === title)
  const text = headers.map(readHeader).join('\n')
  return [
    `// Generated by scripts/generate-enums.mjs from the headers of ${title} ${version(text)}. Do not edit.\n`,
    ...NUMBERS[title].map(numbers),
    ...(NAMES[title] ?? []).map(names),
    ...(title === 'libvirt' ? NESTED.map(nested) : []),
  ].join('\n')
}

const check = process.argv[2] === '--check'
mkdirSync(directory, { recursive: true })
for (const title of Object.keys(NUMBERS)) {
  const path = join(directory, `${title}.ts`)
  const text = fileOf(title)
  if (!check) writeFileSync(path, text)
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`${path.slice(root.length)} is out of date: node scripts/generate-enums.mjs`)
    process.exitCode = 1
  }
}
