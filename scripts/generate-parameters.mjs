/**
 * Writes lib/internal/generated/parameters.ts: names and types of libvirt's typed parameters, from the description of its
 * API that libvirt-dev installs. `--check` compares instead: status 1 when the file is out of date.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './c-functions.mjs'

/**
 * What is generated, and the unit of what a name matches: libvirt says it in prose only. `types`: where the prose does not
 * say that either.
 */
const groups = [
  {
    name: 'MemoryParameters',
    comment: "What a domain may use of the host's memory. `Number.MAX_SAFE_INTEGER` is no limit.",
    prefix: 'VIR_DOMAIN_MEMORY_',
    units: [[/./, 'KiB']],
  },
  {
    name: 'BlockIoTune',
    comment:
      'How fast a disk of a domain may be. 0 is no limit; `total` excludes `read` and `write` of the same kind.',
    prefix: 'VIR_DOMAIN_BLOCK_IOTUNE_',
    units: [
      [/_MAX_LENGTH$/, 'seconds that a burst may last'],
      [/BYTES_SEC_MAX$/, 'bytes per second in a burst'],
      [/IOPS_SEC_MAX$/, 'requests per second in a burst'],
      [/BYTES_SEC$/, 'bytes per second'],
      [/SIZE_IOPS_SEC$/, 'bytes that count as one request'],
      [/IOPS_SEC$/, 'requests per second'],
      [/GROUP_NAME$/, 'disks of one group share its limits'],
    ],
  },
  {
    name: 'BlkioParameters',
    comment: "A domain's weight and limits on the host's block devices, by cgroups.",
    prefix: 'VIR_DOMAIN_BLKIO_',
    units: [
      [/_DEVICE_WEIGHT$/, "`'/dev/sda,500,/dev/sdb,200'`"],
      [/_WEIGHT$/, '100 to 1000'],
      [/_BPS$/, "`'/dev/sda,1048576'`, bytes per second"],
      [/_IOPS$/, "`'/dev/sda,100'`, requests per second"],
    ],
  },
  {
    name: 'SchedulerParameters',
    comment: "A domain's share of the host's CPUs. Which of them there are is the scheduler's business.",
    prefix: 'VIR_DOMAIN_SCHEDULER_',
    units: [
      [/_PERIOD$/, 'microseconds'],
      [/_QUOTA$/, 'microseconds of each period; negative: no limit'],
      [/_CAP$/, 'hundredths of a CPU'],
      [/./, 'relative to those of other domains'],
    ],
  },
  {
    name: 'NumaParameters',
    comment: "Where on the host a domain's memory is.",
    prefix: 'VIR_DOMAIN_NUMA_',
    units: [
      [/_MODE$/, 'a virDomainNumatuneMemMode: 0 strict, 1 preferred, 2 interleave, 3 restrictive'],
      [/_NODESET$/, "`'0-1,3'`"],
    ],
  },
  {
    name: 'InterfaceParameters',
    comment: 'How fast a network interface of a domain may be. 0 is no limit.',
    prefix: 'VIR_DOMAIN_BANDWIDTH_',
    units: [
      [/_BURST$/, 'KiB in a burst'],
      [/./, 'KiB per second'],
    ],
  },
  {
    name: 'NetworkPortParameters',
    comment: 'How fast a port of a network may be. 0 is no limit.',
    prefix: 'VIR_NETWORK_PORT_BANDWIDTH_',
    units: [
      [/_BURST$/, 'KiB in a burst'],
      [/./, 'KiB per second'],
    ],
  },
  {
    name: 'IoThreadParameters',
    comment: 'How an I/O thread of a domain polls.',
    prefix: 'VIR_DOMAIN_IOTHREAD_',
    types: [
      [/_NS$/, 'ullong'],
      [/_POLL_/, 'uint'],
      [/./, 'int'],
    ],
    units: [
      [/_NS$/, 'nanoseconds'],
      [/_POLL_/, 'a factor; 0: QEMU chooses'],
      [/./, 'threads; -1: QEMU chooses'],
    ],
  },
  {
    name: 'NodeMemoryParameters',
    comment: "How the host merges equal pages of its guests' memory (KSM). The counters can only be read.",
    prefix: 'VIR_NODE_MEMORY_SHARED_',
    types: [[/./, 'uint']],
    units: [
      [/_MILLISECS$/, 'milliseconds between two scans'],
      [/_TO_SCAN$/, 'pages a scan'],
      [/_ACROSS_NODES$/, 'whether pages of different NUMA nodes are merged; 0 or 1'],
      [/_FULL_SCANS$/, 'scans; a counter'],
      [/./, 'pages; a counter'],
    ],
  },
  {
    name: 'ThreadPoolParameters',
    comment: 'The threads with which a server of a daemon answers calls.',
    prefix: 'VIR_THREADPOOL_',
    units: [
      [/_DEPTH$/, 'calls that wait for a thread; can only be read'],
      [/_(FREE|CURRENT)$/, 'threads; can only be read'],
      [/_PRIORITY$/, 'threads for calls that no guest can hold up'],
      [/./, 'threads'],
    ],
  },
  {
    name: 'ClientLimits',
    comment: 'How many clients a server of a daemon takes. How many there are now can only be read.',
    prefix: 'VIR_SERVER_CLIENTS_',
    types: [[/./, 'uint']],
    units: [
      [/UNAUTH_CURRENT$/, 'clients that have not proved who they are; can only be read'],
      [/CURRENT$/, 'clients; can only be read'],
      [/UNAUTH/, 'clients that have not proved who they are'],
      [/./, 'clients'],
    ],
  },
  {
    name: 'ClientInfo',
    comment: 'Who a client of a daemon is. What its transport does not tell is left out.',
    prefix: 'VIR_CLIENT_INFO_',
    units: [
      [/READONLY$/, 'whether it may only look'],
      [/SOCKET_ADDR$/, "`'127.0.0.1:51234'`"],
      [/_ID$/, 'a number of the system'],
      [/./, 'a name'],
    ],
  },
  {
    name: 'BlockCopyParameters',
    comment: 'How a disk is copied.',
    prefix: 'VIR_DOMAIN_BLOCK_COPY_',
    types: [
      [/_GRANULARITY$/, 'uint'],
      [/./, 'ullong'],
    ],
    units: [
      [/_BANDWIDTH$/, 'bytes per second; 0 is no limit'],
      [/_GRANULARITY$/, 'bytes that are copied again when one of them changes; a power of two'],
      [/_BUF_SIZE$/, 'bytes that may be under way'],
    ],
  },
  {
    name: 'MigrationParameters',
    comment: 'How a domain is migrated.',
    prefix: 'VIR_MIGRATE_PARAM_',
    types: [
      [/(_DISKS|_COMPRESSION)$/, 'strings'],
      [/_ADDRESS$/, 'string'],
    ],
    units: [
      [/_PARAM_URI$/, "where the memory goes: `'tcp://192.0.2.7:49152'`, `'unix:///run/vm.sock'`"],
      [/_DISKS_URI$/, 'where disks go that are copied: `tcp` or `unix`'],
      [/_DEST_NAME$/, "the domain's name there"],
      [/_DEST_XML$/, 'its document there; what the guest sees must be the same'],
      [/_PERSIST_XML$/, 'its definition there'],
      [/_BANDWIDTH/, 'MiB per second; 0 is no limit'],
      [/_GRAPHICS_URI$/, 'where the viewers of its screen go'],
      [/_LISTEN_ADDRESS$/, 'the address on which the other host listens'],
      [/_MIGRATE_DISKS$/, "the targets of the disks that are copied: `['vda']`"],
      [/_DISKS_PORT$/, 'the port on which the other host takes disks'],
      [/_COMPRESSION$/, "`['xbzrle']`, `['mt']`; with `compressed`"],
      [/_LEVEL$/, '0 to 9'],
      [/THREADS$/, 'threads'],
      [/_CACHE$/, 'bytes'],
      [/_INITIAL$/, 'percent by which the guest is slowed down at first'],
      [/_INCREMENT$/, 'percent that are added when that was too little'],
      [/_CONNECTIONS$/, 'connections; with `parallel`'],
      [/_TLS_DESTINATION$/, "the other host's name in its certificate"],
    ],
  },
  {
    name: 'JobStatistics',
    comment: 'How far a job of a domain is, or was. What the job does not tell of is not there.',
    prefix: 'VIR_DOMAIN_JOB_',
    types: [[/_ERRMSG$/, 'string']],
    units: [
      [/_OPERATION$/, 'a virDomainJobOperation'],
      [/_NET$/, 'milliseconds, without the time that the word from host to host took'],
      [/_DOWNTIME$/, 'milliseconds that the guest stood or will stand still'],
      [/_TIME(_ELAPSED|_REMAINING)?$/, 'milliseconds'],
      [/_BPS$/, 'bytes per second'],
      [/_CONSTANT$|_NORMAL$|_MISSES$|_OVERFLOW$|COMPRESSION_PAGES$/, 'pages'],
      [/_DIRTY_RATE$/, 'pages that the guest changes in a second'],
      [/_ITERATION$/, 'how often its memory has been gone through'],
      [/_REQS$/, 'pages that the other host asked for'],
      [/_THROTTLE$/, 'percent by which the guest is slowed down'],
      [/_SUCCESS$/, 'whether it succeeded, of one that has ended'],
      [/_ERRMSG$/, 'why it failed'],
      [/./, 'bytes'],
    ],
  },
  {
    name: 'PerfEvents',
    comment: "Which events of the host's CPUs are counted for a domain.",
    prefix: 'VIR_PERF_PARAM_',
    types: [[/./, 'boolean']],
    units: [[/./, 'whether it is counted']],
  },
]

const output = join(root, 'lib/internal/generated/parameters.ts')
const api = ['libvirt-api', 'libvirt-admin-api']
  .map((name) => readFileSync(`/usr/share/libvirt/api/${name}.xml`, 'utf8'))
  .join('')
const macros = [
  ...api.matchAll(/<macro name='(\w+)'[^>]* string='([^']+)'[^>]*>\s*<info>([\s\S]*?)<\/info>/g),
].map(([, macro, name, info]) => ({
  macro,
  name,
  type:
    /\bas an? (string|boolean|u?int|u?llong|double)\b/.exec(info)?.[1] ??
    /VIR_TYPED_PARAM_(\w+)/.exec(info)?.[1].toLowerCase(),
}))
const types = [
  ...api.matchAll(/<enum name='VIR_TYPED_PARAM_(\w+)'[^>]* value='(\d+)'[^>]* type='virTypedParameterType'/g),
]
const camel = (name) => name.replace(/[_.-](\w)/g, (_, letter) => letter.toUpperCase())
const typescript = { string: 'string', boolean: 'boolean', strings: 'readonly string[]' }

function group({ name, comment, prefix, types: said = [], units }) {
  const rows = macros
    .filter(({ macro }) => macro.startsWith(prefix))
    .map((row) => ({ ...row, type: said.find(([pattern]) => pattern.test(row.macro))?.[1] ?? row.type }))
  if (rows.length === 0) throw new Error(`no parameters ${prefix}`)
  for (const { macro, type } of rows) if (type === undefined) throw new Error(`${macro} has no type`)
  const unit = (macro) => units.find(([pattern]) => pattern.test(macro))?.[1]
  const members = rows.map(
    ({ macro, name: own, type }) =>
      `  /** ${macro}: ${unit(macro)}. */\n  ${camel(own)}?: ${typescript[type] ?? 'number'}\n`,
  )
  const table = rows.map(({ name: own, type }) => `  ${camel(own)}: ['${own}', '${type}'],\n`)
  return `/**
 * ${comment}
 *
 * @since 0.1.0
 */
export interface ${name} {
${members.join('')}}

export const ${name.charAt(0).toLowerCase()}${name.slice(1)} = {
${table.join('')}} as const satisfies ParameterTable<${name}>
`
}

const text = `// Generated by scripts/generate-parameters.mjs from libvirt's description of its API. Do not edit.

/** virTypedParameterType */
export const parameterTypes = {
${types
  .filter(([, name]) => name !== 'LAST')
  .map(([, name, value]) => `  ${name.toLowerCase()}: ${value},\n`)
  .join('')}} as const

/** libvirt's name and type of each parameter. Of strings there is one text a parameter, as many as there are. */
export type ParameterTable<T> = Readonly<
  Record<keyof T, readonly [name: string, type: keyof typeof parameterTypes | 'strings']>
>

${groups.map(group).join('\n')}`

if (process.argv[2] !== '--check') writeFileSync(output, text)
else if (readFileSync(output, 'utf8') !== text) {
  console.error('lib/internal/generated/parameters.ts is out of date: node scripts/generate-parameters.mjs')
  process.exitCode = 1
}
