// A controller in a process of its own: { confFile, keyring, pool, images, options }. Says how far it is.
import { benchWorkers, Cluster } from 'rbdkit'

const { confFile, keyring, pool, images, options } = JSON.parse(process.argv[2])
const cluster = await Cluster.connect({ confFile, keyring })
const ioctx = await cluster.openIoCtx(pool)
const onProgress = ({ phase }) => process.stdout.write(`${phase}\n`)
await benchWorkers(ioctx, images, { ...options, onProgress })
await cluster.close()
