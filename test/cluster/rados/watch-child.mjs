// A client with a watch open, in a process or a worker of its own: { confFile, keyring, pool, object, ending }.
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { Cluster } from 'rbdkit'

const spec = isMainThread ? JSON.parse(process.argv[2]) : workerData
const tell = (text) => (isMainThread ? process.stdout.write(`${text}\n`) : parentPort.postMessage(text))

const cluster = await Cluster.connect({ confFile: spec.confFile, keyring: spec.keyring })
const ioctx = await cluster.openIoCtx(spec.pool)
const watch = await ioctx.watch(
  spec.object,
  ({ payload }) => {
    tell(`heard ${payload}`)
    if (spec.ending === 'exit') process.exit(3)
    if (spec.ending === 'throw') throw new Error('on purpose')
    if (spec.ending === 'close') void cluster.close()
    // Says nothing: the notifier waits until this client is gone.
    if (spec.ending === 'silent') return new Promise(() => {})
    return Buffer.from('child')
  },
  { timeoutMs: 30_000 },
)
tell(`watching ${watch.cookie}`)
