import { Cluster, Image } from 'rbdkit'
import t from 'tap'
import { runChild } from '../helpers/child.js'
import { randomName } from '../helpers/cluster.js'
import { testPool } from './pool.js'

t.setTimeout(120_000)
const place = await testPool()
const image = randomName('load')
{
  await using cluster = await Cluster.connect({ confFile: place.confFile })
  await using ioctx = await cluster.openIoCtx(place.pool)
  await Image.create(ioctx, image, { size: 256 << 20 })
}

async function load(run: string) {
  const spec = { run, confFile: place.confFile, pool: place.pool, image }
  const result = await runChild('load.mjs', spec, { deadlineMs: 60_000 })
  return { ...result, told: JSON.parse(result.stdout || '{}') as Record<string, number> }
}

t.test('thousands of operations at once all end', async (t) => {
  const { code, hung, stderr, told } = await load('thousands')
  t.match({ code, hung, stderr }, { code: 0, hung: false, stderr: '' })
  t.equal(told.done, 15_000)
})

t.test('a callback that throws harms no other operation', async (t) => {
  const { code, hung, told } = await load('throwing')
  t.match(
    { code, hung, told },
    { code: 0, hung: false, told: { others: 200, seen: 200, kinds: ['reaction'] } },
  )
})

t.test('a rejection that nobody handles ends the process as Node ends it', async (t) => {
  const { code, signal, hung, stderr, told } = await load('unhandled')
  t.match({ code, signal, hung, told: told.lived }, { code: 1, signal: null, hung: false, told: undefined })
  t.match(stderr, /ERR_OUT_OF_RANGE/)
})

t.test('the event loop turns while 256 reads are in flight', async (t) => {
  const { code, hung, told } = await load('delay')
  t.match({ code, hung }, { code: 0, hung: false })
  const { iops = 0, p50 = 0, p99 = 0, max = 0 } = told
  const figures = `${iops} reads a second; loop delay p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`
  t.ok(iops > 0, figures)
  t.ok(p99 < 100, figures)
  t.comment(figures)
})
