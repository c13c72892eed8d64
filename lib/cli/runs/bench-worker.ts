/** This file is the life of an `rbdkit bench-worker`. It loads the addon. */

import { BenchWorker, type BenchWorkerEvent, Cluster } from '../../index.js'
import { untilAborted } from '../../internal/call-options.js'
import { type ConnectionFlags, toConnectOptions } from '../options/connection.js'
import type { PoolSpec } from '../options/image-spec.js'
import { withSignals } from '../terminal/signals.js'
import { print } from '../terminal/terminal.js'

/** The command line, checked. */
export interface WorkerFlags extends Omit<ConnectionFlags, 'name'> {
  /** The worker's. */
  readonly name?: string
  readonly group?: string
  readonly image?: readonly string[]
  readonly destructive?: boolean
}

/** One line an event, for people and for logs. */
function lineOf({ type, job, images, error }: BenchWorkerEvent): string {
  const subject = job === undefined ? '' : `job ${job}: `
  const detail = images === undefined ? '' : ` ${images.join(', ')}`
  return `${subject}${type}${detail}${error === undefined ? '' : `: ${error.message}`}`
}

/** Works until a signal comes, and then rejects with it. */
export async function runWorker({ pool, namespace }: PoolSpec, flags: WorkerFlags): Promise<void> {
  const { name, group, image, destructive, ...connection } = flags
  await withSignals(async (signal) => {
    const cluster = await Cluster.connect({ ...toConnectOptions(connection, { rbd_cache: false }), signal })
    try {
      const ioctx = await cluster.openIoCtx(pool, { namespace })
      const worker = await BenchWorker.start(ioctx, {
        ...(name === undefined ? {} : { name }),
        ...(group === undefined ? {} : { group }),
        ...(image === undefined ? {} : { images: image }),
        destructive: destructive === true,
        onEvent: (event) => print(`${lineOf(event)}\n`),
      })
      print(`'${worker.name}' waits for work in ${pool}${namespace && `/${namespace}`}\n`)
      try {
        await untilAborted(new Promise<never>(() => {}), signal)
      } finally {
        await worker.close()
      }
    } finally {
      await cluster.close()
    }
  })
}
