import { Cluster } from 'rbdkit'
import { LocalHypervisor } from 'rbdkit/dev'
import { Connection, xml } from 'rbdkit/libvirt'
import { ProvisionError, prepareLibvirt, removeLibvirt } from 'rbdkit/provision'
import t, { type Test } from 'tap'
import { randomName, sharedCluster } from '../helpers/cluster.js'
import { libvirtdPid } from '../helpers/hypervisor.js'
import { failure, Place, parts, prepare, without } from './provision-fixture.js'

t.setTimeout(300_000)

/** The call is made to fail, or given up, in each of its steps. */
async function inEachStep(
  t: Test,
  end: (place: Place, steps: string[], at: number) => Promise<ProvisionError>,
): Promise<void> {
  const all = [...parts, 'keyring', 'cephConf']
  for (const [at, step] of all.entries()) {
    const place = await Place.make(t)
    const error = await end(place, all, at)
    t.equal(error.step, step)
    t.same(error.undone, all.slice(0, at + 1).reverse(), step)
    t.same(error.left, [])
    t.same(await place.there(), [], `nothing is left after the step ${step}`)
  }
}

t.test('an abort in each step leaves nothing', async (t) => {
  await inEachStep(t, async (place, steps, at) => {
    const controller = new AbortController()
    const options = {
      files: { directory: place.directory },
      signal: controller.signal,
      onProgress: ({ step }: { step: string }) => {
        if (step === steps[at]) controller.abort(new Error('enough'))
      },
    }
    const error = await failure(prepare(place, options))
    t.match(error, { code: 'ABORT_ERR', cause: { message: 'enough' } })
    return error
  })
})

t.test('a failure after each step leaves nothing', async (t) => {
  await inEachStep(t, async (place, steps, at) => {
    const options = {
      files: { directory: place.directory },
      onProgress: ({ step }: { step: string }) => {
        if (step === steps[at]) throw new Error('the disk is full')
      },
    }
    const error = await failure(prepare(place, options))
    t.match(error, { code: 'ERR_RBDKIT_STEP_FAILED', cause: { message: 'the disk is full' } })
    return error
  })
})

t.test('a call that changes what was there puts it back when it fails', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool, entity, usage } = place
  await cluster.pools.create(pool)
  await cluster.auth.getOrCreate(entity, { mon: 'allow r' })
  const secret = await virt.defineSecret(xml.secret({ usage: { type: 'ceph', name: usage } }))
  await secret.setValue(Buffer.from('older'))
  const before = await place.state()
  const error = await failure(
    prepare(place, {
      replace: true,
      onProgress: ({ done, total }) => {
        if (done === total) throw new Error('no')
      },
    }),
  )
  t.same(error.undone, [...parts].reverse())
  t.equal(await place.state(), before)
})

t.test('what was made by a call before stays when a later one fails', async (t) => {
  const place = await Place.make(t)
  const { virt } = place
  await prepare(place)
  await (await place.secret())?.undefine()
  const error = await failure(
    prepare(place, {
      onProgress: ({ step }) => {
        if (step === 'secret') throw new Error('no')
      },
    }),
  )
  t.same(error.undone, ['secret'])
  t.same(
    await place.there(),
    parts.filter((one) => one !== 'secret'),
  )
  t.match((await prepare(place)).steps[2], { step: 'secret', outcome: 'made' })
  await removeLibvirt(place.cluster, virt, { pool: place.pool, user: place.user })
  t.same(await place.there(), [])
})

t.test('an abort at any moment leaves nothing', async (t) => {
  for (const ms of [1, 10, 30, 60, 120, 250, 500]) {
    const place = await Place.make(t)
    const signal = AbortSignal.timeout(ms)
    const options = { files: { directory: place.directory }, signal }
    const error = await prepare(place, options).then(
      () => undefined,
      (reason: Error) => reason,
    )
    const all = [...parts, 'keyring', 'cephConf']
    if (error instanceof ProvisionError) t.match(error, { code: 'ABORT_ERR', cause: signal.reason, left: [] })
    else if (error !== undefined) t.equal(error, signal.reason, `before the first change, after ${ms} ms`)
    t.same(await place.there(), error === undefined ? all : [], `after ${ms} ms`)
  }
})

t.test('who may make the pool and not write it', async (t) => {
  const place = await Place.make(t)
  const { cluster, virt, pool, user } = place
  const id = randomName('monitors')
  const { key } = await cluster.auth.getOrCreate(`client.${id}`, { mon: 'allow *' })
  const { confFile } = await sharedCluster()
  // Since Ceph 18 OSDs do not even answer such a user.
  const poor = await Cluster.connect({ confFile, id, key, operationTimeoutMs: 5000 })
  t.teardown(async () => {
    await poor.close()
    await cluster.auth.remove(`client.${id}`)
  })
  const error = await failure(prepareLibvirt(poor, virt, { pool, user, ...without }))
  t.match(error, {
    code: 'ERR_RBDKIT_STEP_FAILED',
    step: 'pool',
    cause: { code: /^(EPERM|ETIMEDOUT)$/ },
    undone: ['pool'],
    left: [],
  })
  t.same(await place.there(), [])
})

t.test('a libvirtd that is not there, and one that dies meanwhile', async (t) => {
  const place = await Place.make(t)
  const { cluster, pool, user } = place
  const hypervisor = await LocalHypervisor.start()
  t.teardown(() => hypervisor.close())
  const virt = await Connection.open(hypervisor.uri)
  t.teardown(() => virt.close())
  const onProgress = async ({ step }: { step: string }): Promise<void> => {
    if (step === 'user') process.kill(libvirtdPid(hypervisor), 'SIGKILL')
  }
  const error = await failure(prepareLibvirt(cluster, virt, { pool, user, ...without, onProgress }))
  t.match(error, { code: 'ERR_RBDKIT_STEP_FAILED', step: 'secret', cause: { name: 'LibvirtError' } })
  t.ok(error.undone.includes('user') && error.undone.includes('pool'))
  t.same(await place.there(), [])
  const refused = prepareLibvirt(cluster, virt, { pool, user, ...without })
  await t.rejects(refused, { name: 'LibvirtError' }, 'and then it is not there')
  t.same(await place.there(), [])
})
