// One benchmark by several workers. Here they are in this process; elsewhere: rbdkit bench-worker <pool> --name <name>
// node examples/bench-hosts.mjs <pool>
import { BenchWorker, bench, benchWorkers, Cluster, Image } from 'rbdkit'

const pool = process.argv[2] ?? 'rbd'
const images = ['bench-1', 'bench-2']
const cluster = await Cluster.connect()
try {
  const ioctx = await cluster.openIoCtx(pool)
  for (const name of images) {
    await Image.create(ioctx, name, { size: 16 * 1024 * 1024 })
    const image = await Image.open(ioctx, name)
    const fill = { operation: 'write', pattern: 'sequential', blockSize: 4 * 1024 * 1024 }
    await bench(image, { ...fill, bytes: await image.size(), destructive: true })
    await image.close()
  }
  const workers = [
    await BenchWorker.start(ioctx, { name: 'worker-1' }),
    await BenchWorker.start(ioctx, { name: 'worker-2' }),
  ]
  const { jobs, hosts } = await benchWorkers(ioctx, images, { workers: 2, depth: 8, runtime: 1 })
  for (const host of hosts) console.log(host.name, 'read', host.images.join(' '))
  console.log(jobs[0].read.total_ios > 0 ? 'measured' : 'nothing was read')
  for (const worker of workers) await worker.close()
  for (const name of images) await Image.remove(ioctx, name)
} finally {
  await cluster.close()
}
