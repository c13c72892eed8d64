/** Machines on RBD are cloned: what the clone has, what is left when it fails, on a real cluster with guests that boot. */

import { type Cluster, Image, type IoCtx } from 'rbdkit'
import { type Connection, type Domain, xml } from 'rbdkit/libvirt'
import {
  type CloneMachineOptions,
  cloneMachine,
  type ProvisionError,
  prepareLibvirt,
  removeMachine,
} from 'rbdkit/provision'
import t, { type Test } from 'tap'
import { runChild } from '../helpers/child.js'
import { randomName, sharedCluster } from '../helpers/cluster.js'
import { echoSector } from '../helpers/echo-guest.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { long } from '../helpers/long.js'
import { until } from '../helpers/until.js'
import { Place } from './provision-fixture.js'

t.setTimeout(300_000)

const mib = 2 ** 20

interface Machines {
  cluster: Cluster
  virt: Connection
  pool: string
  ioctx: IoCtx
  /** The first machine: it boots, says `!` on its serial console, and has a second disk. */
  first: Domain
  firstXml: string
}

async function write(ioctx: IoCtx, name: string, text: Buffer): Promise<void> {
  await using image = await Image.open(ioctx, name)
  await image.write(text, { position: 0 })
}

async function read(ioctx: IoCtx, name: string, length: number): Promise<string> {
  await using image = await Image.open(ioctx, name, { readOnly: true })
  return (await image.read({ position: 0, length })).buffer.toString('latin1')
}

/** Domains with images of the pool. Those of other tests come and go meanwhile. */
async function domainsOf(virt: Connection, pool: string): Promise<Domain[]> {
  const found: Domain[] = []
  for (const domain of await virt.listDomains()) {
    const document = await domain.xml({ inactive: true }).catch((error: { code: string }) => {
      if (error.code !== 'VIR_ERR_NO_DOMAIN') throw error
      return ''
    })
    if (document.includes(`'${pool}/`)) found.push(domain)
  }
  return found
}

async function make(t: Test): Promise<Machines> {
  const { cluster, virt, pool, user } = await Place.make(t)
  const host = await prepareLibvirt(cluster, virt, { pool, user, storagePool: false })
  const ioctx = await cluster.openIoCtx(pool)
  await Image.create(ioctx, 'tpl-vda', { size: mib })
  await write(ioctx, 'tpl-vda', echoSector())
  await Image.create(ioctx, 'tpl-data', { size: 4 * mib })
  await write(ioctx, 'tpl-data', Buffer.from('data'))
  const disk = (image: string, target: string) =>
    xml.rbdDisk({ pool, image, target, monitors: host.monitors, auth: host.auth })
  const document = xml
    .domain({
      name: randomName('tpl'),
      type: 'qemu',
      memoryMiB: 32,
      vcpus: 1,
      disks: [disk('tpl-vda', 'vda'), disk('tpl-data', 'vdb')],
      interfaces: [{ type: 'user', mac: '52:54:00:aa:bb:cc' }],
    })
    .replace('</name>', '</name><genid>43dc0cf8-809b-4adb-9bea-a9abb5f3d90e</genid>')
  const first = await virt.defineDomain(document)
  t.teardown(async () => {
    for (const domain of await domainsOf(virt, pool)) {
      if (await domain.isActive()) await domain.destroy()
      await domain.undefine()
    }
    await ioctx.close()
  })
  return { cluster, virt, pool, ioctx, first, firstXml: await first.xml({ inactive: true }) }
}

/** All that there is of machines: domains, images, their snapshots, records of what is unfinished. */
async function there({ virt, pool, ioctx }: Machines): Promise<string[]> {
  const found: string[] = []
  for (const { name } of await domainsOf(virt, pool)) found.push(`domain ${name}`)
  for (const { name } of await Image.list(ioctx)) {
    found.push(`image ${name}`)
    await using image = await Image.open(ioctx, name, { readOnly: true })
    for (const snapshot of await image.snapshots.list()) found.push(`snapshot ${name}@${snapshot.name}`)
  }
  for await (const { name } of ioctx.objects())
    if (name.startsWith('rbdkit.provision.clone')) found.push(`record ${name}`)
  return found.sort()
}

/** It says `!` when it boots, which may have been before, and answers every letter. */
async function boots(domain: Domain): Promise<void> {
  const console = await domain.openConsole({ force: true })
  let heard = ''
  console.on('data', (part: Buffer) => {
    heard += String(part)
  })
  await until(() => {
    console.write('a')
    return heard.includes('A')
  })
  console.destroy()
}

const failure = (work: Promise<unknown>): Promise<ProvisionError> =>
  work.then(
    () => Promise.reject(new Error('it was done')),
    (error) => error,
  )

t.test('a copy on write of a machine that is shut off', async (t) => {
  const machines = await make(t)
  const { cluster, virt, pool, ioctx, first, firstXml } = machines
  const name = randomName('web')
  const progress: string[] = []
  const clone = await cloneMachine(cluster, virt, first.name, {
    name,
    start: true,
    onProgress: ({ step, done, total }) => progress.push(`${step} ${done}/${total}`),
  })
  t.same(progress, ['snapshots 1/5', 'image vda 2/5', 'image vdb 3/5', 'domain 4/5', 'start 5/5'])
  t.match(clone, {
    name,
    consistency: 'shut-off',
    disks: [
      { target: 'vda', pool, namespace: '', image: `${name}-vda` },
      { target: 'vdb', pool, image: `${name}-vdb` },
    ],
  })
  const domain = await virt.domainByName(name)
  t.equal(domain.uuid, clone.uuid)
  await boots(domain)
  const document = await domain.xml({ inactive: true })
  for (const own of [/<uuid>.*/, /<mac .*/, /<genid>.*/]) {
    const [ours, theirs] = [own.exec(document)?.[0], own.exec(firstXml)?.[0]]
    t.ok(ours && theirs && ours !== theirs, `${own} ${ours}`)
  }
  t.match(document, `name='${pool}/${name}-vdb'`)
  await write(ioctx, 'tpl-data', Buffer.from('gone'))
  t.equal(await read(ioctx, `${name}-vdb`, 4), 'data')
  t.equal(await first.xml({ inactive: true }), firstXml)
  const snapshot = `rbdkit-clone.${clone.uuid}`
  t.same(
    await there(machines),
    [
      `domain ${first.name}`,
      `domain ${name}`,
      `image ${name}-vda`,
      `image ${name}-vdb`,
      'image tpl-data',
      'image tpl-vda',
      `snapshot tpl-data@${snapshot}`,
      `snapshot tpl-vda@${snapshot}`,
    ].sort(),
  )
})

t.test('a running machine without an agent is paused for it, and goes on', async (t) => {
  const machines = await make(t)
  const { cluster, virt, first } = machines
  await first.create()
  const life = await first.events('lifecycle')
  const name = randomName('web')
  const clone = await cloneMachine(cluster, virt, first.name, { name })
  t.equal(clone.consistency, 'paused')
  for (const event of ['suspended', 'resumed']) t.match((await life.next()).value, { event })
  await life.close()
  t.match(await first.state(), { state: 'running' })
  t.match(await (await virt.domainByName(name)).state(), { state: 'shutoff' })
  await boots(first)
})

t.test('a full copy needs nothing of the first machine', async (t) => {
  const machines = await make(t)
  const { cluster, virt, ioctx, first } = machines
  const before = await there(machines)
  const name = randomName('web')
  const clone = await cloneMachine(cluster, virt, first.name, { name, disks: 'full', start: true })
  t.same(
    clone.steps.map(({ step }) => step),
    ['snapshots', 'image vda', 'image vdb', 'release', 'domain', 'start'],
  )
  await boots(await virt.domainByName(name))
  t.equal(await read(ioctx, `${name}-vdb`, 4), 'data')
  await using image = await Image.open(ioctx, `${name}-vda`, { readOnly: true })
  t.equal(await image.parent(), undefined)
  const made = [`domain ${name}`, `image ${name}-vda`, `image ${name}-vdb`]
  t.same(await there(machines), [...before, ...made].sort())
})

t.test('what stands in the way is told, all of it, before anything is changed', async (t) => {
  const machines = await make(t)
  const { cluster, virt, pool, ioctx, first } = machines
  const name = randomName('web')
  const other = await virt.defineDomain(
    xml.domain({ name, type: 'qemu', memoryMiB: 32, vcpus: 1, disks: [] }),
  )
  t.teardown(() => other.undefine())
  await Image.create(ioctx, `${name}-vdb`, { size: mib })
  const before = await there(machines)
  const refused = await failure(cloneMachine(cluster, virt, first.name, { name }))
  t.match(refused, { code: 'ERR_RBDKIT_DIFFERS', operation: 'cloneMachine' })
  t.same(
    refused.differences.map((one) => one.name),
    [name, `${pool}/${name}-vdb`],
  )
  t.same(await there(machines), before)

  const document = xml.DomainXml.parse(await first.xml({ inactive: true }))
  document.add(xml.fileDisk({ path: '/var/lib/x.raw', target: 'vdc' }))
  await virt.defineDomain(String(document))
  t.match(await failure(cloneMachine(cluster, virt, first.name, { name: randomName('web') })), {
    code: 'ERR_RBDKIT_DIFFERS',
    differences: [{ step: 'disks', name: 'vdc' }],
    message: /'vdc': it is not an image of RBD/,
  })
  t.match(await failure(cloneMachine(cluster, virt, name, { name: randomName('web') })), {
    differences: [{ reason: 'it has none' }],
  })
  t.match(await failure(cloneMachine(cluster, virt, randomName('none'), { name })), {
    code: 'ERR_RBDKIT_MISSING',
  })
  const wrong: [object, string][] = [
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [{ name: 'a/b' }, 'ERR_INVALID_ARG_VALUE'],
    [{ name, disks: 'thin' }, 'ERR_INVALID_ARG_VALUE'],
    [{ name, start: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ name, full: true }, 'ERR_INVALID_ARG_VALUE'],
  ]
  for (const [options, code] of wrong)
    t.match(await failure(cloneMachine(cluster, virt, first.name, options as CloneMachineOptions)), { code })
  t.same(await there(machines), before)
})

t.test('whichever step fails, nothing is left, and the machine runs on', async (t) => {
  const machines = await make(t)
  const { cluster, virt, first } = machines
  await first.create()
  const before = await there(machines)
  for (const disks of ['copy-on-write', 'full'] as const) {
    const all = ['snapshots', 'image vda', 'image vdb', 'domain', 'start']
    for (const last of all) {
      const error = await failure(
        cloneMachine(cluster, virt, first.name, {
          name: randomName('web'),
          disks,
          start: true,
          onProgress: ({ step }) => {
            if (step === last) throw new Error('no')
          },
        }),
      )
      t.match(error, { code: 'ERR_RBDKIT_STEP_FAILED', step: last, left: [] })
      t.same(await there(machines), before, `${disks}, ${last}`)
    }
    const controller = new AbortController()
    const aborted = await failure(
      cloneMachine(cluster, virt, first.name, {
        name: randomName('web'),
        disks,
        signal: controller.signal,
        onProgress: () => controller.abort(new Error('enough')),
      }),
    )
    t.match(aborted, { code: 'ABORT_ERR', cause: { message: 'enough' }, left: [] })
    t.same(await there(machines), before)
  }
  t.match(await first.state(), { state: 'running' })
})

t.test('an image that somebody else has made meanwhile stays', async (t) => {
  const machines = await make(t)
  const { cluster, virt, ioctx, first } = machines
  const before = await there(machines)
  for (const disks of ['copy-on-write', 'full'] as const) {
    const name = randomName('web')
    let other: Promise<void> | undefined
    const error = await failure(
      cloneMachine(cluster, virt, first.name, {
        name,
        disks,
        onProgress: () => {
          other ??= Image.create(ioctx, `${name}-vdb`, { size: mib })
        },
      }),
    )
    await other
    t.match(error, { code: 'ERR_RBDKIT_STEP_FAILED', step: 'image vdb', cause: { code: 'EEXIST' }, left: [] })
    t.same(await there(machines), [...before, `image ${name}-vdb`].sort(), disks)
    await Image.remove(ioctx, `${name}-vdb`)
  }
})

t.test('what a killed call has left is cleared by the next', async (t) => {
  const machines = await make(t)
  const { cluster, virt, first } = machines
  await first.create()
  const before = await there(machines)
  const { confFile } = await sharedCluster()
  const { uri } = await sharedHypervisor()
  const kill = async (name: string, last: string): Promise<void> => {
    const spec = { confFile, uri, call: 'cloneMachine', args: [first.name], options: { name }, last }
    const { signal, stderr } = await runChild('provision.mjs', spec, { deadlineMs: 60_000 })
    if (signal !== 'SIGKILL') throw new Error(`it was not killed: ${stderr}`)
  }
  for (const last of ['snapshots', 'image vda', 'image vdb']) {
    const name = randomName('web')
    await kill(name, last)
    t.match((await there(machines)).join(), /record .*snapshot/, 'something is left')
    const clone = await cloneMachine(cluster, virt, first.name, { name })
    const snapshots = (await there(machines)).filter((one) => one.startsWith('snapshot'))
    t.equal(snapshots.length, 2, `killed after ${last}: ${snapshots}`)
    t.ok(snapshots.every((one) => one.endsWith(clone.uuid)))
    t.notMatch((await there(machines)).join(), /record/)
    await removeMachine(cluster, virt, name, { disks: true })
    t.same(await there(machines), before)
  }
  const name = randomName('web')
  await kill(name, 'domain')
  const whole = await failure(cloneMachine(cluster, virt, first.name, { name }))
  t.match(whole, { code: 'ERR_RBDKIT_DIFFERS' }, 'it was whole, and stays')
  const left = await there(machines)
  t.equal(left.filter((one) => one.includes(name)).length, 3, left.join())
  t.notMatch(left.join(), /record/)
})

t.test('many clones at once', async (t) => {
  const machines = await make(t)
  const { cluster, virt, ioctx, first } = machines
  const before = await there(machines)
  const names = Array.from({ length: long ? 20 : 4 }, () => randomName('web'))
  const clones = await Promise.all(
    names.map((name) => cloneMachine(cluster, virt, first.name, { name, start: true })),
  )
  t.equal(new Set(clones.map(({ uuid }) => uuid)).size, names.length)
  for (const name of names) await boots(await virt.domainByName(name))
  const twice = await Promise.allSettled(
    [0, 1].map(() => cloneMachine(cluster, virt, first.name, { name: 'same' })),
  )
  t.same(twice.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'one of two of the same name')
  t.match(
    twice.find((one) => one.status === 'rejected'),
    { reason: { code: 'ERR_RBDKIT_DIFFERS' } },
  )

  // Somebody's own clone of a clone's snapshot keeps that one.
  const [{ uuid } = { uuid: '' }] = clones
  await Image.clone(ioctx, { image: 'tpl-data', snapshot: `rbdkit-clone.${uuid}` }, ioctx, 'somebodys')
  for (const name of [...names, 'same']) {
    const domain = await virt.domainByName(name)
    if (await domain.isActive()) await domain.destroy()
  }
  await Promise.all([...names, 'same'].map((name) => removeMachine(cluster, virt, name, { disks: true })))
  const kept = ['image somebodys', `snapshot tpl-data@rbdkit-clone.${uuid}`]
  t.same(await there(machines), [...before, ...kept].sort(), 'nothing of the clones is left')
})
