// Many operations at once, and callers that make mistakes: { run, confFile, pool, image }. Prints a JSON line.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Image } from 'rbdkit'

const spec = JSON.parse(process.argv[2])
const tell = (value) => console.log(JSON.stringify(value))
const cluster = await Cluster.connect({ confFile: spec.confFile })
const ioctx = await cluster.openIoCtx(spec.pool)
const image = await Image.open(ioctx, spec.image)
const size = await image.size()
const position = (i) => (i * 4096 * 17) % (size - 4096)

const runs = {
  async thousands() {
    let done = 0
    for (let round = 0; round < 3; round++) {
      const reads = Array.from({ length: 5000 }, (_, i) =>
        image.read({ position: position(i), length: 4096 }).then(({ bytesRead }) => {
          done += bytesRead === 4096 ? 1 : 0
        }),
      )
      await Promise.all(reads)
    }
    tell({ done })
  },
  async throwing() {
    const seen = []
    process.on('unhandledRejection', (error) => seen.push(error.message))
    for (let i = 0; i < 200; i++) {
      image.read({ position: position(i), length: 4096 }).then(() => {
        throw new Error('reaction')
      })
    }
    const reads = Array.from({ length: 200 }, (_, i) => image.read({ position: position(i), length: 4096 }))
    const others = (await Promise.all(reads)).length
    while (seen.length < 200) await sleep(5)
    tell({ others, seen: seen.length, kinds: [...new Set(seen)] })
  },
  // A rejection nobody handles: Node's own exit, with I/O in flight.
  async unhandled() {
    for (let i = 0; i < 64; i++) image.read({ position: position(i), length: 4096 })
    image.write(Buffer.alloc(4096), { position: size })
    await sleep(5000)
    tell({ lived: true })
  },
  async delay() {
    const loop = monitorEventLoopDelay({ resolution: 1 })
    let done = 0
    let running = true
    const lane = async (n) => {
      const buffer = Buffer.alloc(4096)
      for (let i = n; running; i += 256) {
        await image.read({ buffer, position: position(i) })
        done++
      }
    }
    const lanes = Array.from({ length: 256 }, (_, n) => lane(n))
    await sleep(500)
    loop.enable()
    const before = done
    const started = performance.now()
    await sleep(2000)
    const iops = Math.round(((done - before) * 1000) / (performance.now() - started))
    loop.disable()
    running = false
    await Promise.all(lanes)
    tell({ iops, p50: loop.percentile(50) / 1e6, p99: loop.percentile(99) / 1e6, max: loop.max / 1e6 })
  },
}
await runs[spec.run]()
await cluster.close()
