/**
 * This file declares the options of `rbdkit bench`, with fio's names where fio has one, in fio's spelling and in that
 * of other commands.
 */

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { BenchOptions, BenchPattern } from '../../bench/types.js'
import { addHostOptions, type HostFlags } from '../runs/bench-hosts.js'
import { addConnectionOptions, type ConnectionFlags } from './connection.js'
import {
  integer,
  parseDistribution,
  parseSeed,
  parseSize,
  parseSplit,
  parseTime,
  workloads,
} from './fio-values.js'

/** What commander makes of the command line. */
export interface BenchFlags extends ConnectionFlags, HostFlags {
  readonly rw: string
  readonly pattern?: BenchPattern
  readonly bs?: number
  readonly bssplit?: readonly { bytes: number; weight: number }[]
  readonly iodepth?: number
  readonly numjobs: number
  readonly rateIops?: number
  readonly runtime?: number
  readonly rampTime?: number
  readonly ioSize?: number
  readonly rwmixread?: number
  readonly fsync?: number
  readonly randomDistribution?: ReturnType<typeof parseDistribution>
  readonly verify: boolean
  readonly bufferCompressPercentage?: number
  readonly randseed?: bigint
  readonly direct: '0' | '1'
  readonly eta: 'auto' | 'always' | 'never'
  readonly destructive: boolean
  readonly allowUnallocated: boolean
  readonly json?: string | true
  readonly html?: string
}

/** fio writes `--rate_iops`: the same option as `--rate-iops`, not shown in the help. */
class FioSpelling extends Option {
  readonly #of: Option

  constructor(option: Option) {
    const flags = option.flags.replace(/^--[\w-]+/, (long) => `--${long.slice(2).replaceAll('-', '_')}`)
    super(flags)
    this.#of = option
    this.hideHelp()
    if (option.parseArg !== undefined) this.argParser(option.parseArg as never)
  }

  override attributeName(): string {
    return this.#of.attributeName()
  }
}

function workloadOptions(): Option[] {
  return [
    new Option('--rw <workload>', 'what is done, as with fio')
      .choices(Object.keys(workloads))
      .default('randread'),
    new Option(
      '--pattern <pattern>',
      'interleaved: --iodepth streams over the image, as `rbd bench --io-pattern seq`',
    ).choices(['random', 'sequential', 'interleaved']),
    new Option('--bs <size>', 'bytes of an operation (default: 4k)').argParser(parseSize),
    new Option('--bssplit <mix>', 'several sizes with percentages: 4k/60:64k/40').argParser(parseSplit),
    new Option(
      '--iodepth <n>',
      'operations in flight an image (default: 16, with --rate-iops 128)',
    ).argParser(integer(1, 65_536)),
    new Option('--numjobs <n>', 'clients, each with a cluster handle of its own and all images')
      .argParser(integer(1, 64))
      .default(1),
    new Option('--rate-iops <n>', 'open loop: so many operations a second, whatever is in flight').argParser(
      integer(1, 1e9, true),
    ),
    new Option('--runtime <time>', 'measured time (default: 10s, or none with --io-size)').argParser(
      parseTime,
    ),
    new Option('--ramp-time <time>', 'time that runs before measuring begins').argParser(parseTime),
    new Option('--io-size <size>', 'end after so many bytes').argParser(parseSize),
    new Option(
      '--rwmixread <percent>',
      'how many of a hundred read, of rw and randrw (default: 50)',
    ).argParser(integer(0, 100)),
    new Option('--fsync <n>', 'flush after every n writes of an image').argParser(integer(0, 2 ** 31 - 1)),
    new Option(
      '--random-distribution <kind>',
      'random, zipf:1.2, or hot:90/10 (90 % of operations to 10 % of blocks)',
    ).argParser(parseDistribution),
    new Option(
      '--buffer-compress-percentage <percent>',
      'how compressible what is written is (default: 0)',
    ).argParser(integer(0, 100)),
    new Option('--randseed <n>', 'the same seed gives the same operations (default: a random one)').argParser(
      parseSeed,
    ),
    new Option('--verify', 'writes stamp blocks, reads check the stamp').default(false),
    new Option('--direct <0|1>', "1: without the client's cache (rbd_cache=false)")
      .choices(['0', '1'])
      .default('1'),
  ]
}

/** Adds all of them. */
export function addBenchOptions(command: Command): Command {
  for (const option of workloadOptions()) {
    command.addOption(option)
    if (option.name().includes('-')) command.addOption(new FioSpelling(option))
  }
  command
    .option('--destructive', 'lets writes, discards and zeroes loose: the data of the image is lost', false)
    .option('--allow-unallocated', 'measures reads of blocks that were never written', false)
    .option(
      '--json [file]',
      'the result as JSON: to a file whose name ends in .json, or in place of the table',
    )
    .option('--html <file>', 'the result as one self-contained page')
    .addOption(
      new Option('--eta <when>', 'progress: auto is on a terminal only; always is a line a second elsewhere')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
  return addConnectionOptions(addHostOptions(command))
}

/** What `bench()` takes for them. Throws commander's error for options that contradict each other. */
export function toBenchOptions(flags: BenchFlags): BenchOptions {
  const workload = workloads[flags.rw]
  if (workload === undefined) throw new InvalidArgumentError(`unknown workload '${flags.rw}'`)
  const { operation } = workload
  const isRandom = workload.pattern === 'random'
  if (flags.pattern !== undefined && isRandom !== (flags.pattern === 'random')) {
    throw new InvalidArgumentError(`--pattern ${flags.pattern} does not go with --rw ${flags.rw}`)
  }
  if (flags.bs !== undefined && flags.bssplit !== undefined) {
    throw new InvalidArgumentError('--bs does not go with --bssplit')
  }
  if (flags.rwmixread !== undefined && operation !== 'readwrite') {
    throw new InvalidArgumentError(`--rwmixread does not go with --rw ${flags.rw}`)
  }
  const options: BenchOptions = {
    operation,
    pattern: flags.pattern ?? workload.pattern,
    verify: flags.verify,
    destructive: flags.destructive,
    allowUnallocated: flags.allowUnallocated,
  }
  const blockSize = flags.bssplit ?? flags.bs
  const given = {
    blockSize,
    depth: flags.iodepth,
    rate: flags.rateIops,
    runtime: flags.runtime,
    warmup: flags.rampTime,
    bytes: flags.ioSize,
    readPercent: flags.rwmixread,
    flushEvery: flags.fsync,
    distribution: flags.randomDistribution,
    compressible: flags.bufferCompressPercentage,
    seed: flags.randseed,
  }
  return Object.assign(
    options,
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  )
}
