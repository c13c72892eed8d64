/**
 * Writes the rows of libvirt's functions whose shape is regular, and their types: `native/libvirt/generated/` and
 * `lib/internal/native/generated/`, a file for each of libvirt's headers. What it reads is the description of the API that
 * libvirt-dev installs, and the prototypes of `native/sys/later/libvirt.h`. A function that native/libvirt/ calls by hand,
 * that is left out (`left-out.mjs`), or whose arguments no kind fits has no row here. `--check` compares instead: status 1
 * when something is out of date.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nativeCallers, readHeader, root } from './c-functions.mjs'
import { leftOut } from './left-out.mjs'

/** What native code calls an object of libvirt's. */
const OBJECTS = {
  virConnectPtr: 'Connection',
  virDomainPtr: 'Domain',
  virDomainSnapshotPtr: 'DomainSnapshot',
  virDomainCheckpointPtr: 'DomainCheckpoint',
  virNetworkPtr: 'Network',
  virNetworkPortPtr: 'NetworkPort',
  virInterfacePtr: 'Interface',
  virNodeDevicePtr: 'NodeDevice',
  virNWFilterPtr: 'NWFilter',
  virNWFilterBindingPtr: 'NWFilterBinding',
  virStoragePoolPtr: 'StoragePool',
  virStorageVolPtr: 'StorageVolume',
  virSecretPtr: 'Secret',
}

/** Where a header's rows go. */
const FILES = {
  'libvirt-host': 'host',
  'libvirt-domain': 'domain',
  'libvirt-domain-snapshot': 'domain_snapshot',
  'libvirt-domain-checkpoint': 'domain_checkpoint',
  'libvirt-network': 'network',
  'libvirt-interface': 'interface',
  'libvirt-nodedev': 'nodedev',
  'libvirt-nwfilter': 'nwfilter',
  'libvirt-secret': 'secret',
  'libvirt-storage': 'storage',
}

/** Rows though native code also calls the function itself. */
const ALSO = new Set(['virConnectIsAlive', 'virDomainGetInfo', 'virDomainLookupByUUIDString'])

/** What waits for a guest, a program or a storage, or works in proportion to one. */
const LONG = new RegExp(
  [
    /^virDomain(Create|Save|Restore|ManagedSave$|CoreDump|MigrateToURI|BackupBegin|Destroy|Shutdown|Reboot)/,
    /^virDomainBlock(Commit|Copy|Pull|Rebase|Resize|JobAbort)$/,
    /^virDomain(Attach|Detach|UpdateDevice|SetVcpu|SetMemoryFlags|SetGuestVcpus|PMSuspend|QemuAgent|QemuAttach)/,
    /^virDomain(FS|GetFSInfo|GetGuest|AuthorizedSSH|GetTime|SetTime|SetUserPassword|InterfaceAddresses|GetHostname)/,
    /^virDomain(SnapshotCreate|SnapshotDelete|RevertToSnapshot|CheckpointCreate|CheckpointDelete)/,
    /^vir(Network|Interface)(Create|Destroy|Change)|^virNodeDevice(Create|Destroy|Detach|ReAttach|Reset)/,
    /^virStoragePool(Build|Create|Refresh|Delete)|^virStorageVol(Create|Delete|Resize|Wipe)/,
    /^virConnectFindStoragePoolSources|^virNodeSuspend|^virNodeAllocPages/,
  ]
    .map((one) => one.source)
    .join('|'),
)

/** Regular to look at, and not: its domain is another connection's; a subscription ends when its handle is closed. */
const IRREGULAR = /^virDomainMigrate3$|DeregisterAny$/

/** Functions whose number is what they tell. `Is...` and `Has...` tell yes or no. */
const RETURNS_NUMBER =
  /^virConnect(Compare|GetMaxVcpus)|^virDomain(FSFreeze|FSThaw|GetMaxVcpus|GetVcpusFlags|OpenGraphicsFD)$/
const RETURNS_FLAG = /(Is|Has)[A-Z]\w+$/

/** Texts that may be left out though the description does not say so. */
const MAY_BE_NULL = new Set([
  'virConnectGetDomainCapabilities',
  'virConnectCompareHypervisorCPU.emulator',
  'virConnectCompareHypervisorCPU.arch',
  'virConnectCompareHypervisorCPU.machine',
  'virConnectCompareHypervisorCPU.virttype',
  'virConnectBaselineHypervisorCPU',
  'virConnectFindStoragePoolSources.srcSpec',
  'virConnectGetMaxVcpus',
  'virDomainAnnounceInterface',
  'virDomainFSTrim',
  'virDomainGetBlockIoTune',
  'virDomainGetMetadata',
  'virDomainSetMetadata',
  'virNetworkGetDHCPLeases',
  'virNetworkGetMetadata',
  'virNetworkSetMetadata',
])

/** Fields that pass 2^53. */
const BIG = new Set(['virDomainInfo.cpuTime'])

/** What libvirt's description says of no flag yet. */
const NO_FLAGS = /not used yet|unused|currently used, set to 0|future flags/

const api = readFileSync('/usr/share/libvirt/api/libvirt-api.xml', 'utf8')
const plain = (text) => text.replaceAll('&apos;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>')
const attribute = (text, name) => plain(new RegExp(`\\b${name}='([^']*)'`).exec(text)?.[1] ?? '')
const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())

function describedFunctions() {
  return [...api.matchAll(/<function ([^>]*)>([\s\S]*?)<\/function>/g)].map(([, head, body]) => ({
    name: attribute(head, 'name'),
    file: attribute(head, 'file'),
    result: attribute(/<return ([^>]*)/.exec(body)?.[1] ?? '', 'type'),
    args: [...body.matchAll(/<arg ([^>]*)\/>/g)].map(([, arg]) => ({
      name: attribute(arg, 'name'),
      type: attribute(arg, 'type'),
      info: attribute(arg, 'info'),
    })),
  }))
}

/** The prototypes of our own, each under the comment that names its header. */
function laterFunctions() {
  const found = []
  for (const [, file, code] of readHeader('native/sys/later/libvirt.h').matchAll(
    /Source: libvirt\/([\w-]+)\.h([\s\S]*?)(?=\/\/ Source|\})/g,
  )) {
    for (const [, result, name, list] of code.matchAll(/(\w+ ?\*?) ?\b(vir\w+)\(([^)]*)\);/g)) {
      const args = list.split(',').map((one) => {
        const [, type, own] = /^\s*([\s\S]*?)(\w+)\s*$/.exec(one)
        return { name: own, type: type.replace('*', ' *').replaceAll(/\s+/g, ' ').trim(), info: '' }
      })
      found.push({ name, file, result: result.replace('*', ' *').trim(), args })
    }
  }
  return found
}

const structures = new Map(
  [...api.matchAll(/<struct name='(\w+)'[^>]*[^/>]>([\s\S]*?)<\/struct>/g)].map(([, name, body]) => [
    name,
    [...body.matchAll(/<field ([^>]*?)\/?>/g)].map(([, field]) => ({
      name: attribute(field, 'name'),
      type: attribute(field, 'type'),
    })),
  ]),
)
/** Structures that rows describe. */
const usedStructures = new Set()

const integers = {
  int: 'int',
  'unsigned int': 'unsigned',
  'unsigned long': 'unsigned long',
  'long long': 'long long',
  'unsigned long long': 'unsigned long long',
}

const structureOf = (type) => {
  const base = /^(vir\w+)Ptr$/.exec(type)?.[1]
  return [base, `${base}Struct`].find((name) => structures.has(name))
}

/**
 * How many arguments a shape takes, its kind, what JavaScript gives, and what it gets. `types`: of the arguments that are
 * left, `[arg, next]` the first two.
 */
function shape(function_, rest) {
  const [arg, next, third] = rest
  const { name, type, info } = arg
  const key = `${function_.name}.${name}`
  const lists = (one) => next !== undefined && one.test(next.type)
  const given = (kind, ts, take = 1) => ({ kind, given: [camel(name), ts], take })
  const told = (kind, ts, take = 1) => ({ kind, told: ts, take })
  if (type === 'const char *') {
    const optional = /NULL|optional/.test(info) || MAY_BE_NULL.has(key) || MAY_BE_NULL.has(function_.name)
    return optional ? given('OptStr', 'string | undefined') : given('Str', 'string')
  }
  if (type === 'const char **' && lists(/^unsigned int$/)) return given('Strings', 'string[]', 2)
  if (name === 'flags' && NO_FLAGS.test(info))
    return { kind: type === 'unsigned long' ? 'Const<0ul>' : 'Const<0u>', take: 1 }
  if (type === 'virTypedParameterPtr' && next?.type === 'int *')
    return told(
      /GetSchedulerParameters/.test(function_.name) ? 'OutParams<16>' : 'OutParams<>',
      'NativeParameters',
      2,
    )
  if (type === 'virTypedParameterPtr' && lists(/^int$/)) return given('Params<>', 'NativeParameter[]', 2)
  if (type === 'virTypedParameterPtr' && next?.type === 'unsigned int' && next.name === 'nparams')
    return third?.type === 'int' ? undefined : given('Params<unsigned>', 'NativeParameter[]', 2)
  if (type === 'virTypedParameterPtr *')
    return told(next.type === 'int *' ? 'TakenParams<>' : 'TakenParams<unsigned>', 'NativeParameters', 2)
  if (type === 'char ***') return told('OutStrings', 'string[]')
  if (type === 'const unsigned char *' && next?.type === 'size_t')
    return given('Bytes<const unsigned char*>', 'Uint8Array', 2)
  if (type === 'unsigned char *' && next?.name === 'maplen')
    return /Get/.test(function_.name)
      ? told('OutCpus', 'number[]', 2)
      : given('Bytes<unsigned char*, int>', 'Uint8Array', 2)
  if (type === 'size_t' && next?.type === 'void *')
    return { kind: 'Peek', given: ['length', 'number'], told: 'Buffer', take: 2 }
  if (type === 'unsigned int' && /^(fds|files)$/.test(next?.name) && next.type === 'int *')
    return { kind: 'CountedNumbers<int>', given: [next.name, 'number[]'], take: 2 }
  if (type === 'unsigned int *' && next?.type === 'int') return given('Numbers<unsigned, int>', 'number[]', 2)
  if (/^virNode(CPU|Memory)StatsPtr$/.test(type) && next?.type === 'int *')
    return told(`OutCounters<${type.slice(0, -3)}>`, '[name: string, value: number][]', 2)
  const object = OBJECTS[type.replace(/ \*\*$/, '')]
  if (object !== undefined)
    return type.endsWith('**')
      ? told(`OutObjects<${object}>`, `Native${object}[]`)
      : given(`Ref<${object}>`, 'number')
  const structure = structureOf(type)
  if (structure !== undefined && !/^(int|unsigned int)( \*)?$/.test(next?.type ?? '') && lists(/^size_t$/)) {
    usedStructures.add(structure)
    return told(`SizedOut<${structure}, Describe${structure.slice(3)}>`, `Native${structure.slice(3)}`, 2)
  }
  if (structure !== undefined && (next === undefined || next.name === 'flags')) {
    usedStructures.add(structure)
    return told(`Out<${structure}, Describe${structure.slice(3)}>`, `Native${structure.slice(3)}`)
  }
  if (type === 'int' && name === 'autostart') return given('Flag<>', 'boolean')
  if (type === 'int *' && name === 'autostart') return told('Out<int, Truth<int>>', 'boolean')
  if (integers[type] !== undefined) return given(`Num<${integers[type]}>`, 'number')
  const number = integers[type.replace(/ \*$/, '')]
  if (number !== undefined && !/^(int|unsigned int)$/.test(next?.type.replace('flags', '') ?? ''))
    return told(`Out<${number}>`, 'number')
  if (number !== undefined && next?.name === 'flags') return told(`Out<${number}>`, 'number')
  return undefined
}

/** The row of a function and its type, or undefined where it is not regular. */
function rowOf(function_) {
  const [self, ...args] = function_.args
  if (IRREGULAR.test(function_.name)) return undefined
  const object = OBJECTS[self?.type]
  if (object === undefined) return undefined
  const shapes = []
  for (let rest = args; rest.length > 0; rest = rest.slice(shapes.at(-1).take)) {
    const found = shape(function_, rest)
    if (found === undefined) return undefined
    shapes.push(found)
  }
  const told = shapes.flatMap((one) => one.told ?? [])
  const kinds = shapes.map((one) => one.kind)
  const { name, result } = function_
  let type = told.length > 1 ? `[${told.join(', ')}]` : told[0]
  if (result === 'int') {
    const flag = RETURNS_FLAG.test(name)
    if (flag || RETURNS_NUMBER.test(name)) {
      kinds.push(flag ? 'ReturnsFlag' : 'ReturnsNumber')
      type = flag ? 'boolean' : 'number'
    }
  } else if (/^(const )?char \*$/.test(result)) {
    type = 'string'
  } else if (OBJECTS[result] !== undefined) {
    type = `Native${OBJECTS[result]}`
  } else if (/^unsigned long/.test(result)) {
    type = 'number'
  } else {
    return undefined
  }
  // `interface` is a word of TypeScript's.
  const own = `${object.charAt(0).toLowerCase()}${object.slice(1)}`
    .replace(/^nWF/, 'nwf')
    .replace(/^interface$/, 'iface')
  const given = [[own, 'number'], ...shapes.flatMap((one) => (one.given ? [one.given] : []))]
  const row = `VIR(${[name, object, ...kinds].join(', ')})`
  return {
    native: `${LONG.test(name) ? `Long(${row})` : row},`,
    type: `${name}: Task<[${given.map(([arg, ts]) => `${arg}: ${ts}`).join(', ')}]${type ? `, ${type}` : ''}>`,
  }
}

const title = (file) =>
  file
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
const notice = 'Generated by scripts/generate-libvirt.mjs. Do not edit.'

function nativeFile(header, file, rows) {
  return `// The rows of ${header}.h, which run on the connection's executors. ${notice}
#include "libvirt/generated/structures.h"
#include "libvirt/row.h"

namespace rbdkit {

namespace {

constexpr Binding rows[] = {
${rows.map((row) => `    ${row.native}\n`).join('')}};

}  // namespace

void Export${title(file)}Rows(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
`
}

function typesFile(header, file, rows) {
  const text = rows.map((row) => `  ${row.type}\n`).join('')
  const names = [...new Set(text.match(/\bNative\w+/g) ?? [])].sort()
  const from = (module, those) =>
    those.length > 0 ? `import type { ${those.join(', ')} } from '${module}'\n` : ''
  const isStructure = (name) => usedStructures.has(`vir${name.slice(6)}`)
  return `// The rows of ${header}.h. ${notice}

import type { Task } from '../core.js'
${from(
  '../libvirt-objects.js',
  names.filter((name) => !isStructure(name)),
)}${from('./libvirt-structures.js', names.filter(isStructure))}
export interface Libvirt${title(file)}Rows {
${text}}
`
}

function describe(structure, { name, type }) {
  const member = `found.${name}`
  if (BIG.has(`${structure}.${name}`)) return [`Value::BigInt(uint64_t{${member}})`, 'bigint']
  if (/^char/.test(type)) return [`Value(${member})`, 'string']
  if (/long|Cursor/.test(type)) return [`Value::Number(${member})`, 'number']
  return [type === 'int' ? `int32_t{${member}}` : `uint32_t{${member}}`, 'number']
}

function structureFiles() {
  const all = [...usedStructures].sort().map((structure) => ({
    structure,
    own: structure.slice(3),
    fields: structures.get(structure).map((field) => [camel(field.name), ...describe(structure, field)]),
  }))
  const native = all.map(
    ({ structure, own, fields }) => `inline Value Describe${own}(const ${structure}& found) {
  return Value::Fields({${fields.map(([name, value]) => `{"${name}", ${value}}`).join(', ')}});
}
`,
  )
  const types = all.map(
    ({ structure, own, fields }) => `/** ${structure} */
export interface Native${own} {
${fields.map(([name, , type]) => `  ${name}: ${type}\n`).join('')}}
`,
  )
  return [
    [
      'native/libvirt/generated/structures.h',
      `// Structures of libvirt's as values, with libvirt's own units. ${notice}
#ifndef RBDKIT_LIBVIRT_GENERATED_STRUCTURES_H_
#define RBDKIT_LIBVIRT_GENERATED_STRUCTURES_H_

#include "core/value.h"
#include "sys/libvirt.h"

namespace rbdkit {

${native.join('\n')}
}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_GENERATED_STRUCTURES_H_
`,
    ],
    [
      'lib/internal/native/generated/libvirt-structures.ts',
      `// Structures of libvirt's, with libvirt's own units. ${notice}\n\n${types.join('\n')}`,
    ],
  ]
}

function allFiles(files) {
  const exported = files.map((file) => `Export${title(file)}Rows`)
  return [
    [
      'native/libvirt/generated/rows.h',
      `// All rows that are generated, on the JavaScript thread. ${notice}
#ifndef RBDKIT_LIBVIRT_GENERATED_ROWS_H_
#define RBDKIT_LIBVIRT_GENERATED_ROWS_H_

#include <napi.h>

namespace rbdkit {

${exported.map((name) => `void ${name}(Napi::Env env, Napi::Object exports);\n`).join('')}
inline void ExportLibvirtRows(Napi::Env env, Napi::Object exports) {
${exported.map((name) => `  ${name}(env, exports);\n`).join('')}}

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_GENERATED_ROWS_H_
`,
    ],
    [
      'lib/internal/native/generated/libvirt.ts',
      `// All rows of libvirt that are generated. ${notice}

${files.map((file) => `import type { Libvirt${title(file)}Rows } from './libvirt-${file.replace('_', '-')}.js'\n`).join('')}
export interface LibvirtRows
  extends ${files.map((file) => `Libvirt${title(file)}Rows`).join(', ')} {}
`,
    ],
  ]
}

function run(program, args, input) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, input, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  return stdout
}
function formatted(path, text) {
  if (path.endsWith('.ts'))
    return run(join(root, 'node_modules/.bin/biome'), ['check', '--write', `--stdin-file-path=${path}`], text)
  const program = fileURLToPath(import.meta.resolve('clang-format'))
  return run(process.execPath, [program, `--assume-filename=${path}`], text)
}

const byHand = new Set(
  [...nativeCallers()].flatMap(([name, paths]) =>
    [...paths].some((path) => !path.includes('/generated/')) ? [name] : [],
  ),
)
const rowsByFile = new Map(Object.keys(FILES).map((header) => [header, []]))
const later = laterFunctions()
const known = describedFunctions()
const names = new Set(known.map(({ name }) => name))
for (const function_ of [...known, ...later.filter(({ name }) => !names.has(name))]) {
  const { name, file } = function_
  if (!rowsByFile.has(file) || leftOut[name] !== undefined || (byHand.has(name) && !ALSO.has(name))) continue
  const row = rowOf(function_)
  if (row !== undefined) rowsByFile.get(file).push(row)
  else if (process.argv[2] === '--irregular')
    console.log(
      `${function_.result} ${name}(${function_.args.map(({ type, name }) => `${type} ${name}`).join(', ')})`,
    )
}

const output = [
  ...[...rowsByFile].flatMap(([header, rows]) => {
    const file = FILES[header]
    return [
      [`native/libvirt/generated/${file}.cc`, nativeFile(header, file, rows)],
      [`lib/internal/native/generated/libvirt-${file.replace('_', '-')}.ts`, typesFile(header, file, rows)],
    ]
  }),
  ...structureFiles(),
  ...allFiles(Object.values(FILES)),
]

for (const directory of ['native/libvirt/generated', 'lib/internal/native/generated'])
  mkdirSync(join(root, directory), { recursive: true })
for (const [path, text] of output) {
  const wanted = formatted(path, text)
  if (process.argv[2] !== '--check') writeFileSync(join(root, path), wanted)
  else if (!existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== wanted) {
    console.error(`${path} is out of date: node scripts/generate-libvirt.mjs`)
    process.exitCode = 1
  }
}
