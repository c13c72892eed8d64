// rbdkit's side of the cases of libvirt: { workSeconds, workCpuSeconds, loopDelay } of what is measured.
import { Connection } from 'rbdkit/libvirt'
import { watchLoop } from './loop-delay.mjs'

const [what, ...words] = process.argv.slice(2)

async function measured(work) {
  const loopDelay = watchLoop()
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  const more = await work()
  const workSeconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  console.log(
    JSON.stringify({ workSeconds, workCpuSeconds: (user + system) / 1e6, loopDelay: loopDelay(), ...more }),
  )
}

const actions = {
  async stats(uri, rounds, domains) {
    const connection = await Connection.open(uri)
    await measured(async () => {
      for (let round = 0; round < Number(rounds); round++) {
        const all = await connection.domainStats(['state', 'balloon', 'vcpu'])
        if (all.length !== Number(domains)) throw new Error(`${all.length} domains`)
      }
    })
    await connection.close()
  },

  async upload(uri, pool, name, file) {
    const connection = await Connection.open(uri)
    const volume = await (await connection.storagePoolByName(pool)).volumeByName(name)
    await volume.uploadFile(file)
    await connection.close()
  },

  /** The driver is in this process: what is measured is the way from libvirt's callback to the loop. */
  async events(count) {
    const connection = await Connection.open('test:///default')
    const domain = await connection.domainByName('test')
    const events = await domain.events('lifecycle')
    const wanted = Number(count)
    let seen = 0
    const heard = (async () => {
      for await (const { event } of events) {
        if (event !== (seen % 2 === 0 ? 'suspended' : 'resumed')) throw new Error(`${seen}: ${event}`)
        if (++seen === wanted) return
      }
    })()
    await measured(async () => {
      for (let made = 0; made < wanted; made += 2) {
        await domain.suspend()
        await domain.resume()
      }
      await heard
      return { events: wanted }
    })
    await connection.close()
  },
}

await actions[what](...words)
