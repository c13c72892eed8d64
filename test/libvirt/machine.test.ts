/** Machines on RBD are made as asked for, or not at all. */

import { Image } from 'rbdkit'
import { xml } from 'rbdkit/libvirt'
import t from 'tap'
import { randomName } from '../helpers/cluster.js'
import { until } from '../helpers/until.js'
import { MachinePlace, mib } from './machine-fixture.js'
import { failure, prepare } from './provision-fixture.js'

t.setTimeout(300_000)

t.test('a machine with a clone, an empty disk, a medium and what cloud-init reads', async (t) => {
  const machine = await MachinePlace.make(t)
  const { place, ioctx, name } = machine
  const { pool, user, usage, virt } = place
  await machine.template()
  await Image.create(ioctx, 'medium', { size: mib })
  const progress: string[] = []
  const made = await machine.create({
    disks: [
      { pool, image: 'root', from: { image: 'template', snapshot: 'base' } },
      { pool, image: 'data', size: 8 * mib },
      { pool, image: 'medium', device: 'cdrom' },
    ],
    cloudInit: { hostname: 'web1', instanceId: 'the-first' },
    graphics: { type: 'vnc' },
    start: false,
    onProgress: ({ step }) => progress.push(step),
  })
  t.match(made, { name, started: false })
  t.same(
    made.disks.map(({ target, image }) => [target, image]),
    [
      ['vda', 'root'],
      ['vdb', 'data'],
      ['sda', 'medium'],
      ['sdb', `${name}-cloud-init`],
    ],
  )
  const steps = [`image ${pool}/root`, `image ${pool}/data`, `image ${pool}/${name}-cloud-init`, 'domain']
  t.same(progress, steps)
  t.same(
    made.steps.map(({ step, outcome }) => [step, outcome]),
    steps.map((step) => [step, 'made']),
  )
  const seed = `image ${name}-cloud-init`
  const images = ['image data', 'image medium', 'image root', 'image template', seed]
  t.same(await machine.there(), [...images, `${name} shutoff`].sort())

  await using root = await Image.open(ioctx, 'root', { readOnly: true })
  t.match(await root.parent(), { image: 'template', snapshot: 'base' }, 'a clone')
  await using data = await Image.open(ioctx, 'data', { readOnly: true })
  t.equal(await data.size(), 8 * mib)
  await using cloudInit = await Image.open(ioctx, `${name}-cloud-init`, { readOnly: true })
  const { buffer } = await cloudInit.read({ position: 0, length: await cloudInit.size() })
  t.equal(buffer.toString('latin1', 32_808, 32_814), 'cidata', 'the label of the volume')
  t.match(buffer.toString('latin1'), /"instance-id": "the-first"/)

  const domain = await virt.domainByName(name)
  t.equal(domain.uuid, made.uuid)
  const document = xml.DomainXml.parse(await domain.xml())
  const find = (...path: string[]) => document.element.find('devices', ...path)
  t.match(document.element.find('os', 'type')?.attribute('machine'), /q35/)
  t.same(
    document.element
      .find('os')
      ?.elements('boot')
      .map((boot) => boot.attribute('dev')),
    ['hd', 'cdrom'],
  )
  t.match(
    document.disks.map(({ target, bus, device, discard, readonly }) => [
      target,
      bus,
      device,
      discard,
      readonly,
    ]),
    [
      ['vda', 'virtio', 'disk', 'unmap', false],
      ['vdb', 'virtio', 'disk', 'unmap', false],
      ['sda', 'sata', 'cdrom', undefined, true],
      ['sdb', 'sata', 'cdrom', undefined, true],
    ],
  )
  const { uuid } = await virt.secretByUsage('ceph', usage)
  for (const { auth, monitors } of document.disks) {
    t.match(auth, { username: user, secret: { uuid } })
    t.ok(monitors.length > 0)
  }
  t.equal(find('channel', 'target')?.attribute('name'), 'org.qemu.guest_agent.0')
  t.equal(find('rng')?.attribute('model'), 'virtio')
  t.equal(find('memballoon')?.attribute('model'), 'virtio')
  t.equal(find('serial')?.attribute('type'), 'pty')
  t.equal(find('graphics')?.attribute('type'), 'vnc')

  await machine.template('another')
  const again = failure(machine.create({ disks: [{ pool, image: 'new', size: mib }] }))
  t.match(await again, { code: 'ERR_RBDKIT_EXISTS', step: 'domain' }, 'the name is in use')
  t.notOk((await machine.there()).includes('image new'))
})

t.test('the secret is the one that the host was prepared with', async (t) => {
  const machine = await MachinePlace.make(t)
  const { place } = machine
  const { cluster, virt, pool, usage } = place
  const own = randomName('usage')
  const user = randomName('guests')
  const prepared = await prepare(place, { user, secretUsage: own, storagePool: false })
  t.teardown(async () => {
    await (await virt.secretByUsage('ceph', own)).undefine()
    await cluster.auth.remove(`client.${user}`)
  })
  await machine.create({ user, start: false })
  const [disk] = xml.DomainXml.parse(await (await virt.domainByName(machine.name)).xml()).disks
  t.match(disk?.auth, { username: user, secret: { uuid: prepared.secret.uuid } })
  t.not(prepared.secret.uuid, (await virt.secretByUsage('ceph', usage)).uuid)
  t.same(await machine.there(), ['image root', `${machine.name} shutoff`], pool)
})

t.test('ten at once from one template', async (t) => {
  const machine = await MachinePlace.make(t)
  const { pool } = machine.place
  await machine.template()
  const names = Array.from({ length: 10 }, (_, i) => `${machine.name}-${i}`)
  const from = { image: 'template', snapshot: 'base' }
  const made = await Promise.all(
    names.map((name) => machine.create({ name, disks: [{ pool, image: name, from }], start: false })),
  )
  t.equal(new Set(made.map(({ uuid }) => uuid)).size, 10)
  const all = [
    ...names.map((name) => `image ${name}`),
    'image template',
    ...names.map((name) => `${name} shutoff`),
  ]
  t.same(await machine.there(), all.sort())
})

t.test('bad input is refused before anybody is asked', async (t) => {
  const machine = await MachinePlace.make(t)
  const { pool } = machine.place
  const wrong: [object, string?][] = [
    [{ name: '' }],
    [{ name: 'a/b' }],
    [{ memoryMiB: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ vcpus: 0.5 }, 'ERR_OUT_OF_RANGE'],
    [{ user: 'client.libvirt' }],
    [{ disks: [] }],
    [{ disks: [{ pool, image: 'a', size: 0 }] }],
    [{ disks: [{ pool, image: 'a:b', size: mib }] }],
    [{ disks: [{ pool, image: 'a', size: mib, from: { image: 'b', snapshot: 'c' } }] }],
    [{ disks: [{ pool, image: 'a', from: { image: 'b' } }] }, 'ERR_INVALID_ARG_TYPE'],
    [{ disks: [{ pool, image: 'a', device: 'cdrom', size: mib }] }],
    [{ disks: [{ pool, image: 'a', device: 'floppy' }] }],
    [{ disks: [{ pool, image: 'a', sise: mib }] }],
    [
      {
        disks: [
          { pool, image: 'a', size: mib },
          { pool, image: 'a', size: mib },
        ],
      },
    ],
    [{ networks: [{ type: 'bridge', bridge: 'br 0' }] }],
    [{ machineType: 'q 35' }],
    [{ cpu: 'fast' }],
    [{ graphics: { type: 'spice' } }],
    [{ cloudInit: { hostname: '-' } }],
    [{ start: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ firmware: 'tpm' }],
  ]
  for (const [options, code = 'ERR_INVALID_ARG_VALUE'] of wrong)
    await t.rejects(machine.create(options as never), { code }, JSON.stringify(options))
  t.same(await machine.there(), [])
})

t.test('what is missing, in use or not allowed is told, and nothing is made', async (t) => {
  const machine = await MachinePlace.make(t)
  const { place, ioctx } = machine
  const { pool, cluster, virt, entity, usage } = place
  await machine.template()
  const template = 'image template'
  const refused = async (
    options: object,
    code: string,
    message: RegExp,
    left = [template],
  ): Promise<void> => {
    const error = await failure(machine.create(options))
    t.match(error, { code, operation: 'createMachine', message }, String(message))
    t.match(error.message, /Nothing was changed/)
    t.same(await machine.there(), left)
  }
  const disks = [{ pool, image: 'template' }]
  const missing = 'ERR_RBDKIT_MISSING'
  await refused({ networks: undefined }, missing, /no network 'default'; 'networks' says which/)
  await refused({ networks: [{ type: 'network', network: 'none' }] }, missing, /no network 'none'/)
  await refused({ user: randomName('nobody') }, missing, /no user client\.nobody/)
  await refused({ disks: [{ pool, image: 'none' }] }, missing, /no image .*\/none/)
  await refused({ disks: [{ pool: randomName('none'), image: 'a', size: mib }] }, missing, /no pool 'none/)
  const from = (image: string, snapshot: string) => ({
    disks: [{ pool, image: 'a', from: { image, snapshot } }],
  })
  await refused(from('none', 'base'), missing, /no image .*\/none to clone/)
  await refused(from('template', 'none'), missing, /no snapshot .*template@none/)
  await refused({ disks: [{ pool, image: 'template', size: mib }] }, 'ERR_RBDKIT_EXISTS', /image .* already/)

  const image = await Image.open(ioctx, 'template')
  await refused({ disks }, 'ERR_RBDKIT_IN_USE', /template is open at /)
  await image.close()
  const changed = async (change: (image: Image) => Promise<void>): Promise<void> => {
    await using opened = await Image.open(ioctx, 'template')
    await change(opened)
  }
  await changed((opened) => opened.locks.add('somebody'))
  await refused({ disks }, 'ERR_RBDKIT_IN_USE', /template is locked by client\./)
  await changed((opened) => opened.locks.remove('somebody'))
  const disk = xml.rbdDisk({ pool, image: 'template', target: 'vda' })
  const name = `${machine.name}-other`
  const neighbour = await virt.defineDomain(
    xml.domain({ type: 'qemu', name, memoryMiB: 32, vcpus: 1, disks: [disk] }),
  )
  const left = [template, `${name} shutoff`]
  await refused({ disks }, 'ERR_RBDKIT_IN_USE', new RegExp(`a disk of the machine '${name}'`), left)
  await neighbour.undefine()

  const caps = (await cluster.auth.get(entity)).caps
  const may = 'ERR_RBDKIT_CAPS'
  await cluster.auth.setCaps(entity, { mon: 'profile rbd', osd: `profile rbd-read-only pool=${pool}` })
  await refused({}, may, /may not write the pool/)
  await cluster.auth.setCaps(entity, { mon: 'profile rbd', osd: 'profile rbd pool=another' })
  await refused({}, may, /may not read the pool/)
  await cluster.auth.setCaps(entity, caps)

  const secret = await virt.secretByUsage('ceph', usage)
  await secret.setValue(Buffer.from('another'))
  await refused({}, 'ERR_RBDKIT_DIFFERS', /has not the user's key/)
  await secret.undefine()
  await refused({}, missing, /no secret '.*'; prepareLibvirt\(\)/)
})

t.test('a pool that has used up its quota', async (t) => {
  const machine = await MachinePlace.make(t)
  const { cluster, pool } = machine.place
  await machine.template()
  const quota = (val: string) =>
    cluster.monitorCommand({ prefix: 'osd pool set-quota', pool, field: 'max_objects', val })
  await quota('1')
  const flags = async (): Promise<string> => {
    const { pools } = await cluster.monitorCommand<{ pools: { pool_name: string; flags_names: string }[] }>({
      prefix: 'osd dump',
    })
    return pools.find(({ pool_name }) => pool_name === pool)?.flags_names ?? ''
  }
  await until(async () => (await flags()).includes('full_quota'), 60_000)
  const error = await failure(machine.create())
  t.match(error, { code: 'ERR_RBDKIT_FULL', message: /has used up its quota. Nothing was changed/ })
  t.same(await machine.there(), ['image template'])
  await quota('0')
  await until(async () => !(await flags()).includes('full'), 60_000)
  t.match(await machine.create({ start: false }), { started: false }, 'and then it can be made')
})

t.test('a failure or an abort in each step leaves nothing', async (t) => {
  const machine = await MachinePlace.make(t)
  const { pool } = machine.place
  await machine.template()
  const options = {
    disks: [
      { pool, image: 'root', from: { image: 'template', snapshot: 'base' } },
      { pool, image: 'data', size: mib },
    ],
    cloudInit: {},
  }
  const steps = [
    `image ${pool}/root`,
    `image ${pool}/data`,
    `image ${pool}/${machine.name}-cloud-init`,
    'domain',
    'start',
  ]
  for (const [at, step] of steps.entries()) {
    for (const abort of [false, true]) {
      const controller = new AbortController()
      const error = await failure(
        machine.create({
          ...options,
          signal: controller.signal,
          onProgress: (progress) => {
            if (progress.step !== step) return
            if (!abort) throw new Error('enough')
            controller.abort(new Error('enough'))
          },
        }),
      )
      t.match(error, {
        code: abort ? 'ABORT_ERR' : 'ERR_RBDKIT_STEP_FAILED',
        cause: { message: 'enough' },
        left: [],
      })
      t.same(error.undone, steps.slice(0, at + 1).reverse())
      t.same(await machine.there(), ['image template'], `after the step ${step}`)
    }
  }
})

t.test('libvirt does not take it, QEMU does not start, somebody is faster', async (t) => {
  const machine = await MachinePlace.make(t)
  const { place, ioctx } = machine
  const { pool } = place
  const undefinable = await failure(machine.create({ machineType: 'none-such' }))
  t.match(undefinable, {
    code: 'ERR_RBDKIT_STEP_FAILED',
    step: 'domain',
    cause: { name: 'LibvirtError' },
    left: [],
  })
  t.same(await machine.there(), [])
  const bridge = await failure(machine.create({ networks: [{ type: 'bridge', bridge: 'none-such' }] }))
  t.match(bridge, {
    code: 'ERR_RBDKIT_STEP_FAILED',
    step: 'start',
    cause: { name: 'LibvirtError' },
    left: [],
  })
  t.same(await machine.there(), [])

  // The tenth image is somebody else's by the time that its step comes.
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
  let other: Promise<void> | undefined
  const lost = await failure(
    machine.create({
      disks: names.map((image) => ({ pool, image, size: mib })),
      onProgress: () => {
        other ??= Image.create(ioctx, 'j', { size: 4 * mib })
      },
    }),
  )
  await other
  t.match(lost, {
    code: 'ERR_RBDKIT_STEP_FAILED',
    step: `image ${pool}/j`,
    cause: { code: 'EEXIST' },
    left: [],
  })
  t.same(await machine.there(), ['image j'], 'which stays')
})
