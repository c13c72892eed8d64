/**
 * This file is the command line of `rbdkit bench-worker`, which waits in a pool for benchmarks that other hosts ask
 * for. The work is in ../runs/bench-worker.ts.
 */

import { Command } from 'commander'
import { addConnectionOptions } from '../options/connection.js'
import { type PoolSpec, parsePoolSpec } from '../options/image-spec.js'
import { isUsageError } from '../options/usage-error.js'
import type { WorkerFlags } from '../runs/bench-worker.js'
import { Interrupted } from '../terminal/signals.js'
import { say } from '../terminal/terminal.js'

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
      const { runWorker } = await import('../runs/bench-worker.js')
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
