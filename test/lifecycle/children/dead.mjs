// A cluster that does not answer: { run, confFile, pool, image, monHost }. Prints a JSON line a step; the test
// stops and resumes the daemons meanwhile.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { Cluster, Image } from 'rbdkit'

const spec = JSON.parse(process.argv[2])
const tell = (value) => (isMainThread ? console.log(JSON.stringify(value)) : parentPort.postMessage(value))
const rejection = (promise) =>
  promise.then(
    () => ({}),
    ({ name, code, message }) => ({ name, code, message }),
  )

async function open() {
  const cluster = await Cluster.connect({ confFile: spec.confFile })
  const ioctx = await cluster.openIoCtx(spec.pool)
  return Image.open(ioctx, spec.image)
}

/** Reads all the time; the OSD is stopped after the first ones, then `stuck` is told once none comes back. */
async function readUntilStuck() {
  const image = await open()
  let done = 0
  const lane = async (n) => {
    for (let i = n; ; i += 16) {
      await image.read({ position: ((i % 256) * 4096) % (1 << 20), length: 4096 })
      done++
    }
  }
  for (let n = 0; n < 16; n++) lane(n).catch((error) => tell({ error: error.message }))
  while (done < 16) await sleep(5)
  tell({ step: 'busy' })
  for (let before = -1; before !== done; await sleep(500)) before = done
  tell({ step: 'stuck' })
}

function startWorker() {
  const argv = [JSON.stringify({ ...spec, run: 'inWorker' })]
  const worker = new Worker(new URL(import.meta.url), { argv })
  const stuck = new Promise((resolve) => {
    worker.on('message', (message) => {
      tell(message)
      if (message.step === 'stuck') resolve()
    })
  })
  return { worker, stuck }
}

const runs = {
  async abort() {
    const started = performance.now()
    const connecting = Cluster.connect({
      monHost: spec.monHost,
      key: spec.key,
      signal: AbortSignal.timeout(200),
    })
    const { name } = await rejection(connecting)
    tell({ name, ms: performance.now() - started })
  },
  async timeout() {
    const started = performance.now()
    const connecting = Cluster.connect({ monHost: spec.monHost, key: spec.key, connectTimeoutMs: 1500 })
    const { code, message } = await rejection(connecting)
    tell({ code, message, ms: performance.now() - started })
  },
  async exit() {
    await readUntilStuck()
    process.exit(0)
  },
  async natural() {
    await open()
    tell({ step: 'busy' })
    await sleep(1000) // the test stops the OSD
  },
  async inWorker() {
    await readUntilStuck()
  },
  async terminate() {
    const { worker, stuck } = startWorker()
    await stuck
    const started = performance.now()
    const exited = once(worker, 'exit')
    worker.terminate()
    let ticks = 0
    const timer = setInterval(() => ticks++, 10)
    await sleep(2500)
    tell({ step: 'terminating', ticks })
    await exited
    clearInterval(timer)
    tell({ step: 'ended', ms: performance.now() - started })
  },
  async exitWhileTerminating() {
    const { worker, stuck } = startWorker()
    await stuck
    worker.terminate()
    await sleep(500)
    tell({ step: 'exiting' })
    process.exit(7)
  },
}
await runs[spec.run]()
