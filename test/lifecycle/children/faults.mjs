// What happens with the fake libraries: { run }. Prints a JSON line.
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Cluster, capabilities, Image } from 'rbdkit'
import { Connection } from 'rbdkit/libvirt'

const spec = JSON.parse(process.argv[2])
const SIZE = 1 << 20
const KEY = 'AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA=='

const tell = (value) => console.log(JSON.stringify(value))
const ended = (promise) =>
  promise.then(
    (value) => ({ value }),
    ({ name, code, syscall, message }) => ({ name, code, syscall, message }),
  )

async function open() {
  const cluster = await Cluster.connect({ monHost: '127.0.0.1', key: KEY })
  const ioctx = await cluster.openIoCtx('pool')
  await Image.create(ioctx, 'image', { size: SIZE })
  const image = await Image.open(ioctx, 'image')
  return { cluster, ioctx, image }
}

const block = () => Buffer.alloc(4096, 7)
const every = {
  read: (image) => image.read({ buffer: block(), position: 0 }),
  write: (image) => image.write(block(), { position: 0 }),
  readv: (image) => image.readv([block(), block()], 0),
  writev: (image) => image.writev([block(), block()], 0),
  discard: (image) => image.discard(0, 4096),
  writeZeroes: (image) => image.writeZeroes(0, 4096),
  flush: (image) => image.flush(),
}

const runs = {
  async connect() {
    tell(await ended(Cluster.connect({ monHost: '127.0.0.1', key: KEY })))
  },
  async open() {
    tell(await ended(open()))
  },
  // Each operation's outcome, then an orderly end.
  async operations() {
    const { cluster, image } = await open()
    const outcome = {}
    for (const [name, run] of Object.entries(every)) {
      const { value, code, syscall, message } = await ended(run(image))
      outcome[name] = value === undefined ? { code, syscall, message } : { ...value, buffer: 0, buffers: 0 }
    }
    const { librbd } = capabilities()
    const withCrc = await ended(image.write(block(), { position: 0, crc32c: 0 }))
    await cluster.close()
    tell({ outcome, withCrc, has: librbd.rbd_aio_write_with_crc32c })
  },
  async snapshots() {
    const { cluster, image } = await open()
    tell(await ended(image.snapshots.list().then((list) => list.map(({ name }) => name))))
    await cluster.close()
  },
  // A completion that never comes: the promise stays, the process lives on until it is ended.
  async neverExit() {
    const { image } = await open()
    image.read({ buffer: block(), position: 0 })
    await sleep(100)
    process.exit(4)
  },
  async neverWorker() {
    const worker = new Worker(new URL(import.meta.url), { argv: [JSON.stringify({ run: 'neverInWorker' })] })
    await new Promise((resolve) => worker.once('message', resolve))
    worker.terminate().then(() => tell({ ended: true }))
    await sleep(2600)
    process.exit(4)
  },
  async neverInWorker() {
    const { parentPort } = await import('node:worker_threads')
    const { image } = await open()
    image.read({ buffer: block(), position: 0 })
    parentPort.postMessage('in flight')
  },
  // Open and nothing in flight; closing hangs.
  async naturalEnd() {
    await open()
    process.exitCode = 6
  },
  async abortConnect() {
    const signal = AbortSignal.timeout(100)
    const started = performance.now()
    const { name } = await ended(Cluster.connect({ monHost: '127.0.0.1', signal }))
    tell({ name, ms: performance.now() - started })
  },
  // More than one batch at once, some while the first is being settled.
  async bursts() {
    const { cluster, image } = await open()
    const buffer = Buffer.alloc(512)
    let done = 0
    for (const burst of [1023, 1024, 1025, 2048, 3000, 4096, 5000, 1500, 1100, 1300, 10_000]) {
      const reads = Array.from({ length: burst }, () =>
        image.read({ buffer, position: 0 }).then(() => done++),
      )
      await Promise.all(reads)
    }
    await cluster.close()
    tell({ done })
  },
  // Many at once, none of which librbd takes.
  async refused() {
    const { cluster, image } = await open()
    const calls = Array.from({ length: 300 }, (_, i) => ended(i % 2 ? every.read(image) : every.write(image)))
    const refused = (await Promise.all(calls)).filter(({ code, message }) => code === 'EIO' && message)
    await cluster.close()
    tell({ refused: refused.length })
  },
  // More lanes than one batch has places: while a batch is settled the next one fills up behind what is left over.
  async lanes() {
    const { cluster, image } = await open()
    const buffer = Buffer.alloc(512)
    let done = 0
    const lane = async () => {
      for (let i = 0; i < 20; i++) {
        await image.read({ buffer, position: 0 })
        done++
      }
    }
    for (const depth of [1025, 1500, 2047, 3000]) await Promise.all(Array.from({ length: depth }, lane))
    await cluster.close()
    tell({ done })
  },
  async openConnection() {
    tell(await ended(Connection.open('test:///default')))
  },
  // libvirt calls back for a connection that is long closed.
  async lateCallback() {
    for (let round = 0; round < 3; round++) {
      const connection = await Connection.open('test:///default')
      const events = await connection.events('connection', 'close')
      await events.close()
      await connection.close()
    }
    tell({ done: true })
  },
}
await runs[spec.run]()
