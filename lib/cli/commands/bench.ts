/**
 * This file is the command line of `rbdkit bench`; the work is in files of ../runs/ that are loaded when there is
 * some.
 */

import { Command, InvalidArgumentError } from 'commander'
import { addBenchOptions, type BenchFlags, toBenchOptions } from '../options/bench-options.js'
import { parseImageSpec } from '../options/image-spec.js'
import { isUsageError } from '../options/usage-error.js'
import { messageFor } from '../runs/bench-errors.js'
import { checkHosts } from '../runs/bench-hosts.js'
import { checkOutput } from '../terminal/output.js'
import { Interrupted } from '../terminal/signals.js'
import { say } from '../terminal/terminal.js'

const examples = `
Examples:
  rbdkit bench rbd/vm1 --rw randread --bs 4k --iodepth 32 --runtime 30 --html vm1.html
  rbdkit bench rbd/scratch --rw write --bs 4m --io-size 10g --destructive
  rbdkit bench rbd/scratch --rw randrw --rwmixread 70 --rate-iops 2000 --destructive --json a.json
  rbdkit bench rbd/a rbd/b rbd/c --workers 3 --runtime 60    # on each host before: rbdkit bench-worker rbd
  rbdkit bench compare a.json b.json --html compare.html

Sizes are in powers of 1024 (4k is 4096 bytes), times in seconds unless they say otherwise (2m).

Exit status: 0 success, 1 failure or refusal, 2 wrong command line, 130 after Ctrl-C.
`

/** `--json` may stand before an image: only what ends in .json is a file's name. */
function splitJson(images: readonly string[], json: BenchFlags['json']): [string[], BenchFlags['json']] {
  if (typeof json === 'string' && !json.endsWith('.json')) return [[json, ...images], true]
  return [[...images], json]
}

async function run(operands: readonly string[], flags: BenchFlags): Promise<void> {
  const [names, json] = splitJson(operands, flags.json)
  if (names.length === 0) throw new InvalidArgumentError('name an image: [pool/[namespace/]]image[@snapshot]')
  const images = names.map((name) => parseImageSpec(name))
  const options = toBenchOptions(flags)
  checkHosts(flags, flags.numjobs, images)
  if (typeof json === 'string') checkOutput('--json', json)
  if (flags.html !== undefined) checkOutput('--html', flags.html)
  const { runBench } = await import('../runs/bench.js')
  await runBench({ images, flags, options, json })
}

async function compare(files: readonly string[], options: { html?: string }): Promise<void> {
  const { compareFiles } = await import('../runs/bench-compare.js')
  compareFiles(files, options)
}

/** Turns what an action throws into a message on one line and an exit status. */
async function ended(command: Command, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (isUsageError(error)) command.error(`error: ${messageFor(error)}`)
    say(messageFor(error))
    process.exitCode = error instanceof Interrupted ? error.exitCode : 1
  }
}

/**
 * The `bench` command and `bench compare`. Exit status 0 on success, 1 on failure or refusal, 2 for a wrong command
 * line, 128 and the signal's number when it was interrupted.
 *
 * @since 0.1.0
 */
export function command(): Command {
  const bench = new Command('bench')
    .description('measure an image: IOPS, bandwidth, latency and what they depend on')
    .usage('[options] <[pool/[namespace/]]image[@snapshot]...>')
    .argument('[images...]', 'what is measured, all of them at once')
    .addHelpText('after', examples)
  addBenchOptions(bench).action((images: string[], flags: BenchFlags) => ended(bench, run(images, flags)))
  const comparing = bench
    .command('compare')
    .description("results beside each other: files of --json, or of fio's --output-format=json+")
    .argument('<files...>', 'the first one is what the others are compared with')
    .option('--html <file>', 'as one self-contained page too')
  comparing.action((files: string[], options: { html?: string }) => ended(comparing, compare(files, options)))
  return bench
}
