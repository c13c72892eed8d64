/** The words of `rbdkit bench`: image specs, fio's values, errors. */

import { InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import t from 'tap'
import { type BenchFlags, toBenchOptions } from '../../lib/cli/options/bench-options.js'
import { toConnectOptions } from '../../lib/cli/options/connection.js'
import {
  integer,
  parseDistribution,
  parseSeed,
  parseSize,
  parseSplit,
  parseTime,
  workloads,
} from '../../lib/cli/options/fio-values.js'
import { formatImageSpec, parseImageSpec } from '../../lib/cli/options/image-spec.js'
import { isUsageError } from '../../lib/cli/options/usage-error.js'
import { messageFor } from '../../lib/cli/runs/bench-errors.js'
import { outOfRange } from '../../lib/internal/validate.js'

t.test('image specs, as rbd takes them', async (t) => {
  t.same(
    parseImageSpec('vm1'),
    { pool: undefined, namespace: '', image: 'vm1' },
    "the cluster's default pool",
  )
  t.same(parseImageSpec('p/vm1'), { pool: 'p', namespace: '', image: 'vm1' })
  t.same(parseImageSpec('p/n/vm1@s'), { pool: 'p', namespace: 'n', image: 'vm1', snapshot: 's' })
  t.same(parseImageSpec('p@q/vm1@s'), { pool: 'p@q', namespace: '', image: 'vm1', snapshot: 's' })
  for (const wrong of ['', '/', 'p/', '/i', 'p//i', 'a/b/c/d', 'i@', '@s']) {
    t.throws(() => parseImageSpec(wrong), InvalidArgumentError, `'${wrong}'`)
  }
  const odd = { pool: 'p', namespace: '', image: 'i' }
  t.same(parseImageSpec('p/i@s@t'), { ...odd, snapshot: 's@t' }, 'as another program may have named it')
  t.same(parseImageSpec('p/i@s/t'), { ...odd, snapshot: 's/t' })
  const word = fc.string({ minLength: 1 }).filter((text) => !/[/@]/.test(text))
  const spec = fc.record({ pool: word, namespace: fc.option(word, { nil: '' }), image: word })
  const property = fc.property(spec, fc.option(word, { nil: undefined }), (one, snapshot) => {
    const whole = snapshot === undefined ? one : { ...one, snapshot }
    t.same(parseImageSpec(formatImageSpec(whole)), whole)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 50 }), 'what is written is read')
})

t.test("fio's values", async (t) => {
  t.same(['4096', '4k', '4K', '4kb', '4KiB', '1.5m', '10g', '1t'].map(parseSize), [
    4096,
    4096,
    4096,
    4096,
    4096,
    1_572_864,
    10 * 2 ** 30,
    2 ** 40,
  ])
  t.same(['30', '30s', '500ms', '2m', '1.5h'].map(parseTime), [30, 30, 0.5, 120, 5400])
  t.same(['5', '2k', '1.5k'].map(integer(1, 1e9, true)), [5, 2000, 1500])
  t.equal(parseSeed('18446744073709551615'), 2n ** 64n - 1n)
  t.same(parseSplit('4k/60:64k/40'), [
    { bytes: 4096, weight: 60 },
    { bytes: 65_536, weight: 40 },
  ])
  t.same(
    parseSplit('4k/50:8k:16k').map(({ weight }) => weight),
    [50, 25, 25],
    'those without a percentage share the rest',
  )
  t.same(parseDistribution('zipf:1.2'), { zipf: 1.2 })
  t.same(parseDistribution('hot:90/10'), { hot: { part: 0.1, share: 0.9 } })
  t.equal(parseDistribution('random'), 'uniform')
  const wrong: [(text: string) => unknown, string[]][] = [
    [parseSize, ['', '0', '-1', '4x', 'k', '1.0001', '9007199254740993', '4k ', '0x10']],
    [parseTime, ['', '-1', '1w', 's', '1e3']],
    [integer(1, 16), ['', '0', '17', '1.5', '1k', '-3']],
    [parseSeed, ['', '-1', '1.5', '18446744073709551616']],
    [parseSplit, ['', '4k/60', '4k/60:64k/50', '4k/x', '4k,8k', ':']],
    [parseDistribution, ['', 'zipf', 'zipf:0', 'zipf:x', 'hot:90', 'hot:101/10', 'hot:90/0', 'pareto:0.9']],
  ]
  for (const [parse, texts] of wrong) {
    for (const text of texts) t.throws(() => parse(text), InvalidArgumentError, `${parse.name} '${text}'`)
  }
})

const base: BenchFlags = {
  rw: 'randread',
  numjobs: 1,
  verify: false,
  direct: '1',
  eta: 'auto',
  destructive: false,
  allowUnallocated: false,
}

t.test('from flags to what bench() takes', async (t) => {
  t.same(toBenchOptions(base), {
    operation: 'read',
    pattern: 'random',
    verify: false,
    destructive: false,
    allowUnallocated: false,
  })
  for (const [rw, workload] of Object.entries(workloads)) t.match(toBenchOptions({ ...base, rw }), workload)
  const all = toBenchOptions({
    ...base,
    rw: 'rw',
    pattern: 'interleaved',
    bssplit: [{ bytes: 4096, weight: 100 }],
    iodepth: 32,
    rateIops: 1000,
    runtime: 30,
    rampTime: 5,
    ioSize: 2 ** 30,
    rwmixread: 70,
    fsync: 16,
    bufferCompressPercentage: 50,
    randseed: 7n,
    verify: true,
    destructive: true,
  })
  t.same(all, {
    operation: 'readwrite',
    pattern: 'interleaved',
    blockSize: [{ bytes: 4096, weight: 100 }],
    depth: 32,
    rate: 1000,
    runtime: 30,
    warmup: 5,
    bytes: 2 ** 30,
    readPercent: 70,
    flushEvery: 16,
    compressible: 50,
    seed: 7n,
    verify: true,
    destructive: true,
    allowUnallocated: false,
  })
  const together: Partial<BenchFlags>[] = [
    { pattern: 'interleaved' },
    { rw: 'read', pattern: 'random' },
    { bs: 4096, bssplit: [] },
    { rwmixread: 50 },
  ]
  for (const flags of together) t.throws(() => toBenchOptions({ ...base, ...flags }), /does not go with/)
})

t.test('connecting: what the user sets wins', async (t) => {
  t.same(toConnectOptions({}), { options: {} })
  const flags = {
    conf: 'c',
    id: 'i',
    cluster: 'n',
    keyring: 'k',
    monHost: 'm',
    cephOption: { rbd_cache: 'true' },
  }
  t.same(toConnectOptions(flags, { rbd_cache: false }), {
    confFile: 'c',
    name: 'client.i',
    cluster: 'n',
    keyring: 'k',
    monHost: 'm',
    options: { rbd_cache: 'true' },
  })
})

t.test("errors name the command's flags", async (t) => {
  const depth = outOfRange('options.depth', 'at most 256 with these blocks', 300)
  t.equal(
    messageFor(depth),
    'The value of --iodepth is out of range. It must be at most 256 with these blocks. Received 300',
  )
  t.ok(isUsageError(depth))
  t.notOk(isUsageError(new Error('x')))
  t.equal(
    messageFor(outOfRange('options.blockSize[1].bytes', '>= 512', 1)).split(' is ')[0],
    'The value of --bs',
  )
})
