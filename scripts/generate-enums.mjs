/**
 * Writes lib/internal/generated/: the enums and flags of librados, librbd and libvirt that lib/ uses, from their headers.
 * `--check` compares instead: status 1 when they are out of date.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { libraries, readHeader, root } from './c-functions.mjs'

/**
 * Numbers by their C names: each is an enum of that type ('': the one without a name that begins with the prefix), or all
 * macros of a prefix. `big`: of a mask of 64 bits. `later`: the file of native/sys/later/ whose macros of the prefix are values
 * that the build's headers lack.
 */
const NUMBERS = {
  librados: [
    { header: 'rados/librados.h', prefix: 'LIBRADOS_CREATE' },
    { header: 'rados/librados.h', prefix: 'LIBRADOS_LOCK_FLAG' },
    { header: 'rados/librados.h', prefix: 'LIBRADOS_OP_FLAG', type: '' },
    { header: 'rados/librados.h', prefix: 'LIBRADOS_CMPXATTR_OP', type: '' },
    { header: 'rados/librados.h', prefix: 'LIBRADOS_OPERATION', type: '' },
    { header: 'rados/librados.h', prefix: 'LIBRADOS_ALLOC_HINT_FLAG', type: '', later: 'librados.h' },
    { header: 'rados/librados.h', prefix: 'LIBRADOS_CHECKSUM_TYPE', type: 'rados_checksum_type_t' },
  ],
  librbd: [
    { header: 'rbd/features.h', prefix: 'RBD_FEATURE', big: true },
    { header: 'rbd/features.h', prefix: 'RBD_OPERATION_FEATURE', big: true },
    { header: 'rbd/librbd.h', prefix: 'RBD_FLAG', big: true },
    { header: 'rbd/librbd.h', prefix: 'RBD_LOCK_MODE', type: 'rbd_lock_mode_t', later: 'librbd.h' },
    { header: 'rbd/librbd.h', prefix: 'RBD_MIRROR_IMAGE_MODE', type: 'rbd_mirror_image_mode_t' },
    { header: 'rbd/librbd.h', prefix: 'RBD_SNAP_CREATE' },
    { header: 'rbd/librbd.h', prefix: 'RBD_SNAP_REMOVE' },
  ],
  libvirt: [
    ['domain', 'VIR_CONNECT_LIST_DOMAINS', 'virConnectListAllDomainsFlags'],
    ['domain', 'VIR_CONNECT_GET_ALL_DOMAINS_STATS', 'virConnectGetAllDomainStatsFlags'],
    ['domain', 'VIR_DOMAIN_AFFECT', 'virDomainModificationImpact'],
    ['domain', 'VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET', 'virDomainAuthorizedSSHKeysSetFlags'],
    ['domain', 'VIR_DOMAIN_ABORT_JOB', 'virDomainAbortJobFlagsValues'],
    ['domain', 'VIR_DOMAIN_BACKUP_BEGIN', 'virDomainBackupBeginFlags'],
    ['domain', 'VIR_DOMAIN_BLOCK_COMMIT', 'virDomainBlockCommitFlags'],
    ['domain', 'VIR_DOMAIN_BLOCK_COPY', 'virDomainBlockCopyFlags'],
    ['domain', 'VIR_DOMAIN_BLOCK_JOB_ABORT', 'virDomainBlockJobAbortFlags'],
    ['domain', 'VIR_DOMAIN_BLOCK_JOB_INFO', 'virDomainBlockJobInfoFlags'],
    ['domain', 'VIR_DOMAIN_BLOCK_JOB_SPEED', 'virDomainBlockJobSetSpeedFlags'],
    ['domain', 'VIR_DOMAIN_BLOCK_PULL', 'virDomainBlockPullFlags'],
    ['domain', 'VIR_DOMAIN_BLOCK_REBASE', 'virDomainBlockRebaseFlags'],
    ['domain', 'VIR_DOMAIN_BLOCK_RESIZE', 'virDomainBlockResizeFlags'],
    ['domain', 'VIR_DOMAIN_DEFINE', 'virDomainDefineFlags'],
    ['domain', 'VIR_DOMAIN_DESTROY', 'virDomainDestroyFlagsValues'],
    ['domain', 'VIR_DOMAIN_DEVICE_MODIFY', 'virDomainDeviceModifyFlags'],
    ['domain', 'VIR_DOMAIN_CHANNEL', 'virDomainChannelFlags'],
    ['domain', 'VIR_DOMAIN_CONSOLE', 'virDomainConsoleFlags'],
    ['domain', 'VIR_DOMAIN_EVENT_ID', 'virDomainEventID', 'libvirt.h'],
    ['domain', 'VIR_DOMAIN_GET_HOSTNAME', 'virDomainGetHostnameFlags'],
    ['domain', 'VIR_DOMAIN_GUEST_INFO', 'virDomainGuestInfoTypes'],
    ['domain', 'VIR_DOMAIN_JOB_STATS', 'virDomainGetJobStatsFlags'],
    ['domain', 'VIR_DOMAIN_MEM', 'virDomainMemoryModFlags'],
    ['domain', 'VIR_DOMAIN_MEMORY_FAILURE', 'virDomainMemoryFailureFlags'],
    ['domain', 'VIR_DOMAIN_MESSAGE', 'virDomainMessageType'],
    ['domain', 'VIR_DOMAIN_PASSWORD', 'virDomainSetUserPasswordFlags'],
    ['domain', 'VIR_DOMAIN_REBOOT', 'virDomainRebootFlagValues'],
    ['domain', 'VIR_DOMAIN_SAVE', 'virDomainSaveRestoreFlags'],
    ['domain', 'VIR_DOMAIN_SHUTDOWN', 'virDomainShutdownFlagValues'],
    ['domain', 'VIR_DOMAIN', 'virDomainCreateFlags'],
    ['domain', 'VIR_DOMAIN_STATS', 'virDomainStatsTypes'],
    ['domain', 'VIR_DOMAIN_TIME', 'virDomainSetTimeFlags'],
    ['domain', 'VIR_DOMAIN_UNDEFINE', 'virDomainUndefineFlagsValues'],
    ['domain', 'VIR_DOMAIN_VCPU', 'virDomainVcpuFlags'],
    ['domain', 'VIR_DOMAIN_XML', 'virDomainXMLFlags'],
    ['domain', 'VIR_DUMP', 'virDomainCoreDumpFlags'],
    ['domain', 'VIR_MEMORY', 'virDomainMemoryFlags'],
    ['domain', 'VIR_DOMAIN_MIGRATE_MAX_SPEED', 'virDomainMigrateMaxSpeedFlags'],
    ['domain', 'VIR_MIGRATE', 'virDomainMigrateFlags'],
    ['domain-checkpoint', 'VIR_DOMAIN_CHECKPOINT_CREATE', 'virDomainCheckpointCreateFlags'],
    ['domain-checkpoint', 'VIR_DOMAIN_CHECKPOINT_DELETE', 'virDomainCheckpointDeleteFlags'],
    ['domain-checkpoint', 'VIR_DOMAIN_CHECKPOINT_LIST', 'virDomainCheckpointListFlags'],
    ['domain-checkpoint', 'VIR_DOMAIN_CHECKPOINT_XML', 'virDomainCheckpointXMLFlags'],
    ['domain-snapshot', 'VIR_DOMAIN_SNAPSHOT_CREATE', 'virDomainSnapshotCreateFlags'],
    ['domain-snapshot', 'VIR_DOMAIN_SNAPSHOT_DELETE', 'virDomainSnapshotDeleteFlags'],
    ['domain-snapshot', 'VIR_DOMAIN_SNAPSHOT_LIST', 'virDomainSnapshotListFlags'],
    ['domain-snapshot', 'VIR_DOMAIN_SNAPSHOT_REVERT', 'virDomainSnapshotRevertFlags'],
    ['host', 'VIR_CONNECT_BASELINE_CPU', 'virConnectBaselineCPUFlags'],
    ['host', 'VIR_CONNECT_COMPARE_CPU', 'virConnectCompareCPUFlags'],
    ['host', 'VIR_NODE_ALLOC_PAGES', 'virNodeAllocPagesFlags'],
    ['interface', 'VIR_CONNECT_LIST_INTERFACES', 'virConnectListAllInterfacesFlags'],
    ['interface', 'VIR_INTERFACE_XML', 'virInterfaceXMLFlags'],
    ['network', 'VIR_CONNECT_LIST_NETWORKS', 'virConnectListAllNetworksFlags'],
    ['network', 'VIR_NETWORK_EVENT_ID', 'virNetworkEventID', 'libvirt.h'],
    ['network', 'VIR_NETWORK_PORT_CREATE', 'virNetworkPortCreateFlags'],
    ['network', 'VIR_NETWORK_XML', 'virNetworkXMLFlags'],
    ['nodedev', 'VIR_CONNECT_LIST_NODE_DEVICES', 'virConnectListAllNodeDeviceFlags'],
    ['nodedev', 'VIR_NODE_DEVICE_EVENT_ID', 'virNodeDeviceEventID'],
    [
      'qemu',
      'VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER',
      'virConnectDomainQemuMonitorEventRegisterFlags',
    ],
    ['qemu', 'VIR_DOMAIN_QEMU_MONITOR_COMMAND', 'virDomainQemuMonitorCommandFlags'],
    ['secret', 'VIR_SECRET_EVENT_ID', 'virSecretEventID'],
    ['storage', 'VIR_CONNECT_LIST_STORAGE_POOLS', 'virConnectListAllStoragePoolsFlags'],
    ['storage', 'VIR_STORAGE_POOL_BUILD', 'virStoragePoolBuildFlags'],
    ['storage', 'VIR_STORAGE_POOL_CREATE', 'virStoragePoolCreateFlags'],
    ['storage', 'VIR_STORAGE_POOL_DELETE', 'virStoragePoolDeleteFlags'],
    ['storage', 'VIR_STORAGE_POOL_EVENT_ID', 'virStoragePoolEventID'],
    ['storage', 'VIR_STORAGE_VOL', 'virStorageVolInfoFlags'],
    ['storage', 'VIR_STORAGE_VOL_CREATE', 'virStorageVolCreateFlags'],
    ['storage', 'VIR_STORAGE_VOL_DELETE', 'virStorageVolDeleteFlags'],
    ['storage', 'VIR_STORAGE_VOL_DOWNLOAD', 'virStorageVolDownloadFlags'],
    ['storage', 'VIR_STORAGE_VOL_RESIZE', 'virStorageVolResizeFlags'],
    ['storage', 'VIR_STORAGE_VOL_UPLOAD', 'virStorageVolUploadFlags'],
    ['storage', 'VIR_STORAGE_XML', 'virStorageXMLFlags'],
  ].map(([file, prefix, type, later]) => ({ header: `libvirt/libvirt-${file}.h`, prefix, type, later })),
}

const AGENT = 'VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE'

/**
 * Names by their numbers, as users see them: `prefix` is left out, the rest written as `shutting-down`. `later`: macros of
 * native/sys/later/ with that prefix are values of the enum that the build's headers lack.
 */
const NAMES = {
  librbd: [
    ...[
      ['groupImageStates', 'rbd_group_image_state_t', 'RBD_GROUP_IMAGE_STATE_'],
      ['groupSnapshotStates', 'rbd_group_snap_state_t', 'RBD_GROUP_SNAP_STATE_'],
      ['migrationStates', 'rbd_image_migration_state_t', 'RBD_IMAGE_MIGRATION_STATE_'],
      ['mirrorModes', 'rbd_mirror_mode_t', 'RBD_MIRROR_MODE_', 'RBD_MIRROR_MODE'],
      ['mirrorImageModes', 'rbd_mirror_image_mode_t', 'RBD_MIRROR_IMAGE_MODE_'],
      ['mirrorImageStates', 'rbd_mirror_image_state_t', 'RBD_MIRROR_IMAGE_', 'RBD_MIRROR_IMAGE'],
      ['mirrorStatusStates', 'rbd_mirror_image_status_state_t', 'MIRROR_IMAGE_STATUS_STATE_'],
      ['mirrorPeerDirections', 'rbd_mirror_peer_direction_t', 'RBD_MIRROR_PEER_DIRECTION_'],
    ].map(([name, type, prefix, later]) => ({ name, header: 'rbd/librbd.h', type, prefix, later })),
    {
      name: 'groupSnapshotNamespaceTypes',
      header: 'native/sys/later/librbd.h',
      type: 'rbd_group_snap_namespace_type_t',
      prefix: 'RBD_GROUP_SNAP_NAMESPACE_TYPE_',
    },
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
    ...[
      [
        'addressSources',
        'domain',
        'virDomainInterfaceAddressesSource',
        'VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_',
      ],
      ['agentReasons', 'domain', 'virConnectDomainEventAgentLifecycleReason', `${AGENT}_REASON_`],
      ['agentStates', 'domain', 'virConnectDomainEventAgentLifecycleState', `${AGENT}_STATE_`],
      ['blockJobStatuses', 'domain', 'virConnectDomainEventBlockJobStatus', 'VIR_DOMAIN_BLOCK_JOB_'],
      ['blockJobTypes', 'domain', 'virDomainBlockJobType', 'VIR_DOMAIN_BLOCK_JOB_TYPE_'],
      ['clientTransports', 'admin', 'virClientTransport', 'VIR_CLIENT_TRANS_'],
      ['closeReasons', 'common', 'virConnectCloseReason', 'VIR_CONNECT_CLOSE_REASON_'],
      ['credentialTypes', 'host', 'virConnectCredentialType', 'VIR_CRED_'],
      ['controlStates', 'domain', 'virDomainControlState', 'VIR_DOMAIN_CONTROL_'],
      ['coreDumpFormats', 'domain', 'virDomainCoreDumpFormat', 'VIR_DOMAIN_CORE_DUMP_FORMAT_'],
      ['cpuComparisons', 'host', 'virCPUCompareResult', 'VIR_CPU_COMPARE_'],
      ['diskChangeReasons', 'domain', 'virConnectDomainEventDiskChangeReason', 'VIR_DOMAIN_EVENT_DISK_'],
      ['diskErrorCodes', 'domain', 'virDomainDiskErrorCode', 'VIR_DOMAIN_DISK_ERROR_'],
      ['domainEventTypes', 'domain', 'virDomainEventType', 'VIR_DOMAIN_EVENT_'],
      ['domainStates', 'domain', 'virDomainState', 'VIR_DOMAIN_'],
      [
        'graphicsAddressTypes',
        'domain',
        'virDomainEventGraphicsAddressType',
        'VIR_DOMAIN_EVENT_GRAPHICS_ADDRESS_',
      ],
      ['graphicsPhases', 'domain', 'virDomainEventGraphicsPhase', 'VIR_DOMAIN_EVENT_GRAPHICS_'],
      ['ioErrorActions', 'domain', 'virDomainEventIOErrorAction', 'VIR_DOMAIN_EVENT_IO_ERROR_'],
      ['ipAddressTypes', 'network', 'virIPAddrType', 'VIR_IP_ADDR_TYPE_'],
      ['jobOperations', 'domain', 'virDomainJobOperation', 'VIR_DOMAIN_JOB_OPERATION_'],
      ['jobTypes', 'domain', 'virDomainJobType', 'VIR_DOMAIN_JOB_'],
      ['keycodeSets', 'domain', 'virKeycodeSet', 'VIR_KEYCODE_SET_'],
      ['lifecycleActions', 'domain', 'virDomainLifecycleAction', 'VIR_DOMAIN_LIFECYCLE_ACTION_'],
      ['lifecycles', 'domain', 'virDomainLifecycle', 'VIR_DOMAIN_LIFECYCLE_'],
      [
        'memoryFailureActions',
        'domain',
        'virDomainMemoryFailureActionType',
        'VIR_DOMAIN_EVENT_MEMORY_FAILURE_ACTION_',
      ],
      [
        'memoryFailureRecipients',
        'domain',
        'virDomainMemoryFailureRecipientType',
        'VIR_DOMAIN_EVENT_MEMORY_FAILURE_RECIPIENT_',
      ],
      ['memoryStatTags', 'domain', 'virDomainMemoryStatTags', 'VIR_DOMAIN_MEMORY_STAT_'],
      ['metadataTypes', 'domain', 'virDomainMetadataType', 'VIR_DOMAIN_METADATA_'],
      ['networkEventTypes', 'network', 'virNetworkEventLifecycleType', 'VIR_NETWORK_EVENT_'],
      ['networkSections', 'network', 'virNetworkUpdateSection', 'VIR_NETWORK_SECTION_'],
      ['networkUpdateCommands', 'network', 'virNetworkUpdateCommand', 'VIR_NETWORK_UPDATE_COMMAND_'],
      ['nodeDeviceEventTypes', 'nodedev', 'virNodeDeviceEventLifecycleType', 'VIR_NODE_DEVICE_EVENT_'],
      ['secretEventTypes', 'secret', 'virSecretEventLifecycleType', 'VIR_SECRET_EVENT_'],
      ['secretUsageTypes', 'secret', 'virSecretUsageType', 'VIR_SECRET_USAGE_TYPE_'],
      ['storagePoolEventTypes', 'storage', 'virStoragePoolEventLifecycleType', 'VIR_STORAGE_POOL_EVENT_'],
      ['storagePoolStates', 'storage', 'virStoragePoolState', 'VIR_STORAGE_POOL_'],
      ['storageVolumeTypes', 'storage', 'virStorageVolType', 'VIR_STORAGE_VOL_'],
      ['suspendTargets', 'host', 'virNodeSuspendTarget', 'VIR_NODE_SUSPEND_TARGET_'],
      ['trayChangeReasons', 'domain', 'virDomainEventTrayChangeReason', 'VIR_DOMAIN_EVENT_TRAY_CHANGE_'],
      ['vcpuStates', 'domain', 'virVcpuState', 'VIR_VCPU_'],
      ['watchdogActions', 'domain', 'virDomainEventWatchdogAction', 'VIR_DOMAIN_EVENT_WATCHDOG_'],
      ['wipeAlgorithms', 'storage', 'virStorageVolWipeAlgorithm', 'VIR_STORAGE_VOL_WIPE_ALG_'],
    ].map(([name, file, type, prefix]) => ({ name, header: `libvirt/libvirt-${file}.h`, type, prefix })),
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

/** What enums that were read before have, for those whose values are theirs. */
const readBefore = new Map()

/** The number that a constant expression of C is: numbers, names that are known, `<<` and `|`. */
function evaluate(expression, known) {
  const text = expression.replaceAll(/[()\s]/g, '')
  let value = 0n
  for (const term of text.split('|')) {
    const [base, ...shifts] = term.split('<<').map((operand) => {
      const number = /^(-?\d+|0x[0-9a-f]+)U?L{0,2}$/i.exec(operand)
      if (number) return BigInt(number[1])
      const found = known.get(operand) ?? readBefore.get(operand)
      if (found === undefined) throw new Error(`cannot read '${expression}'`)
      return found
    })
    value |= shifts.reduce((number, by) => number << by, base)
  }
  return value
}

/** The names and numbers of one C enum, in its order. */
function readEnum(header, type, prefix) {
  const pattern =
    type === ''
      ? `\\benum\\s*\\{(\\s*${prefix}_[^{}]*)\\};`
      : `typedef enum \\w*\\s*\\{([^{}]*)\\}\\s*${type};`
  const body = readCode(header).match(new RegExp(pattern))?.[1]
  if (body === undefined) throw new Error(`no enum ${type || prefix} in ${header}`)
  const known = new Map()
  let next = 0n
  for (const item of body.split(',').map((line) => line.trim())) {
    if (item === '') continue
    const [name, expression] = item.split(/\s*=\s*/)
    const value = expression === undefined ? next : evaluate(expression, known)
    known.set(name, value)
    readBefore.set(name, value)
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

function numbers({ header, prefix, type, big, later }) {
  const entries = type === undefined ? readMacros(header, prefix) : readEnum(header, type, prefix)
  if (later !== undefined)
    for (const [macro, value] of readMacros(`native/sys/later/${later}`, prefix)) entries.set(macro, value)
  const rows = [...entries].map(
    ([name, value]) => `  ${after(`${prefix}_`, name)}: ${value}${big ? 'n' : ''},\n`,
  )
  return table(`${type === '' ? 'An enum' : (type ?? 'Macros')} of ${header}.`, prefix, rows)
}

/** `VIR_DOMAIN_PAUSED_SHUTTING_DOWN` becomes `shutting-down`. A negative number, which means unknown, has no name. */
function named(entries, prefix, indent = '  ') {
  return [...entries]
    .filter(([, value]) => value >= 0n)
    .map(([name, value]) => {
      const text = prefix === undefined ? name : after(prefix, name).toLowerCase().replaceAll('_', '-')
      return `${indent}${value}: '${text}',\n`
    })
}

function names({ name, header, type, prefix, later }) {
  const known = readEnum(header, type)
  if (later !== undefined) {
    for (const [macro, value] of readMacros('native/sys/later/librbd.h', later)) known.set(macro, value)
  }
  return table(`${type} of ${header}.`, name, named(known, prefix))
}

function nested({ name, comment, parts, type, prefix }) {
  const rows = parts.map((part) => {
    const own = `${prefix}${part.toUpperCase()}_`
    const inner = named(readEnum('libvirt/libvirt-domain.h', type(part)), own, '    ')
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
