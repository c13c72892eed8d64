// The steps of a client's life that a process or a worker can end in.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/** What must not be garbage-collected before the end. */
const kept = []

const BLOCK = 4096
const SIZE = 64 << 20

/** Keeps `spec.depth` operations in flight: `spec.rounds` each, without end when undefined. */
function keepBusy(image, spec) {
  const { step, depth = 64, rounds = Number.POSITIVE_INFINITY } = spec
  const state = { done: 0 }
  const lane = async (n) => {
    const buffer = Buffer.alloc(BLOCK, n)
    for (let i = 0; i < rounds; i++) {
      const position = ((i * depth + n) * BLOCK) % SIZE
      try {
        if (step !== 'reading') await image.write(buffer, { position })
        else await image.read({ buffer, position })
      } catch (error) {
        if (error.code === 'EBADF' && image.closed) return
        throw error
      }
      state.done++
      if (spec.pauseMs) await sleep(spec.pauseMs)
    }
  }
  for (let n = 0; n < depth; n++) lane(n)
  return state
}

/**
 * Goes to `spec.step` and returns there, with I/O under way:
 * import, connecting, connected, open, reading, writing, closing.
 */
export async function reach(spec) {
  const { Cluster, Image } = await import('rbdkit')
  if (spec.step === 'import') return undefined
  const options = spec.secure ? { ms_client_mode: 'secure' } : {}
  const connecting = Cluster.connect({ confFile: spec.confFile, options })
  kept.push(connecting)
  if (spec.step === 'connecting') return undefined
  const cluster = await connecting
  if (spec.secure && (await cluster.option('ms_client_mode')) !== 'secure') throw new Error('not secure')
  kept.push(cluster)
  if (spec.step === 'connected') return undefined
  const ioctx = await cluster.openIoCtx(spec.pool)
  // Its own image: the lock of one whose client died is free only after half a minute.
  const name = `life-${randomBytes(8).toString('hex')}`
  await Image.create(ioctx, name, { size: SIZE })
  const image = await Image.open(ioctx, name)
  kept.push(ioctx, image)
  if (spec.step === 'open') return { cluster, done: 0 }
  const busy = keepBusy(image, spec)
  while (busy.done < (spec.depth ?? 64)) await sleep(1)
  if (spec.step === 'closing') kept.push(cluster.close())
  busy.cluster = cluster
  return busy
}
