// What a pool holds, a name a line: its objects, or the keys of one object's omap.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Cluster } from 'rbdkit'

const [confFile, pool, what] = process.argv.slice(2)
const cluster = await Cluster.connect({ confFile })
const ioctx = await cluster.openIoCtx(pool)

async function* names() {
  if (what === 'keys') yield* ioctx.omap.keys('index')
  else for await (const { name } of ioctx.objects()) yield name
}

/** Pieces of some size: a write a name would measure the pipe. */
async function* lines() {
  let text = ''
  for await (const name of names()) {
    text += `${name}\n`
    if (text.length < 65_536) continue
    yield text
    text = ''
  }
  yield text
}

await pipeline(Readable.from(lines()), process.stdout)
await cluster.close()
