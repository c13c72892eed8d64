// Calls every row of native code on the fake libraries, each with a fault of its own: { missing }. Prints a JSON line of
// what each rejected with.

import { versions } from 'rbdkit'
import { native } from '../../../dist/internal/addon.js'
import { startTask } from '../../../dist/internal/dispatcher.js'

const { faulty } = JSON.parse(process.argv[2])
const owner = {
  inFlight: 0,
  idle() {},
  makeError: (result, syscall, value) => Object.assign(new Error('refused'), { result, syscall, value }),
}
const call = (name, ...args) => startTask(owner, native[name], args, {})
const settings = Object.entries({ mon_host: '127.0.0.1', key: 'AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA==' })

const handles = {}
handles.Cluster = await call('rados_connect', 'ceph', 'client.admin', undefined, settings)
handles.IoCtx = await call('rados_ioctx_create', handles.Cluster, 'pool', '')
await call('rbd_create4', handles.IoCtx, 'image', 1 << 20, {})
handles.Image = await call('rbd_open', handles.IoCtx, 'image', false, undefined, false)
handles.Connection = await call('virConnectOpen', undefined, false, 0, 0, 'fake')
handles.Domain = (await call('virDomainLookupByName', handles.Connection, 'domain')).handle
handles.StoragePool = (await call('virStoragePoolLookupByName', handles.Connection, 'pool')).handle
handles.StorageVolume = (await call('virStorageVolLookupByName', handles.StoragePool, 'volume')).handle
handles.Secret = (await call('virSecretLookupByUUIDString', handles.Connection, 'uuid')).handle

/** A row's second handle: the pool of a clone, the volume that is copied. */
const others = { IoCtx: 'IoCtx', StoragePool: 'StorageVolume' }
const values = {
  Str: () => 'text',
  OptStr: () => undefined,
  Num: () => 1,
  Flag: () => true,
  Bytes: () => Buffer.from('bytes'),
  ImageOptions: () => ({}),
  Params: () => [],
  Handle: (self) => handles[others[self]],
}

const told = {}
for (const [index, [name, text]] of Object.entries(native.rows).entries()) {
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
for (const handle of Object.values(handles).reverse()) await call('close', handle)
console.log(JSON.stringify({ told, versions: versions() }))
