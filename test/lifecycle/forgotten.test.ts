import { Cluster, Image } from 'rbdkit'
import t from 'tap'
import { runChild } from '../helpers/child.js'
import { randomName } from '../helpers/cluster.js'
import { testPool } from './pool.js'

t.setTimeout(120_000)
const place = await testPool()
const TIMES = 20

interface Seen {
  owned: number
  released: number
  threadsLeft: number
  warnings: { code: string; message: string }[]
}

async function forget(
  what: string,
): Promise<{ code: number | null; hung: boolean; stderr: string; seen: Seen }> {
  await using cluster = await Cluster.connect({ confFile: place.confFile })
  await using ioctx = await cluster.openIoCtx(place.pool)
  const image = randomName('forgotten')
  await Image.create(ioctx, image, { size: 1 << 20 })
  const spec = { what, times: TIMES, confFile: place.confFile, pool: place.pool, image }
  const result = await runChild('forget.mjs', spec, { nodeArgs: ['--expose-gc'], deadlineMs: 100_000 })
  const { code, hung, stderr, stdout } = result
  return { code, hung, stderr, seen: JSON.parse(stdout || '{"warnings":[]}') as Seen }
}

const count = (seen: Seen, what: string): number =>
  seen.warnings.filter(({ code, message }) => code === 'RBDKIT_NOT_CLOSED' && message.startsWith(what)).length

t.test('a forgotten image is closed, its lock released, one warning each', async (t) => {
  const { code, hung, seen, stderr } = await forget('image')
  t.match({ code, hung }, { code: 0, hung: false }, stderr)
  t.match(seen, { owned: TIMES, released: TIMES, threadsLeft: 0 })
  t.equal(count(seen, 'Image'), TIMES)
  t.equal(seen.warnings.length, TIMES)
})

t.test('a forgotten session is closed in whatever order it is collected', async (t) => {
  const { code, hung, seen, stderr } = await forget('all')
  t.match({ code, hung }, { code: 0, hung: false }, stderr)
  t.match(seen, { owned: TIMES, released: TIMES, threadsLeft: 0 })
  t.equal(count(seen, 'Image'), TIMES)
})

t.test('closing a cluster closes images that were forgotten before', async (t) => {
  const { code, hung, seen, stderr } = await forget('close-parent')
  t.match({ code, hung }, { code: 0, hung: false }, stderr)
  t.match(seen, { owned: TIMES, released: TIMES, threadsLeft: 0 })
})
