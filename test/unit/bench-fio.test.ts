/** The JSON for tools that were made for fio's: fio-plot reads these places, and a real fio writes them. */

import { execFileSync } from 'node:child_process'
import t from 'tap'
import { fioLatency } from '../../lib/bench/fio-latency.js'
import { mergeResults } from '../../lib/bench/merge.js'
import type { BenchLatency } from '../../lib/bench/types.js'
import { madeUpResult } from '../helpers/bench-result.js'

/** What fio_plot/fiolib/jsonimport.py and jsonparsing_support.py (louwrentius/fio-plot) take of a job. */
const places = [
  ...['rw', 'iodepth', 'numjobs', 'bs'].map((option) => ['job options', option]),
  ...['read', 'write'].flatMap((mode) => [
    ...['bw', 'iops', 'iops_stddev'].map((figure) => [mode, figure]),
    [mode, 'lat_ns', 'mean'],
    [mode, 'lat_ns', 'stddev'],
  ]),
  ...['jobname', 'latency_ms', 'latency_us', 'latency_ns', 'usr_cpu', 'sys_cpu'].map((name) => [name]),
]

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((place, key) => (place as Record<string, unknown> | undefined)?.[key], value)
}

t.setTimeout(180_000)

function runFio(directory: string) {
  const workload = ['--rw=randread', '--bs=4k', '--iodepth=4', '--numjobs=1', '--size=64m']
  const args = ['--name=null', '--ioengine=null', '--output-format=json+', ...workload]
  return JSON.parse(execFileSync('fio', args, { encoding: 'utf8', cwd: directory }))
}

t.test('everything that fio-plot reads is there, as fio has it', async (t) => {
  const fio = runFio(t.testdir({}))
  const alone = madeUpResult({ write: 300 })
  const part = { name: 'w', host: 'h', pid: 1, result: alone }
  const both = mergeResults([part, { ...part, pid: 2 }], {})
  for (const result of [alone, both]) {
    t.type(fio['fio version'], 'string')
    t.match(result['fio version'], /^rbdkit-\d/)
    t.equal(result.jobs.length, fio.jobs.length)
    for (const path of places) {
      const theirs = at(fio.jobs[0], path)
      const ours = at(result.jobs[0], path)
      t.not(theirs, undefined, `fio has ${path.join('.')}`)
      t.equal(typeof ours, typeof theirs, path.join('.'))
      if (/^latency_/.test(String(path[0])))
        t.same(Object.keys(ours as object), Object.keys(theirs as object))
    }
  }
  t.equal(both.jobs[0]['job options'].numjobs, '2', 'a job each host')
})

t.test('the distribution is what fio makes of the same histogram', async (t) => {
  const [job] = runFio(t.testdir({})).jobs
  const found = fioLatency([{ lat_ns: job.read.clat_ns as BenchLatency }])
  for (const unit of ['latency_ns', 'latency_us', 'latency_ms'] as const) {
    for (const [bound, percent] of Object.entries(job[unit] as Record<string, number>)) {
      t.ok(Math.abs((found[unit][bound] ?? Number.NaN) - percent) < 0.2, `${unit} ${bound}: ${percent}`)
    }
  }
  const all: number[] = Object.values(found).flatMap((buckets: Record<string, number>) =>
    Object.values(buckets),
  )
  t.ok(Math.abs(all.reduce((sum, percent) => sum + percent, 0) - 100) < 1e-6, 'no operation is left out')
})
