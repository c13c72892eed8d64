/** What controller and workers write for each other: sharing out, and reading what anyone may have written. */

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { mergeResults } from '../../lib/bench/merge.js'
import { checkOptions } from '../../lib/bench/options.js'
import { assignImages, decodeJob, encodeJob, type JobRecord, toParts } from '../../lib/bench/workers/job.js'
import { Members } from '../../lib/bench/workers/members.js'
import {
  decodeMessage,
  decodeReport,
  encodeMessage,
  encodeReport,
  groupObject,
  messageTypes,
} from '../../lib/bench/workers/protocol.js'
import { decodeResult, encodeResult } from '../../lib/bench/workers/result-object.js'
import { makeResult } from './bench-sample.js'

const id = '0123456789abcdef'
const names = ['a', 'b', 'c']

t.test('images are shared out whole, once each', async (t) => {
  t.same(
    [...assignImages(['1', '2', '3', '4', '5'], 'split', names)],
    [
      ['a', ['1', '4']],
      ['b', ['2', '5']],
      ['c', ['3']],
    ],
  )
  t.same(
    [...assignImages(['1', '2'], 'all', ['a', 'b'])],
    [
      ['a', ['1', '2']],
      ['b', ['1', '2']],
    ],
  )
  t.same(
    [...assignImages({ a: ['1'], b: ['2@s'], z: ['3'] }, 'split', ['a', 'b'])],
    [
      ['a', ['1']],
      ['b', ['2@s']],
    ],
  )
  t.throws(() => assignImages(['1', '2'], 'split', names), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => assignImages({ a: ['1'] }, 'split', names), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => assignImages(['1', '1'], 'all', names), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => assignImages(['pool/1'], 'all', names), { code: 'ERR_INVALID_ARG_VALUE' })
})

t.test('a worker is dead when it has been silent, but not while nobody could be heard', async (t) => {
  const report = (name: string) => ({
    ...{ name, host: 'here', pid: 1, state: 'running' as const },
    ...{ job: id, progress: undefined, error: undefined },
  })
  const heard = performance.now() - 12_000
  const members = new Members(id, 10_000, [
    { clientId: 1n, report: report('a'), heard },
    { clientId: 2n, report: report('b'), heard: heard - 5000 },
  ])
  t.throws(() => members.check(), { message: /2 of 2 workers failed.*'a'.*12\.\d s.*'b'.*17\.\d s/s })
  members.excuse(-1000)
  t.throws(() => members.check(), { message: /2 of 2/ })
  members.excuse(4000)
  t.throws(() => members.check(), { message: /1 of 2 worker failed:.*'b'.*13\.\d s/s })
  members.excuse(60_000)
  members.check()
  t.ok(
    members.all().every((member) => member.heard <= performance.now()),
    'not heard in the future',
  )
})

t.test('bytes and rates are shared out by images, and add up', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 100, max: 2 ** 50 }),
      fc.integer({ min: 1, max: 1e6 }),
      (extra, workers, bytes, rate) => {
        const list = Array.from({ length: workers }, (_, i) => `w${i}`)
        const images = Array.from({ length: workers + extra }, (_, i) => `i${i}`)
        const checked = checkOptions({ bytes, rate, depth: 1 }, 1)
        const parts = toParts(assignImages(images, 'split', list), checked)
        const sum = parts.reduce((total, { options }) => total + Number(options.bytes), 0)
        if (sum !== bytes) throw new Error(`${sum} of ${bytes}`)
        const rates = parts.reduce((total, { options }) => total + (options.rate as number), 0)
        if (Math.abs(rates / rate - 1) > 1e-9) throw new Error(`${rates} of ${rate}`)
      },
    ),
  )
})

t.test('seeds: each worker its own, but for stamps', async (t) => {
  const assigned = assignImages(names, 'split', names)
  const seeds = (verify: boolean) =>
    toParts(assigned, checkOptions({ seed: 2n ** 64n - 2n, verify }, 1)).map(({ options }) => options.seed)
  t.same(seeds(false), [2n ** 64n - 2n, 2n ** 64n - 1n, 0n])
  t.same(seeds(true), Array(3).fill(2n ** 64n - 2n))
})

t.test('a job is read as it was written', async (t) => {
  const options = checkOptions(
    { operation: 'readwrite', blockSize: [{ bytes: 4096, weight: 2 }], bytes: 12345 },
    1,
  )
  const parts = toParts(assignImages(names, 'split', names), options)
  const job: JobRecord = { id, timeoutMs: 10_000, parts }
  t.same(decodeJob(encodeJob(job)), job)
  t.equal(typeof decodeJob(encodeJob(job))?.parts[0]?.options.seed, 'bigint')
  // Only options of a benchmark travel.
  const more = JSON.parse(String(encodeJob(job)))
  more.parts[0].options.onProgress = 'x'
  more.parts[0].options.signal = {}
  t.same(decodeJob(Buffer.from(JSON.stringify(more))), job)
})

t.test('reports and messages are read as they were written', async (t) => {
  for (const type of messageTypes) {
    const message = { type, job: type === 'hello' ? undefined : id }
    t.same(decodeMessage(encodeMessage(message)), message)
  }
  const report = {
    name: 'wörker 1',
    host: 'h',
    pid: 7,
    state: 'running' as const,
    job: id,
    progress: {
      phase: 'run' as const,
      seconds: 1,
      secondsTotal: 10,
      operations: 5,
      bytes: 20_480,
      iops: 5,
      bw_bytes: 20_480,
      lat_ns: { mean: 1, p50: 1, p99: 2, max: 3 },
      stalled: false,
    },
    error: undefined,
  }
  t.same(decodeReport(encodeReport(report)), report)
  const failed = { ...report, error: { code: 'EIO', message: 'gone' }, progress: undefined }
  t.same(decodeReport(encodeReport(failed)), failed)
  t.equal(decodeReport(Buffer.from(JSON.stringify({ rbdkit: 1, state: 'idle', name: 'a\u001b' }))), undefined)
  t.equal(
    decodeReport(Buffer.from(JSON.stringify({ rbdkit: 1, state: 'idle', name: 'a', host: '\u001b[31mx' })))
      ?.host,
    ' [31mx',
  )
  t.equal(decodeReport(Buffer.alloc(100_000, ' ')), undefined)
})

t.test('whatever comes, reading gives something sound or nothing', async () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        decodeJob(Buffer.from(bytes))
        decodeMessage(bytes)
        decodeReport(bytes)
      },
    ),
    { numRuns: 300 },
  )
  const seed = fc.record({
    rbdkit: fc.constantFrom(1, 2),
    id: fc.oneof(fc.constant(id), fc.string()),
    timeoutMs: fc.oneof(fc.constant(5000), fc.double()),
    parts: fc.array(
      fc.record({
        worker: fc.oneof(fc.constant('a'), fc.anything()),
        images: fc.oneof(fc.array(fc.string()), fc.anything()),
        options: fc.oneof(fc.constant({}), fc.anything()),
      }),
    ),
  })
  fc.assert(
    fc.property(seed, (value) => {
      let text: string
      try {
        text = JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v))
      } catch {
        return // what has a toJSON of its own
      }
      const job = decodeJob(Buffer.from(text))
      if (job === undefined) return
      if (job.parts.some(({ images }) => images.length === 0 || images.some((image) => image.includes('/'))))
        throw new Error(text)
    }),
    { numRuns: 500 },
  )
})

t.test('groups have names that make an object of the group and no other', async (t) => {
  t.equal(groupObject('group', undefined), 'rbdkit_bench.default')
  for (const group of ['', '.', 'a.b', 'a/b', 'a b', 'x'.repeat(65), 7, null])
    t.throws(() => groupObject('group', group), { code: /^ERR_INVALID_ARG/ }, String(group))
})

/** All places in a value, as paths. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, entry]) => pathsOf(entry, [...path, key]))]
}

t.test('a result is read as it was written, and a forged one is refused or harmless', async (t) => {
  const result = makeResult()
  t.same(decodeResult(encodeResult(result)), result)
  const wrong = (value: unknown) => () => decodeResult(gzipSync(JSON.stringify(value)))
  t.throws(() => decodeResult(Buffer.from('no gzip')), { message: 'its result is not readable' })
  t.throws(wrong(null), { message: /malformed: result is not an object/ })
  t.throws(wrong({ ...result, jobs: [] }), { message: /result\.jobs is not a list of one/ })
  const [job] = result.jobs
  const bent = structuredClone(result)
  bent.jobs[0].read.lat_ns.bins['1000'] = 7
  t.throws(wrong(bent), { message: /result\.jobs\[0\]\.read\.lat_ns\.bins is not as many as N/ })
  t.equal(job.read.lat_ns.N, 500)
  // A megabyte of nothing that would be a terabyte.
  t.throws(() => decodeResult(gzipSync(Buffer.alloc(600 * 1024 * 1024))), {
    message: 'its result is not readable',
  })

  fc.assert(
    fc.property(
      fc.constantFrom(...pathsOf(result).filter((path) => path.length > 0)),
      fc.json(),
      (path, json) => {
        const forged = structuredClone(result) as unknown as Record<string, unknown>
        let at = forged
        for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
        at[path.at(-1) as string] = JSON.parse(json)
        let read: ReturnType<typeof decodeResult>
        try {
          read = decodeResult(gzipSync(JSON.stringify(forged)))
        } catch (error) {
          if (/^its result is malformed: result\./.test((error as Error).message)) return
          throw error
        }
        const host = { name: 'a', host: 'h', pid: 1 }
        const merged = mergeResults(
          [
            { ...host, result: read },
            { ...host, result },
          ],
          {},
        )
        const { read: both } = merged.jobs[0]
        if (!Number.isFinite(both.iops) || !Number.isFinite(both.lat_ns.mean)) throw new Error(path.join('.'))
      },
    ),
    { numRuns: 1000 },
  )
})
