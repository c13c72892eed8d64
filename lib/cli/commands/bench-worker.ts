/** `rbdkit bench-worker`: waits in a pool for benchmarks that other hosts ask for. The work is in ../bench-worker-run.ts. */

import { Command } from 'commander'
import { addConnectionOptions, type ConnectionFlags } from '../connection.js'
import { type PoolSpec, parsePoolSpec } from '../image-spec.js'
import { Interrupted } from '../signals.js'
import { say } from '../terminal.js'
import { isUsageError } from '../usage-error.js'

/** The command line, checked. */
export interface WorkerFlags extends Omit<ConnectionFlags, 'name'> {
  /** The worker's. */
  readonly name?: string
  readonly group?: string
  readonly image?: readonly string[]
  readonly destructive?: boolean
}

const help = `
A worker joins the others of its group by watching the object rbdkit_bench.<group> of the pool, and runs what
'rbdkit bench --workers' or benchWorkers() of a program elsewhere asks for. It touches only images of this pool and
namespace, or only those given with --image, and only reads unless --destructive is given. Ctrl-C ends it.

The RBD cache is off, as with 'rbdkit bench': --ceph-option rbd_cache=true turns it on.
`

/**
 * The `bench-worker` command. Ends by a signal, with 128 and its number; 1 on failure, 2 for a wrong command line.
 *
 * @since 0.1.0
 */
export function command(): Command {
  const worker = new Command('bench-worker')
    .description('run the benchmarks that a program on another host asks for')
    .argument(
      '<pool>',
      'pool or pool/namespace in which it waits, and whose images it measures',
      (text: string) => parsePoolSpec(text),
    )
    .option('--name <name>', "unique in the group (default: the host's name)")
    .option('--group <group>', 'letters, digits, - and _ (default: default)')
    .option('--image <name...>', 'touch no other images')
    .option('--destructive', 'let these images be overwritten: their data is lost')
    .addHelpText('after', help)
  // Its own --name is the worker's.
  addConnectionOptions(worker, ['-n', '--name']).action(async (pool: PoolSpec, flags: WorkerFlags) => {
    try {
      const { runWorker } = await import('../bench-worker-run.js')
      await runWorker(pool, flags)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      if (isUsageError(error)) worker.error(`error: ${text}`)
      say(text)
      process.exitCode = error instanceof Interrupted ? error.exitCode : 1
    }
  })
  return worker
}
