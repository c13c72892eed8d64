/** What is made of results: numbers, percentiles, comparisons, text. Results of fio are real ones. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { compareRuns, verdict } from '../../lib/bench/report/metrics.js'
import { runOfFile, runOfResult } from '../../lib/bench/report/read.js'
import { latencyAt, type Run } from '../../lib/bench/report/run.js'
import { linearScale, logScale, timeScale } from '../../lib/bench/report/scale.js'
import { comparisonText, runText } from '../../lib/bench/report/text.js'
import {
  formatBandwidth,
  formatBytes,
  formatCount,
  formatLatency,
  formatSeconds,
  formatShort,
  printable,
} from '../../lib/internal/text.js'
import { madeUpResult } from '../helpers/bench-result.js'
import { root } from '../helpers/package.js'

const fixture = (name: string): string => readFileSync(join(root, 'test', 'fixtures', 'bench', name), 'utf8')

function only(run: Run) {
  const [direction] = run.directions
  if (direction === undefined) throw new Error('no direction')
  return direction
}

t.test('numbers as people read them', async (t) => {
  t.same([4096, 1024, 1536, 5_000_000, 0, 1023].map(formatBytes), [
    '4 KiB',
    '1 KiB',
    '1.50 KiB',
    '4.77 MiB',
    '0 B',
    '1023 B',
  ])
  t.same([48.2 * 2 ** 20, 1023.9 * 2 ** 20].map(formatBandwidth), ['48.2 MiB/s', '1.00 GiB/s'])
  t.same([812, 23_440, 999_600, 1_200_000, 2.31e9].map(formatLatency), [
    '812 ns',
    '23.4 us',
    '1.00 ms',
    '1.20 ms',
    '2.31 s',
  ])
  t.same([12_345.4, 7, 2.345, 1_234_567].map(formatCount), ['12,345', '7', '2.35', '1,234,567'])
  t.same([950, 15_000, 12_340, 2_500_000].map(formatShort), ['950', '15k', '12.3k', '2.5M'])
  t.same([0.5, 10, 90, 725, 11_000].map(formatSeconds), ['0.5 s', '10 s', '90 s', '12 min 5 s', '3 h 3 min'])
  t.equal(printable('a\u001b[2Jb\u202ec'), 'a?[2Jb?c', 'no escape sequence reaches the terminal')
})

t.test("fio's JSON: what it says is what is shown", async (t) => {
  const text = fixture('fio-clat.json')
  const job = (JSON.parse(text) as { jobs: [Record<'read' | 'write', Record<string, never>>] }).jobs[0]
  const run = runOfFile(text, 'fio-clat.json', 'fio')
  t.match(run, {
    tool: /^fio-3/,
    target: 'bench/a',
    title: '4 KiB random read and write (70 % reads), depth 8',
  })
  t.same(
    run.directions.map(({ name }) => name),
    ['read', 'write'],
  )
  for (const direction of run.directions) {
    const said = job[direction.name as 'read' | 'write'] as unknown as {
      iops: number
      bw_bytes: number
      total_ios: number
      clat_ns: { mean: number; percentile: Record<string, number>; bins: Record<string, number> }
    }
    t.equal(direction.iops, said.iops)
    t.equal(direction.bandwidth, said.bw_bytes)
    t.equal(direction.operations, said.total_ios)
    t.equal(direction.latency.kind, 'clat')
    t.equal(direction.latency.mean, said.clat_ns.mean)
    t.same(direction.series, [])
    for (const [percent, ns] of Object.entries(said.clat_ns.percentile)) {
      t.equal(latencyAt(direction.latency, Number(percent)), ns)
      // Without the list, from the histogram alone: fio's own answer.
      t.equal(latencyAt({ ...direction.latency, percentiles: [] }, Number(percent)), ns, `p${percent}`)
    }
  }
  const lat = runOfFile(fixture('fio-lat.json'), 'fio-lat.json', 'fio')
  t.equal(only(lat).latency.kind, 'lat', 'with --lat_percentiles=1 the latency is lat')
  t.ok(latencyAt(only(lat).latency, 99))
  t.equal(latencyAt(only(lat).latency, 98), undefined, 'what the file does not tell is not made up')
  t.equal(
    runOfFile(`fio: a warning\n${fixture('fio-lat.json')}`, 'x', 'x').target,
    'bench/a',
    'words before the JSON',
  )
})

t.test('files that are no results are refused, with the place', async (t) => {
  const result = (change: (copy: ReturnType<typeof madeUpResult>) => unknown): string => {
    const copy = structuredClone(madeUpResult({ seconds: 3 }))
    return JSON.stringify(change(copy) ?? copy)
  }
  const cases: [string, RegExp][] = [
    ['', /^f is not JSON/],
    ['[]', /^f is not an object/],
    ['{}', /^f is neither a result of rbdkit bench nor fio's JSON$/],
    ['{"fio version":"fio-3.33"}', /^f\.jobs is not a list with a job$/],
    [fixture('fio-lat.json').replace(/"total_ios" : \d+/g, '"total_ios" : 0'), /nothing was measured/],
    [result((r) => ({ ...r, jobs: [...r.jobs, ...r.jobs] })), /^f has 2 jobs; give fio --group_reporting/],
    [result((r) => Object.assign(r.jobs[0].read, { iops: '1' })), /is neither|is not/],
    [
      result((r) => {
        Object.assign(r.jobs[0].read, { iops: '<b>' })
      }),
      /^f\.jobs\[0\]\.read\.iops is not a number$/,
    ],
    [
      result((r) => {
        Object.assign(r.jobs[0].read.lat_ns, { bins: { x: 1 } })
      }),
      /^f\.jobs\[0\]\.read\.lat_ns\.bins\.x is not named by a number$/,
    ],
    [
      result((r) => {
        Object.assign(r.jobs[0].read.series[1] as object, { iops: -1 })
      }),
      /^f\.jobs\[0\]\.read\.series\[1\]\.iops is not a number$/,
    ],
  ]
  for (const [text, message] of cases) {
    t.throws(() => runOfFile(text, 'f', 'f'), {
      name: 'BenchFileError',
      code: 'ERR_RBDKIT_BENCH_FILE',
      message,
    })
  }
})

t.test('any JSON is a result or refused', async (t) => {
  const base = JSON.stringify(madeUpResult({ seconds: 2, read: 20 }))
  const property = fc.property(fc.nat(base.length - 1), fc.json(), (at, other) => {
    // Another value in the place of one that is there.
    const text =
      base.slice(0, at) + base.slice(at).replace(/:(?:\d+(?:\.\d+)?|"[^"]*"|\{\}|\[\])/, () => `:${other}`)
    try {
      const run = runOfFile(text, 'f', 'f')
      return runText(run).length > 0 && comparisonText([run, run]).length > 0
    } catch (error) {
      return error instanceof Error && error.name === 'BenchFileError'
    }
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }))
})

t.test('a run as text', async (t) => {
  const text = runText(runOfResult(madeUpResult({ read: 400, write: 100, unstarted: 1234 })))
  t.match(text, /^rbd\/vm1: 4 KiB random read and write \(50 % reads\), depth 16, 20 s$/m)
  t.match(text, /^ +read +write$/m)
  t.match(text, /^ {2}IOPS +\d{3} +\d+(?:\.\d)?$/m)
  t.match(text, /^ {2}latency p99\.99 +\d/m)
  t.match(text, /^ {2}CPU per operation +1\.20 ms \(40 % user and 20 % system of one CPU, whole process\)$/m)
  t.match(text, /^ {2}flushes +1, mean 2\.00 ms/m)
  t.match(text, /^ {2}never begun +1,234: the cluster did not keep up/m)
  t.match(text, /^Image rbd\/vm1$/m)
  t.match(text, /^ {2}override rbd_qos_iops_limit +0$/m)
  t.match(text, /^ {2}rbd_cache +false$/m)
})

t.test('names of others cannot act on the terminal', async (t) => {
  const evil = runOfResult(
    madeUpResult({ image: '\u001b]0;x\u0007\u001b[2J', seconds: 2, options: { bs: '\u001b[31m' } }),
  )
  for (const text of [runText(evil), comparisonText([evil, evil])]) {
    t.same(
      [...text].filter((one) => one < ' ' && one !== '\n'),
      [],
    )
  }
})

t.test('a comparison: ratios to the first, which way is better, what is not the same', async (t) => {
  const a = { ...runOfResult(madeUpResult({ read: 400 })), label: 'a.json' }
  const b = {
    ...runOfResult(madeUpResult({ read: 800, options: { iodepth: '32', bs: '4k' } })),
    label: 'b.json',
  }
  const [reads] = compareRuns([a, b])
  const metric = (name: string) => {
    const found = reads?.metrics.find((one) => one.name === name)
    if (found === undefined) throw new Error(name)
    return found
  }
  const iops = metric('IOPS')
  t.equal(iops.ratios[1], only(b).iops / only(a).iops)
  t.equal(verdict(iops, 2), 'better')
  t.equal(verdict(iops, 0.5), 'worse')
  t.equal(verdict(iops, 1.004), 'same')
  t.equal(verdict(metric('latency p99'), 2), 'worse')
  t.equal(verdict(metric('latency p99'), 0.5), 'better')

  const fio = runOfFile(fixture('fio-clat.json'), 'fio.json', 'fio.json')
  const text = comparisonText([a, b, fio])
  t.match(text, /^read +a\.json +b\.json +ratio +fio\.json +ratio$/m)
  t.match(text, /^ {2}IOPS +\d+ +\d+ +[\d.]+x \+ +[\d,]+ +[\d.]+x \+$/m)
  t.match(text, /^write +a\.json/m, 'what only one of them has is shown')
  t.match(text, /^ {2}iodepth +16 +32 +8$/m)
  t.notMatch(text, /^ {2}bs /m, '4096 is 4k')
  t.notMatch(text, /^ {2}rbd_cache/m, 'fio does not tell: no difference')
  t.match(text, /^fio\.json: latency is fio's clat/m)
  t.match(text, /^ {2}CPU per operation .* -\s+-$/m, "fio's CPU is of one thread: not compared")
})

t.test('scales: marks are in order and inside; values keep their order', async (t) => {
  const positive = fc.double({ min: 1e-3, max: 1e12, noNaN: true })
  const property = fc.property(positive, positive, (a, b) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)]
    const scales = [
      linearScale(high, String),
      logScale(Math.max(low, 1), Math.max(high, 1), String),
      timeScale(high),
    ]
    return scales.every(({ ticks, place }) => {
      const places = ticks.map(({ at }) => at)
      const ordered = places.every(
        (at, i) => at > -1e-9 && at < 1 + 1e-9 && (i === 0 || at > (places[i - 1] ?? 0)),
      )
      return (
        ordered &&
        ticks.length >= 1 &&
        ticks.length < 40 &&
        place(high) <= 1 + 1e-9 &&
        place(low) <= place(high)
      )
    })
  })
  t.doesNotThrow(() => fc.assert(property))
})
