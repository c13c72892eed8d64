/** The life of an `rbdkit bench-worker`. Loads the addon. */

import { BenchWorker, type BenchWorkerEvent, Cluster } from '../index.js'
import type { PoolSpec, WorkerFlags } from './bench-worker.js'

/** Exit status after a signal: 128 and its number. */
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** One line an event, for people and for logs. */
function lineOf({ type, job, images, error }: BenchWorkerEvent): string {
  const subject = job === undefined ? '' : `job ${job}: `
  const detail = images === undefined ? '' : ` ${images.join(', ')}`
  return `${subject}${type}${detail}${error === undefined ? '' : `: ${error.message}`}`
}

/** Waits for the signal that ends the worker. The second one ends the process: a dead cluster must not hold it. */
function untilSignal(): { signal: AbortSignal; ended: Promise<void> } {
  const controller = new AbortController()
  const ended = new Promise<void>((resolve) => {
    for (const [name, status] of Object.entries(signals)) {
      process.on(name, () => {
        if (controller.signal.aborted) process.exit(status)
        process.exitCode = status
        controller.abort(new Error(`ended by ${name}`))
        resolve()
      })
    }
  })
  return { signal: controller.signal, ended }
}

/** Works until a signal comes. */
export async function runWorker({ pool, namespace }: PoolSpec, flags: WorkerFlags): Promise<void> {
  const { name, group, image, destructive, conf, id, keyring, cephOption } = flags
  const { signal, ended } = untilSignal()
  const cluster = await Cluster.connect({
    ...(conf === undefined ? {} : { confFile: conf }),
    ...(id === undefined ? {} : { id }),
    ...(keyring === undefined ? {} : { keyring }),
    options: { rbd_cache: false, ...cephOption },
    signal,
  })
  try {
    const ioctx = await cluster.openIoCtx(pool, { namespace })
    const worker = await BenchWorker.start(ioctx, {
      ...(name === undefined ? {} : { name }),
      ...(group === undefined ? {} : { group }),
      ...(image === undefined ? {} : { images: image }),
      destructive: destructive === true,
      onEvent: (event) => process.stdout.write(`${lineOf(event)}\n`),
    })
    process.stdout.write(`'${worker.name}' waits for work in ${ioctx.pool}${namespace && `/${namespace}`}\n`)
    await ended
    await worker.close()
  } finally {
    await cluster.close()
  }
}
