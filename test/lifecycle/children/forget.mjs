// Forgets handles without closing them: { what: 'image' | 'all' | 'close-parent', times, confFile, pool, image }.
// Prints a JSON line of what it saw.
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Image } from 'rbdkit'

const spec = JSON.parse(process.argv[2])
const warnings = []
process.on('warning', (warning) => warnings.push({ code: warning.code, message: warning.message }))
const threads = () => readdirSync('/proc/self/task').length
const watchers = async (ioctx) => {
  const image = await Image.open(ioctx, spec.image, { readOnly: true })
  const found = (await image.listWatchers()).length
  await image.close()
  return found
}
async function until(condition) {
  for (let i = 0; i < 500; i++) {
    globalThis.gc()
    if (await condition()) return true
    await sleep(10)
  }
  return false
}

const cluster = await Cluster.connect({ confFile: spec.confFile })
const ioctx = await cluster.openIoCtx(spec.pool)
const seen = { released: 0, owned: 0 }

async function useAndForget(own) {
  const image = await Image.open(own, spec.image)
  await image.locks.acquire('exclusive')
  if (await image.locks.isOwner()) seen.owned++
  await image.write(Buffer.alloc(512, 1), { position: 0 })
}

async function wholeSession() {
  const other = await Cluster.connect({ confFile: spec.confFile })
  await useAndForget(await other.openIoCtx(spec.pool))
}

async function closedParent() {
  const other = await Cluster.connect({ confFile: spec.confFile })
  await useAndForget(await other.openIoCtx(spec.pool))
  // The image is collected, its finaliser has not run: the cluster must not leave it open.
  await new Promise(setImmediate)
  globalThis.gc()
  await other.close()
}

const before = threads()
for (let i = 0; i < spec.times; i++) {
  if (spec.what === 'image') await useAndForget(ioctx)
  else if (spec.what === 'all') await wholeSession()
  else await closedParent()
  const free = async () => (await watchers(ioctx)) === 0
  if (spec.what === 'close-parent' ? await free() : await until(free)) seen.released++
}
seen.threadsLeft = (await until(() => threads() <= before + 8)) ? 0 : threads() - before
await sleep(50)
await cluster.close()
console.log(JSON.stringify({ ...seen, warnings }))
