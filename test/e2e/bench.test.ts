/** `npm run bench` itself: every side that is installed runs, and what it tells is whole. No figure is judged here. */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { root } from '../helpers/package.js'

const exec = promisify(execFile)
const main = join(root, 'bench', 'main.mjs')
t.setTimeout(300_000)

interface Run {
  operations: number
  seconds: number
  iops: number
  cpuSeconds: number
  latency: { mean: number; p99: number; max: number } | null
  loopDelay: { p99: number } | null
}

interface Result {
  case: string
  sides: { name: string; version: string; startupCpuSeconds: number; runs: Run[] }[]
  missing: { side: string; needs: string }[]
  rows: { metric: string; side: string; ratio: { median: number } | null; goals: { verdict: string }[] }[]
}

function checkRun(t: Test, run: Run, hasLatency: boolean): void {
  t.ok(run.operations > 0 && run.cpuSeconds > 0, `${run.operations} operations, ${run.cpuSeconds} s of CPU`)
  // A loaded machine ends late, never early: the side measured what it was asked to.
  t.ok(run.seconds > 0.5, `${run.seconds} s`)
  t.ok(Math.abs(run.iops * run.seconds - run.operations) < 1)
  if (!hasLatency) return
  const { mean = 0, p99 = 0, max = 0 } = run.latency ?? {}
  t.ok(mean > 0 && p99 > 0 && max >= mean, `latency ${mean} ${p99} ${max}`)
}

t.test('a quick run of reads without the network and of writes with it', async (t) => {
  const directory = t.testdir({
    'page.md':
      '# Page\n<!-- bench: context-write -->\n<!-- /bench -->\n\n<!-- bench: summary -->\n<!-- /bench -->\n',
  })
  const page = join(directory, 'page.md')
  const names = ['overhead-32', 'context-write']
  const { stdout } = await exec(
    process.execPath,
    [main, ...names, '--quick', '--results', directory, '--docs', page],
    { timeout: 280_000 },
  )
  for (const name of names) {
    const result = JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8')) as Result
    t.match(result, {
      format: 'rbdkit-bench-1',
      case: name,
      command: `npm run bench -- ${name} --quick`,
      date: /^\d{4}-\d\d-\d\dT/,
      host: { cores: Number, processor: String, placement: { client: String, osd: String } },
      versions: { node: process.versions.node, ceph: String, librbd: String },
      store: 'memstore',
      workload: { blockSize: 4096, depth: 32 },
      pairs: 1,
      seconds: 1,
    })
    for (const { side, needs } of result.missing) {
      t.comment(`${side} was not tried: it needs ${needs}`)
      t.match(stdout, `${side} was left out; it needs ${needs}`)
    }
    const sides = result.sides.map((side) => side.name)
    for (const own of ['rbdkit-promises', 'rbdkit-engine']) t.ok(sides.includes(own), own)
    for (const { name: side, version, startupCpuSeconds, runs } of result.sides) {
      t.ok(version.length > 0 && startupCpuSeconds > 0, `${side}: ${version}, ${startupCpuSeconds} s`)
      t.equal(runs.length, 1)
      checkRun(t, runs[0] as Run, side !== 'rbd-bench')
    }
    checkRatios(t, result)
  }
  checkTable(t, stdout)
  checkPage(t, readFileSync(page, 'utf8'))
})

/** Each ratio again, from the runs that are told with it. */
function checkRatios(t: Test, { sides, rows }: Result): void {
  const runs = new Map(sides.map((side) => [side.name, side.runs[0] as Run]))
  const fio = runs.get('fio')
  for (const [side, run] of runs) {
    const row = rows.find((each) => each.metric === 'iops' && each.side === side)
    t.ok(row, `${side} has a row`)
    if (side === 'fio' || fio === undefined) t.equal(row?.ratio, null)
    else t.ok(Math.abs(Number(row?.ratio?.median) - run.iops / fio.iops) < 1e-9)
  }
  const delay = rows.find((row) => row.metric === 'loopDelay' && row.side === 'rbdkit-promises')
  t.ok(delay, 'the event loop was watched')
}

function checkTable(t: Test, stdout: string): void {
  t.match(stdout, /^ {2}Figure +Side +Median \(range\) +Beside fio \(range\) +Goal$/m)
  for (const label of [
    'IOPS',
    'mean latency, us',
    'p99 latency, us',
    'CPU an operation, us',
    'the same once warm, us',
  ]) {
    t.match(stdout, new RegExp(`^ {2}${label} +\\S`, 'm'))
  }
  t.match(stdout, /^ +rbdkit, promises +[\d ]+/m)
}

function checkPage(t: Test, text: string): void {
  t.match(text, /^# Page\n/)
  t.match(text, '`npm run bench -- context-write --quick`')
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  t.ok(lines.length > 10, `${lines.length} lines of tables`)
  const cells = new Set(lines.map((line) => line.split('|').length))
  // Five columns for the case; the summary has six, when there are goals to tell of: context has none.
  t.same([...cells].sort(), [7, 8])
}

t.test('what it cannot do it says before it starts anything', async (t) => {
  const tell = async (...args: string[]): Promise<string> => {
    const failed = await exec(process.execPath, [main, ...args]).then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number; stderr: string }) => error,
    )
    t.equal(failed.code, 1)
    return failed.stderr
  }
  t.match(await tell('nonsense'), /^bench: no case 'nonsense'; there are overhead-32/)
  t.match(await tell('overhead-32', '--pairs', '0'), /^bench: --pairs must be a number above 0/)
  t.match(await tell('real', '--store', 'filestore'), /^bench: --store must be bluestore or memstore/)
  const nowhere = join(t.testdir(), 'none.md')
  t.match(await tell('memory', '--docs', nowhere), /^bench: ENOENT/)
})

t.test('npm run bench sets up, then measures', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  t.equal(scripts.bench, 'bash scripts/bench.sh')
  t.match(readFileSync(join(root, 'scripts', 'bench.sh'), 'utf8'), /\nexec node bench\/main\.mjs "\$@"\n$/)
})
