// Calls every function of libvirt, or of libvirt-admin, on a daemon that its parent stops, kills and starts again: { uri, admin,
// rounds, names }. Tells the parent what each call came to, and what is left of them after each round.
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { native } from '../../../dist/internal/addon.js'
import { startTask } from '../../../dist/internal/dispatcher.js'
import { libvirtError } from '../../../dist/libvirt/errors.js'
import { LibvirtError } from '../../../dist/libvirt/index.js'

const { uri, admin, rounds, names } = JSON.parse(process.argv[2])

/** A connection's calls wait on so many threads. */
const callsOfConnection = 4

const owner = {
  inFlight: 0,
  idle() {},
  makeError: (result, syscall, value) => libvirtError(result, value, { syscall, uri }),
}
const call = (name, ...args) => startTask(owner, native[name], args, {})

async function ask(what) {
  process.send({ ask: what })
  await once(process, 'message')
}

/** How each kind of object is come by, from the one before. */
const lookUps = admin
  ? {
      AdminConnection: () => call('virAdmConnectOpen', uri, 'dying').then((handle) => ({ handle })),
      AdminServer: async (of) => call('virAdmConnectLookupServer', await of('AdminConnection'), 'admin'),
      AdminClient: async (of) => {
        const [own, ...more] = await call('virAdmServerListClients', await of('AdminServer'))
        for (const { handle } of more) await call('close', handle)
        return own
      },
    }
  : {
      Connection: () => call('virConnectOpen', uri, false, 0, 0, [], 'dying').then((handle) => ({ handle })),
      Domain: async (of) => call('virDomainLookupByName', await of('Connection'), names.domain),
      DomainSnapshot: async (of) => call('virDomainSnapshotLookupByName', await of('Domain'), names.snapshot),
      DomainCheckpoint: async (of) =>
        call('virDomainCheckpointLookupByName', await of('Domain'), names.checkpoint),
      Network: async (of) => call('virNetworkLookupByName', await of('Connection'), names.network),
      NetworkPort: async (of) => call('virNetworkPortLookupByUUIDString', await of('Network'), names.port),
      Interface: async (of) => call('virInterfaceLookupByName', await of('Connection'), names.interface),
      NodeDevice: async (of) => call('virNodeDeviceLookupByName', await of('Connection'), names.device),
      NWFilter: async (of) => call('virNWFilterLookupByName', await of('Connection'), names.filter),
      StoragePool: async (of) => call('virStoragePoolLookupByName', await of('Connection'), names.pool),
      StorageVolume: async (of) => call('virStorageVolLookupByName', await of('StoragePool'), names.volume),
      Secret: async (of) => call('virSecretLookupByUUIDString', await of('Connection'), names.secret),
    }

/** A connection and what was looked up over it. */
class Objects {
  #found = new Map()
  of(kind) {
    if (!this.#found.has(kind)) {
      const found = lookUps[kind]((other) => this.of(other)).then(({ handle }) => handle)
      this.#found.set(kind, found)
    }
    return this.#found.get(kind)
  }
  async close() {
    for (const handle of [...this.#found.values()].reverse()) await call('close', await handle)
  }
}

const uuid = '6c0a2b54-4d4a-4d9a-9b6b-0b8f43a7a4a1'
/** A row's second object. */
const others = { StoragePool: 'StorageVolume', Domain: 'Connection' }
const values = {
  Str: (name) => (/UUID/.test(name) ? uuid : '/text'),
  OptStr: () => undefined,
  Num: () => 1,
  Flag: () => true,
  OptNum: () => undefined,
  Bytes: () => Buffer.from('bytes'),
  Params: () => [['name', 1, 1]],
  Names: () => ['name'],
  Numbers: () => [1],
}
/** What libvirt would refuse by itself otherwise: flags that do not go together, and a descriptor that is no socket. */
const exactly = { virDomainBlockRebase: ['/text', undefined, 1, 0], virDomainOpenGraphics: [1, 3, 0] }

/** Functions that are no rows: their object, and the arguments after it; a name of an object stands for its handle. */
const byHand = {
  virNodeGetCPUMap: ['Connection'],
  virNodeGetCellsFreeMemory: ['Connection', 0, 1],
  virNodeGetFreePages: ['Connection', [4], 0, 1],
  virNodeAllocPages: ['Connection', [2048], [0], 0, 1, 0],
  virNodeDeviceListCaps: ['NodeDevice'],
  virSecretGetValue: ['Secret'],
  virDomainGetID: ['Domain'],
  virDomainGetVcpus: ['Domain'],
  virDomainGetVcpuPinInfo: ['Domain', 1, 0],
  virDomainGetCPUStats: ['Domain', 0, 1],
  virConnectGetAllDomainStats: ['Connection', 0, 0],
  virDomainListGetStats: ['Connection', ['Domain'], 0, 0],
  virConnectDomainEventRegisterAny: ['Connection', [], 0],
  virConnectNetworkEventRegisterAny: ['Connection', [], 0],
  virConnectStoragePoolEventRegisterAny: ['Connection', [], 0],
  virConnectSecretEventRegisterAny: ['Connection', [], 0],
  virConnectNodeDeviceEventRegisterAny: ['Connection', [], 0],
  virConnectRegisterCloseCallback: ['Connection'],
  virConnectDomainQemuMonitorEventRegister: ['Connection', [], undefined, 0],
  virStorageVolDownload: ['StorageVolume', 0, 0, 0],
  virStorageVolUpload: ['StorageVolume', 0, 0, 0],
  virDomainOpenConsole: ['Domain', undefined, 0],
  virDomainOpenChannel: ['Domain', undefined, 0],
  virDomainScreenshot: ['Domain', 0],
}

const own = (name) => /^virAdm/.test(name) === admin
const rows = Object.entries(native.rows).map(([name, text]) => {
  const [self, ...kinds] = text.split(' ')
  const args = exactly[name] ?? kinds.map((kind) => (kind === 'Handle' ? others[self] : values[kind]?.(name)))
  return [name, [self, ...args]]
})
const tasks = [...rows, ...Object.entries(byHand)]
  .map(([name, [self, ...args]]) => ({ name, self, args }))
  .filter(({ name, self }) => own(name) && self in lookUps)
/** Those that are called nowhere here. */
const called = new Set(tasks.map(({ name }) => name))
const without = Object.keys({ ...native, ...native.rows }).filter(
  (name) => /^vir/.test(name) && own(name) && !called.has(name),
)

function held() {
  const threads = readdirSync('/proc/self/task').flatMap((task) => {
    try {
      const [, name, state] = /\((.*)\) (.)/.exec(readFileSync(`/proc/self/task/${task}/stat`, 'utf8'))
      return /^rbdkit-(lib|vir)/.test(name) ? [state] : []
    } catch {
      return [] // it has ended
    }
  })
  return { threads, descriptors: readdirSync('/proc/self/fd').length }
}

async function until(condition) {
  for (const end = performance.now() + 30_000; !condition(); await sleep(10))
    if (performance.now() > end) throw new Error(`not in time: ${condition}`)
}

async function round() {
  const told = {}
  const all = []
  const prepared = []
  for (const [index, { name, self, args }] of tasks.entries()) {
    if (index % callsOfConnection === 0) all.push(new Objects())
    const objects = all.at(-1)
    const handleOr = async (value) => {
      if (Array.isArray(value)) return Promise.all(value.map(handleOr))
      return value in lookUps ? objects.of(value) : value
    }
    prepared.push(
      (async () => {
        const given = await handleOr([self, ...args])
        return () => call(name, ...given)
      })(),
    )
  }
  const calls = await Promise.all(prepared)
  await ask('stop')
  let pending = 0
  let killed = false
  const ended = calls.map(async (run, index) => {
    const { name } = tasks[index]
    pending++
    const outcome = await run().then(
      () => ({}),
      (error) => ({
        code: error.code,
        syscall: error.syscall,
        domain: error.domain,
        message: error.message,
        typed: error instanceof LibvirtError,
      }),
    )
    pending--
    told[name] = { ...outcome, underWay: killed }
  })
  // All that are left wait in libvirt, on a thread each: nothing has moved for a while.
  let [still, last] = [0, -1]
  await until(() => {
    const { threads } = held()
    const waits = pending === last && threads.length > pending && threads.every((state) => state === 'S')
    still = waits ? still + 1 : 0
    last = pending
    return still === 20
  })
  const underWay = pending
  killed = true
  await ask('kill')
  await Promise.race([Promise.all(ended), sleep(30_000, undefined, { ref: false })])
  const hung = tasks.map(({ name }) => name).filter((name) => told[name] === undefined)
  if (hung.length === 0) for (const objects of all) await objects.close()
  return { told, underWay, hung }
}

// What is there once a process: the libraries, and the event loop.
const first = new Objects()
await first.of(admin ? 'AdminConnection' : 'Connection')
await first.close()
await until(() => held().threads.length <= 1)
const before = held()
for (let number = 0; number < rounds; number++) {
  const { told, underWay, hung } = await round()
  if (hung.length === 0)
    await until(
      () => held().threads.length <= before.threads.length && held().descriptors <= before.descriptors,
    ).catch(() => {})
  const after = held()
  globalThis.gc()
  process.send({
    told,
    underWay,
    hung,
    without,
    calls: tasks.length,
    before: { threads: before.threads.length, descriptors: before.descriptors },
    after: { threads: after.threads.length, descriptors: after.descriptors },
    rss: process.memoryUsage.rss(),
  })
  await ask('start')
}
process.disconnect()
