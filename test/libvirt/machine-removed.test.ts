/** Machines are started, stopped as gently as they let it, and removed when that harms nobody. */

import { Image } from 'rbdkit'
import { listMachines, removeMachine, startMachine, stopMachine } from 'rbdkit/provision'
import t from 'tap'
import { randomName } from '../helpers/cluster.js'
import { MachinePlace, mib } from './machine-fixture.js'
import { failure } from './provision-fixture.js'

t.setTimeout(300_000)

t.test('a machine that boots from a clone is started, stopped and removed', async (t) => {
  const machine = await MachinePlace.make(t)
  const { place, ioctx, name } = machine
  const { pool, cluster, virt } = place
  await machine.template()
  await Image.create(ioctx, 'medium', { size: mib })
  await machine.create({
    disks: [
      { pool, image: 'root', from: { image: 'template', snapshot: 'base' } },
      { pool, image: 'medium', device: 'cdrom' },
    ],
    cloudInit: {},
  })
  const remove = (disks: boolean) => removeMachine(cluster, virt, name, { disks })
  const seed = `image ${name}-cloud-init`
  const running = ['image medium', 'image root', 'image template', seed, `${name} running`].sort()
  t.same(await machine.there(), running)
  t.equal(await startMachine(virt, name), 'found')
  t.match(await failure(remove(true)), {
    code: 'ERR_RBDKIT_IN_USE',
    message: /runs; stopMachine\(\) stops it/,
  })
  t.same(await machine.there(), running)

  const began = performance.now()
  t.equal(await stopMachine(virt, name, { guestAgentMs: 1000, acpiMs: 1000 }), 'off', 'it heeds neither')
  t.ok(performance.now() - began > 900, 'it had its time after the power button')
  t.equal(await stopMachine(virt, name), 'found')
  t.equal(await startMachine(virt, name), 'changed')
  t.equal(await stopMachine(virt, name, { guestAgentMs: 0, acpiMs: 0 }), 'off')

  await using root = await Image.open(ioctx, 'root', { readOnly: true })
  const held = await Image.open(ioctx, 'root')
  await held.snapshots.create('kept')
  const refused = await failure(remove(true))
  t.match(refused, {
    code: 'ERR_RBDKIT_IN_USE',
    message: /root stays: it is open at .*, it has the snapshot 'kept'/,
  })
  await held.snapshots.protect('kept')
  await held.close()
  await Image.clone(ioctx, { image: 'root', snapshot: 'kept' }, ioctx, 'grandchild')
  t.match(await failure(remove(true)), {
    message: /has the snapshot 'kept', \S+\/grandchild is a clone of it\. Nothing/,
  })
  t.same((await machine.there()).length, 6, 'nothing was removed')
  await Image.remove(ioctx, 'grandchild')
  const writable = await Image.open(ioctx, 'root')
  await writable.snapshots.unprotect('kept')
  await writable.snapshots.remove('kept')
  await writable.close()
  await root.close()

  const removed = await remove(true)
  t.same(
    removed.steps.map(({ step, outcome }) => [step, outcome]),
    [
      [`image ${pool}/root`, 'removed'],
      [`image ${pool}/${name}-cloud-init`, 'removed'],
      ['domain', 'removed'],
    ],
  )
  t.same(removed.left, [`${pool}/medium`])
  t.same(await machine.there(), ['image medium', 'image template'])
  t.match(await failure(remove(true)), { code: 'ERR_RBDKIT_MISSING' })
})

t.test('without its disks, and after a removal that did not come to its end', async (t) => {
  const machine = await MachinePlace.make(t)
  const { place, ioctx, name } = machine
  const { pool, cluster, virt } = place
  await machine.create({ start: false, cloudInit: {} })
  const domain = await virt.domainByName(name)
  await domain.create()
  await domain.saved.save()
  const kept = await removeMachine(cluster, virt, name)
  t.same(kept.left, [`${pool}/root`])
  t.same(await machine.there(), ['image root'], "cloud-init's disk is of no use to others")

  const disks = [
    { pool, image: 'root' },
    { pool, image: 'data', size: mib },
  ]
  await machine.create({ disks, start: false })
  const onProgress = (): void => {
    throw new Error('enough')
  }
  const failed = await failure(removeMachine(cluster, virt, name, { disks: true, onProgress }))
  t.match(failed, { code: 'ERR_RBDKIT_STEP_FAILED', step: `image ${pool}/root` })
  t.same(await machine.there(), ['image data', `${name} shutoff`])
  const again = await removeMachine(cluster, virt, name, { disks: true })
  t.same(
    again.steps.map(({ outcome }) => outcome),
    ['found', 'removed', 'removed'],
  )
  t.same(await machine.there(), [])
  t.equal((await Image.list(ioctx)).length, 0)
})

t.test('what a list tells', async (t) => {
  const machine = await MachinePlace.make(t)
  const { place, ioctx, name } = machine
  const { pool, cluster, virt, user } = place
  await machine.template()
  await machine.create({
    disks: [
      { pool, image: 'root', from: { image: 'template', snapshot: 'base' } },
      { pool, image: 'data', size: 8 * mib },
    ],
    vcpus: 2,
    start: false,
  })
  {
    await using data = await Image.open(ioctx, 'data')
    await data.write(Buffer.from('something'), { position: 0 })
    await data.flush()
    await data.snapshots.create('kept')
  }
  const find = async () => (await listMachines(cluster, virt)).find((one) => one.name === name)
  const found = await find()
  t.match(found, { state: 'shutoff', vcpus: 2, memory: 32 * mib, uuid: (await virt.domainByName(name)).uuid })
  t.match(found?.disks, [
    { target: 'vda', pool, image: 'root', size: 4 * mib, usage: 0, snapshots: [], auth: { username: user } },
    { target: 'vdb', pool, image: 'data', size: 8 * mib, usage: 4 * mib, snapshots: ['kept'] },
  ])
  {
    await using data = await Image.open(ioctx, 'data')
    await data.features.disable(['fast-diff'])
    await data.snapshots.remove('kept')
  }
  await Image.remove(ioctx, 'root')
  const later = (await find())?.disks
  t.match(later?.[0], { image: 'root', error: /^ENOENT/ }, 'an image that is gone')
  t.notOk(later?.[1] && 'usage' in later[1], 'what it would take long to find out')
  t.same(later?.[1]?.snapshots, [])
})

t.test('what is wrong', async (t) => {
  const { place } = await MachinePlace.make(t)
  const { cluster, virt } = place
  const nobody = randomName('nobody')
  const missing = { code: 'ERR_RBDKIT_MISSING', message: new RegExp(`no machine '${nobody}'`) }
  t.match(await failure(startMachine(virt, nobody)), { ...missing, operation: 'startMachine' })
  t.match(await failure(stopMachine(virt, nobody)), { ...missing, operation: 'stopMachine' })
  t.match(await failure(removeMachine(cluster, virt, nobody)), { ...missing, operation: 'removeMachine' })
  const value = { code: 'ERR_INVALID_ARG_VALUE' }
  await t.rejects(stopMachine(virt, nobody, { acpiMs: -1 }), value)
  await t.rejects(stopMachine(virt, nobody, { guestAgentMs: 0.5 }), value)
  await t.rejects(startMachine(virt, ''), value)
  await t.rejects(removeMachine(cluster, virt, nobody, { disks: 1 as never }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  const signal = AbortSignal.abort(new Error('enough'))
  await t.rejects(startMachine(virt, nobody, { signal }), { message: 'enough' })
  await t.rejects(stopMachine(virt, nobody, { signal }), { message: 'enough' })
  await t.rejects(removeMachine(cluster, virt, nobody, { signal }), { message: 'enough' })
})
