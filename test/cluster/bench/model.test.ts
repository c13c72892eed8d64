import fc from 'fast-check'
import { type BenchOptions, type BenchResult, bench, Image } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { long } from '../../helpers/long.js'
import { mib, openPool } from '../copy/fixture.js'

/** Runs of all kinds write and read back what they stamped, and their results add up, whatever the options. */

const size = 4 * mib
const grain = fc.constantFrom(512, 1024, 4096)

type Asked = Omit<BenchOptions, 'rate'> & {
  blockSize: { bytes: number; weight: number }[]
  seed: bigint
  rate: number | undefined
}

const options: fc.Arbitrary<Asked> = grain.chain((smallest) =>
  fc.record({
    operation: fc.constantFrom('read', 'write', 'readwrite'),
    readPercent: fc.integer({ min: 0, max: 100 }),
    pattern: fc.constantFrom('random', 'sequential', 'interleaved'),
    blockSize: fc
      .array(fc.record({ bytes: fc.integer({ min: 1, max: 40 }), weight: fc.integer({ min: 1, max: 9 }) }), {
        maxLength: 3,
      })
      .map((sizes) => [
        { bytes: smallest, weight: 1 },
        ...sizes.map(({ bytes, weight }) => ({ bytes: bytes * smallest, weight })),
      ]),
    depth: fc.integer({ min: 1, max: 40 }),
    bytes: fc.integer({ min: 1, max: 2 * mib }),
    flushEvery: fc.integer({ min: 0, max: 20 }),
    compressible: fc.integer({ min: 0, max: 100 }),
    seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    rate: fc.option(fc.integer({ min: 2000, max: 100_000 }), { nil: undefined }),
  }),
)

const distribution = fc.oneof(
  fc.constant('uniform' as const),
  fc.record({ zipf: fc.double({ min: 0.1, max: 3, noNaN: true }) }),
  fc.record({
    hot: fc.record({
      part: fc.double({ min: 0.01, max: 1, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  }),
)

function check(result: BenchResult, asked: Asked): void {
  const [job] = result.jobs
  const total = job.read.io_bytes + job.write.io_bytes
  const largest = Math.max(...asked.blockSize.map(({ bytes }) => bytes))
  const bytes = Number(asked.bytes)
  // What is in flight when the bytes are used up ends as well: each operation takes its bytes when it begins.
  if (total < bytes || total >= bytes + largest) throw new Error(`${total} bytes of ${bytes}`)
  for (const direction of [job.read, job.write]) {
    const sum = Object.values(direction.lat_ns.bins).reduce((a, b) => a + b, 0)
    if (sum !== direction.total_ios) throw new Error(`${sum} in bins of ${direction.total_ios}`)
    if (direction.short_ios > 0) throw new Error(`${direction.short_ios} short`)
  }
  if (asked.operation === 'read' && job.write.total_ios > 0) throw new Error('wrote')
  if (asked.operation === 'write' && job.read.total_ios > 0) throw new Error('read')
  const flushes =
    asked.operation === 'read'
      ? 0
      : 1 + (asked.flushEvery ? Math.floor(job.write.total_ios / asked.flushEvery) : 0)
  // The end may come before the last one that was due; the one at the end stands for it.
  if (job.sync.total_ios > flushes || job.sync.total_ios < flushes - 1) {
    throw new Error(`${job.sync.total_ios} flushes, not ${flushes}`)
  }
}

t.test('stamped blocks come back, whatever the options', { timeout: 240_000 }, async (t) => {
  const { ioctx } = await openPool(t)
  await fc.assert(
    fc.asyncProperty(options, distribution, async (asked, chosen) => {
      const name = randomName('model')
      await Image.create(ioctx, name, { size, objectSize: 2 ** 20 })
      const image = await Image.open(ioctx, name)
      try {
        const smallest = Math.min(...asked.blockSize.map(({ bytes }) => bytes))
        const stamps = { verify: true, seed: asked.seed, destructive: true } as const
        await bench(image, {
          ...stamps,
          operation: 'write',
          pattern: 'sequential',
          blockSize: smallest,
          bytes: size,
        })
        const { rate, ...closed } = asked
        const run: BenchOptions = { ...closed, ...(rate === undefined ? {} : { rate }), ...stamps }
        if (asked.pattern === 'random') run.distribution = chosen
        check(await bench(image, run), asked)
        // All of it, once more.
        const all = await bench(image, { ...stamps, pattern: 'sequential', blockSize: smallest, bytes: size })
        if (all.jobs[0].read.io_bytes !== size) throw new Error('not all of it')
      } finally {
        await image.close()
        await Image.remove(ioctx, name)
      }
    }),
    { numRuns: long ? 12 : 6 },
  )
  t.pass()
})
