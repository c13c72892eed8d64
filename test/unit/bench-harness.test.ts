/** The arithmetic of `npm run bench`: ratios, noise, verdicts, percentiles, and what is written into the document. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { root } from '../helpers/package.js'

/** The harness is plain JavaScript. */
const load = (path: string) => import(pathToFileURL(join(root, 'bench', path)).href)

t.test('a ratio is made run by run', async (t) => {
  const { median, pairwise, selfNoise, spread } = await load('statistics.mjs')
  t.equal(median([9, 1, 5]), 5)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.equal(spread([]), null)
  const same = (x: number): number => x
  // the machine became ten times slower: the ratio of medians would be 2, or 0.2
  t.match(pairwise([200, 20, 2], [100, 10, 1], same), { median: 2, min: 2, max: 2 })
  t.match(pairwise([1, Number.NaN], [2, 2], same), { values: [0.5] }, 'no figure, no ratio')
  t.match(selfNoise([10, 20, 10], same), { values: [2, 0.5] })
  t.equal(selfNoise([10], same), null, 'one run has no noise')
})

t.test('verdicts', async (t) => {
  const { verdict } = await load('goals.mjs')
  const noise = { min: 0.9, max: 1.2 }
  t.equal(verdict({ atLeast: 1 }, 1, noise), 'met')
  t.equal(verdict({ atLeast: 1 }, 0.95, noise), 'missed')
  t.equal(verdict({ atLeast: 1, orNoise: true }, 0.95, noise), 'in noise')
  t.equal(verdict({ atLeast: 1, orNoise: true }, 0.82, noise), 'missed')
  t.equal(verdict({ atMost: 1, orNoise: true }, 1.1, { min: 0.9, max: 1 }), 'in noise', '1 / 0.9')
  t.equal(verdict({ atMost: 1.1, orNoise: true }, 1.15, null), 'missed', 'no noise known')
  t.equal(verdict({ below: 20 }, 20, null), 'missed')
  t.equal(verdict({ below: 20 }, 19.9, null), 'met')
  t.equal(verdict({ atMost: 1 }, Number.NaN, noise), null)
})

t.test('percentiles are at most 0.8 % off', async (t) => {
  const { Histogram } = await load('children/histogram.mjs')
  const histogram = new Histogram()
  const values: number[] = []
  for (let i = 0; i < 20_000; i++) values.push(Math.floor(50 + (i * 7919) ** 1.1 + (i % 13) * 1e6))
  for (const value of values) histogram.add(value)
  values.sort((a, b) => a - b)
  for (const percent of [1, 50, 90, 99, 99.9, 100]) {
    const exact = Number(values[Math.ceil((values.length * percent) / 100) - 1])
    const told = histogram.percentile(percent)
    t.ok(Math.abs(told - exact) <= exact * 0.008, `${percent}: ${told} for ${exact}`)
  }
  const summary = histogram.summary()
  t.equal(summary.max, values.at(-1))
  t.equal(summary.min, values[0])
  t.ok(Math.abs(summary.mean - values.reduce((a, b) => a + b) / values.length) < 1)
  t.equal(new Histogram().summary(), null)
})

t.test('the CPU of start-up is taken off, each side its own', async (t) => {
  const { summarise } = await load('compare.mjs')
  const run = (operations: number, cpuSeconds: number) => ({
    ...{
      operations,
      cpuSeconds,
      iops: operations,
      bytes: operations * 4096,
      bytesPerSecond: operations * 4096,
    },
    latency: { mean: 1000, p99: 5000 },
    loopDelay: null,
  })
  const warm = { operations: 1e6, cpuSeconds: 0.9 }
  const runs = { fio: [run(1e6, 4)], 'rbdkit-promises': [{ ...run(2e6, 5), warm }] }
  const goals = [{ side: 'rbdkit-promises', metric: 'cpu', atMost: 0.75 }]
  const rows = summarise({ metrics: ['cpu', 'cpuWarm', 'cpuWhole', 'loopDelay'], goals }, runs, {
    fio: 1,
    'rbdkit-promises': 2,
  })
  t.match(rows, [
    { metric: 'cpu', side: 'fio', figures: { median: 3 }, ratio: null },
    { metric: 'cpu', side: 'rbdkit-promises', figures: { median: 1.5 }, ratio: { median: 0.5 } },
    { metric: 'cpuWarm', side: 'fio', figures: { median: 3 } },
    { metric: 'cpuWarm', side: 'rbdkit-promises', figures: { median: 0.9 }, ratio: { median: 0.3 } },
    { metric: 'cpuWhole', side: 'fio', figures: { median: 4 } },
    { metric: 'cpuWhole', side: 'rbdkit-promises', ratio: { median: 2.5 / 4 } },
  ])
  t.equal(rows.length, 6, 'nobody has an event loop here')
  t.equal(rows[1].goals[0].verdict, 'met')
})

t.test('cases are found by their names and the beginnings of these', async (t) => {
  const { cases, chooseCases } = await load('cases/index.mjs')
  const names = (chosen: { name: string }[]): string[] => chosen.map(({ name }) => name)
  t.same(names(chooseCases([])), names(cases))
  t.equal(new Set(names(cases)).size, cases.length)
  t.same(names(chooseCases(['overhead-1', 'memory'])).sort(), ['memory', 'overhead-1'])
  t.equal(chooseCases(['real']).length, 8)
  t.same(names(chooseCases(['overhead-1', 'overhead-32'])), ['overhead-32', 'overhead-1'])
  t.throws(() => chooseCases(['real-r']), /no case 'real-r'; there are .*real-read-1/)
})

t.test('a document keeps what is not between markers', async (t) => {
  const { renderDocument } = await load('render.mjs')
  const text =
    'before\n<!-- bench: memory -->\nold\n<!-- /bench -->\nbetween\n<!-- bench: real-read-1 -->\nkept\n<!-- /bench -->\n'
  const file = join(t.testdir(), 'page.md')
  writeFileSync(file, text)
  const point = { heapUsed: 2 ** 20, rss: 2 ** 20, arrayBuffers: 0, external: 0 }
  const result = {
    ...{
      case: 'memory',
      kind: 'memory',
      command: 'npm run bench -- memory',
      date: '2026-01-02T00:00:00.000Z',
    },
    ...{ host: { cores: 2, placement: { client: '0,1', osd: '0,1' } }, versions: { node: '20', ceph: '16' } },
    ...{ store: 'memstore', image: { size: 2 ** 30 }, first: 100, reads: 1000 },
    points: { atStart: point, afterFirst: point, afterAll: { ...point, heapUsed: 3 * 2 ** 20 } },
  }
  await renderDocument(file, [result])
  const rendered = readFileSync(file, 'utf8')
  t.match(rendered, /^before\n<!-- bench: memory -->\n\n`npm run bench -- memory`: 2026-01-02, 2 cores/)
  t.match(rendered, /\| JavaScript heap \| 1\.0 \| 1\.0 \| 3\.0 \| 2\.00 \|/)
  t.match(rendered, /<!-- \/bench -->\nbetween\n<!-- bench: real-read-1 -->\nkept\n<!-- \/bench -->\n$/)
  t.notMatch(rendered, /old/)
  await renderDocument(file, [result])
  t.equal(readFileSync(file, 'utf8'), rendered, 'again changes nothing')
})

t.test('docs/performance.md has a place for every case', async (t) => {
  const { cases } = await load('cases/index.mjs')
  const text = readFileSync(join(root, 'docs', 'performance.md'), 'utf8')
  const places = [...text.matchAll(/<!-- bench: ([a-z0-9-]+) -->/g)].map((match) => match[1])
  t.same(places.sort(), [...cases.map(({ name }: { name: string }) => name), 'summary'].sort())
})

/** A round of copies; what rbdkit's took is given. */
const copies = (copySeconds: number, cpuSeconds: number, floor = 0.5) => {
  const plain = { bytes: 2 ** 30, maxRss: 2 ** 27 }
  return {
    rbd: [{ ...plain, seconds: 1, cpuSeconds: 1 }],
    'qemu-img': [{ ...plain, seconds: 2, cpuSeconds: 0.8 }],
    floor: [{ ...plain, seconds: floor + 0.1, cpuSeconds: 0.4, copySeconds: floor }],
    rbdkit: [
      { ...plain, seconds: 3, cpuSeconds, copySeconds, copyCpuSeconds: cpuSeconds, grownRss: 2 ** 28 },
    ],
  }
}

t.test('a copy is judged beside the fastest, by speed or by CPU, and by what can be reached', async (t) => {
  const { always, cheaper, faster, judgeGoals } = await load('copy/goals.mjs')
  const peers = ['rbd', 'qemu-img']
  const verdicts = (goals: object[], runs: object): unknown[] =>
    judgeGoals(goals, runs).map(({ verdict }: { verdict: string }) => verdict)
  const speed = faster(peers, 1.25)
  t.same(verdicts(speed, copies(0.8, 1)), ['met', 'missed'], 'rbd is the faster one; the process took longer')
  t.same(verdicts(speed, copies(0.9, 1, 0.88)), ['at the floor', 'missed'])
  t.same(verdicts(speed, copies(0.9, 1, 0.5)), ['missed', 'missed'])
  const cpu = cheaper(peers, 0.85, ['copyCpuGiB'], { either: 'x' })
  const both = [...faster(peers, 1.25, { either: 'x' }), ...cpu]
  t.same(verdicts(both, copies(0.9, 0.6)), ['not needed', 'not needed', 'met'], '0.6 of 0.8')
  t.same(verdicts(both, copies(0.9, 0.7)), ['missed', 'missed', 'missed'])
  t.same(verdicts(always, copies(1, 1)), ['missed', null], '256 MiB; and no figure')
  const { 'qemu-img': _, ...without } = copies(0.8, 1)
  t.same(verdicts(speed, without), [null, null], 'not installed, not judged')
})

t.test('the table of a copy', async (t) => {
  const { summariseCopy } = await load('copy/compare.mjs')
  const { faster, judgeGoals } = await load('copy/goals.mjs')
  const { table, verdicts } = await load('table.mjs')
  const runs = copies(0.8, 1)
  const result = {
    case: 'copy-x',
    kind: 'copy',
    sides: Object.keys(runs).map((name) => ({ name, label: name })),
    rows: summariseCopy(['copySeconds', 'grownRss'], runs),
    goals: judgeGoals(faster(['rbd', 'qemu-img'], 1.1), runs),
  }
  const lines = table(result)
  t.same(lines[1].slice(1, 4), ['rbd', '1.000', '1.25'])
  t.equal(lines[4].at(-1), '>= 1.1 beside the best of rbd, qemu-img: 1.25, met')
  t.equal(lines.length, 6, 'who does not tell a figure has no line')
  t.match(verdicts(result)[0], { case: 'copy-x', figure: '1.25', verdict: 'met' })
})

t.test('a command of a pipe that fails fails it, and what it took is counted', async (t) => {
  const { timed } = await load('process.mjs')
  const options = { env: {}, limitSeconds: 20 }
  const { stdout, cpuSeconds, maxRss, seconds } = await timed(['echo', 'said'], options)
  t.equal(stdout, 'said\n')
  t.ok(cpuSeconds >= 0 && maxRss > 0 && seconds > 0)
  const { sides } = await load('copy/sides.mjs')
  const missing = { conf: '/nowhere/ceph.conf', pool: 'p', image: 'i' }
  const job = { action: 'copy', from: missing, to: { ...missing, conf: '/nowhere/else.conf' } }
  const command = sides.get('rbd').command(job)
  await t.rejects(timed(command, options), /failed/)
})
