/** Whoever prepares a host is killed after each of its steps: the next call finishes, or clears all of it. */

import { readFile, stat } from 'node:fs/promises'
import { type ProvisionError, prepareLibvirt, removeLibvirt } from 'rbdkit/provision'
import t from 'tap'
import { runChild } from '../helpers/child.js'
import { sharedCluster } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { rbdPoolsStart } from '../helpers/releases.js'
import { Place } from './provision-fixture.js'

t.setTimeout(300_000)

const without = rbdPoolsStart ? {} : ({ storagePool: false } as const)
const steps = ['pool', 'user', 'secret', ...(rbdPoolsStart ? ['storagePool'] : []), 'keyring', 'cephConf']

async function killed(call: string, options: object, last: string): Promise<void> {
  const { confFile } = await sharedCluster()
  const { uri } = await sharedHypervisor()
  const spec = { confFile, uri, call, options, last }
  const { signal, stderr } = await runChild('provision.mjs', spec, { deadlineMs: 60_000 })
  if (signal !== 'SIGKILL') throw new Error(`it was not killed: ${stderr}`)
}

const asked = ({ pool, user, directory }: Place) => ({ pool, user, files: { directory }, ...without })

t.test('the next call finishes', { jobs: steps.length }, async (t) => {
  for (const [at, last] of steps.entries()) {
    t.test(`killed after ${last}`, async (t) => {
      const place = await Place.make(t)
      await killed('prepareLibvirt', asked(place), last)
      t.same(await place.there(), steps.slice(0, at + 1))
      const host = await prepareLibvirt(place.cluster, place.virt, asked(place))
      t.same(
        host.steps,
        steps.map((step, i) => ({ step, outcome: i <= at ? 'found' : 'made' })),
      )
      t.same(await place.there(), steps)
      t.equal((await prepareLibvirt(place.cluster, place.virt, asked(place))).changed, false)
      const { left } = await removeLibvirt(place.cluster, place.virt, { pool: place.pool, user: place.user })
      t.same(left, [], 'all of it counts as made, also by the call that was killed')
      t.same(await place.there(), [])
    })
  }
})

t.test('a next call that fails undoes also what the killed one made', async (t) => {
  const place = await Place.make(t)
  await killed('prepareLibvirt', asked(place), 'secret')
  const onProgress = ({ done, total }: { done: number; total: number }) => {
    if (done === total) throw new Error('no')
  }
  const error = await prepareLibvirt(place.cluster, place.virt, { ...asked(place), onProgress }).catch(
    (reason: ProvisionError) => reason,
  )
  t.match(error, { code: 'ERR_RBDKIT_STEP_FAILED', undone: [...steps].reverse(), left: [] })
  t.same(await place.there(), [])
})

t.test('a removal clears what a killed call has made', async (t) => {
  const place = await Place.make(t)
  await killed('prepareLibvirt', asked(place), 'secret')
  await removeLibvirt(place.cluster, place.virt, { pool: place.pool, user: place.user })
  t.same(await place.there(), [])
})

t.test('after a rotation that was killed the secret gets the key that counts', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, entity, pool, user, directory } = place
  await prepareLibvirt(cluster, virt, asked(place))
  const before = (await cluster.auth.get(entity)).key
  await killed('rotateLibvirtKey', { pool, user, files: { directory } }, 'key')
  const { key } = await cluster.auth.get(entity)
  t.not(key, before)
  t.equal(
    (await (await place.secret())?.getValue())?.toString('base64'),
    before,
    'the secret had been left behind',
  )
  const host = await prepareLibvirt(cluster, virt, asked(place))
  t.same(
    host.steps.filter(({ outcome }) => outcome === 'changed').map(({ step }) => step),
    ['secret', 'keyring'],
  )
  t.equal((await (await place.secret())?.getValue())?.toString('base64'), key)
  const [keyring = ''] = place.files
  t.equal(await readFile(keyring, 'utf8'), `[${entity}]\nkey = ${key}\n`)
  t.equal((await stat(keyring)).mode & 0o777, 0o600)
})
