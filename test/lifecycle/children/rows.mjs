// Calls every row of native code on the fake libraries, each with a fault of its own: { faulty, daemon }. Prints a JSON line of
// what each rejected with.

import { versions } from 'rbdkit'
import { native } from '../../../dist/internal/addon.js'
import { startTask } from '../../../dist/internal/dispatcher.js'

const { faulty, daemon } = JSON.parse(process.argv[2])
const owner = {
  inFlight: 0,
  idle() {},
  makeError: (result, syscall, value) => Object.assign(new Error('refused'), { result, syscall, value }),
}
const call = (name, ...args) => startTask(owner, native[name], args, {})
const settings = Object.entries({ mon_host: '127.0.0.1', key: 'AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA==' })

const handles = {}
handles.Cluster = await call('rados_connect', 'ceph', 'client.admin', undefined, settings)
handles.IoCtx = await call('rados_ioctx_create', handles.Cluster, 'pool', '', undefined, true, undefined, 0n)
await call('rbd_create4', handles.IoCtx, 'image', 1 << 20, {})
handles.Image = (await call('rbd_open', handles.IoCtx, 'image', false, undefined, undefined, false)).handle
if (!daemon) {
  handles.Connection = await call('virConnectOpen', undefined, false, 0, 0, [], 'fake')
  handles.Domain = (await call('virDomainLookupByName', handles.Connection, 'domain')).handle
  handles.StoragePool = (await call('virStoragePoolLookupByName', handles.Connection, 'pool')).handle
  handles.StorageVolume = (await call('virStorageVolLookupByName', handles.StoragePool, 'volume')).handle
  handles.Secret = (await call('virSecretLookupByUUIDString', handles.Connection, 'uuid')).handle
  handles.DomainSnapshot = (await call('virDomainSnapshotLookupByName', handles.Domain, 'snapshot')).handle
  handles.DomainCheckpoint = (
    await call('virDomainCheckpointLookupByName', handles.Domain, 'checkpoint')
  ).handle
  handles.Network = (await call('virNetworkLookupByName', handles.Connection, 'network')).handle
  handles.NetworkPort = (await call('virNetworkPortLookupByUUIDString', handles.Network, 'uuid')).handle
  handles.Interface = (await call('virInterfaceLookupByName', handles.Connection, 'interface')).handle
  handles.NodeDevice = (await call('virNodeDeviceLookupByName', handles.Connection, 'device')).handle
  handles.NWFilter = (await call('virNWFilterLookupByName', handles.Connection, 'filter')).handle
  handles.NWFilterBinding = (
    await call('virNWFilterBindingLookupByPortDev', handles.Connection, 'vnet0')
  ).handle
} else {
  handles.AdminConnection = await call('virAdmConnectOpen', undefined, 'fake')
  handles.AdminServer = (await call('virAdmConnectLookupServer', handles.AdminConnection, 'server')).handle
  handles.AdminClient = (await call('virAdmServerLookupClient', handles.AdminServer, 1n)).handle
}

/** A process uses either libvirt or libvirt-admin. */
const rows = Object.entries(native.rows).filter(([, text]) => handles[text.split(' ')[0]] !== undefined)

/** A row's second handle: the pool of a clone or a copy, the volume that is copied, where a domain migrates to. */
const others = { IoCtx: 'IoCtx', Image: 'IoCtx', StoragePool: 'StorageVolume', Domain: 'Connection' }
const values = {
  Str: () => 'text',
  OptStr: () => undefined,
  Num: () => 1,
  Flag: () => true,
  OptNum: () => undefined,
  TextPairs: () => [['name', 'value']],
  Bytes: () => Buffer.from('bytes'),
  ImageOptions: () => ({}),
  Params: () => [],
  Dict: () => [],
  Names: () => ['name'],
  Numbers: () => [1],
  Handle: (self) => handles[others[self]],
}

const told = {}
for (const [index, [name, text]] of rows.entries()) {
  const [self, ...kinds] = text.split(' ')
  // One errno after the other, so that none can be another row's.
  const errno = 70 + (index % 50)
  if (faulty) process.env.RBDKIT_FAKE_ERROR = `${name}=${-errno}`
  const args = kinds.map((kind) => values[kind](self))
  told[name] = await call(name, handles[self], ...args).then(
    () => ({ errno }),
    ({ result, syscall, value }) => ({ errno, result, syscall, value }),
  )
}
delete process.env.RBDKIT_FAKE_ERROR

/** A row on what is no handle of its kind, on one that is closed, and on none: what it threw. */
const closed = daemon
  ? (await call('virAdmServerLookupClient', handles.AdminServer, 1n)).handle
  : (await call('virSecretLookupByUUIDString', handles.Connection, 'uuid')).handle
await call('close', closed)
const refused = {}
for (const [name, text] of rows) {
  const [self, ...kinds] = text.split(' ')
  const wrong = self === 'Cluster' ? handles.IoCtx : handles.Cluster
  // Below the dispatcher, which takes such a throw for a mistake of its own. It comes before any call begins.
  refused[name] = [wrong, closed, 4_000_000_000].map((handle) => {
    try {
      native[name](0, handle, ...kinds.map((kind) => values[kind](self)))
      return 'nothing'
    } catch (error) {
      return error.message
    }
  })
}

for (const handle of Object.values(handles).reverse()) await call('close', handle)
console.log(JSON.stringify({ told, refused, versions: versions() }))
