/** Every sample of docs/guide runs as it stands, or says why not. */

import * as fs from 'node:fs'
import * as http from 'node:http'
import { join } from 'node:path'
import * as readline from 'node:readline'
import * as streams from 'node:stream/promises'
import * as zlib from 'node:zlib'
import * as rbdkit from 'rbdkit'
import { Image, type IoCtx, namespaceCreate, namespaceRemove } from 'rbdkit'
import * as dev from 'rbdkit/dev'
import * as libvirt from 'rbdkit/libvirt'
import * as provision from 'rbdkit/provision'
import t, { type Test } from 'tap'
import { contentOf, mib, openPool } from '../cluster/copy/fixture.js'
import { randomName, sharedCluster } from '../helpers/cluster.js'
import { guideFences, type Modules, runSample } from '../helpers/guide.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { convertToQcow2 } from '../helpers/qcow2.js'
import { rbdPoolsStart } from '../helpers/releases.js'

const modules: Modules = {
  rbdkit,
  'rbdkit/dev': dev,
  'rbdkit/libvirt': libvirt,
  'rbdkit/provision': provision,
  'node:fs': fs,
  'node:http': http,
  'node:readline': readline,
  'node:stream/promises': streams,
  'node:zlib': zlib,
}
const old = Buffer.alloc(mib, 'old ')
const now = Buffer.concat([Buffer.alloc(4096, 'new '), old.subarray(4096)])

/** An image that has become `now` after its snapshots were made. */
async function makeImage(ioctx: IoCtx, name: string, ...snapshots: string[]): Promise<void> {
  await Image.create(ioctx, name, { size: mib })
  await using image = await Image.open(ioctx, name)
  await image.write(old, { position: 0 })
  for (const snapshot of snapshots) await image.snapshots.create(snapshot)
  await image.write(now, { position: 0 })
}

interface Place {
  t: Test
  ioctx: IoCtx
  elsewhere: IoCtx
  directory: string
  /** Of the libvirtd. */
  uri: string
}

interface Sample {
  /** Makes what the sample takes for granted; gives what else it calls by name. */
  before?: (place: Place) => Promise<Record<string, unknown> | undefined>
  /** What stands for the reader's own names, and what the test puts there. */
  replace?: (place: Place) => Record<string, string>
  after?: (place: Place) => Promise<void>
}

const vm1 = async ({ ioctx }: Place): Promise<undefined> =>
  makeImage(ioctx, 'vm1', 'monday') as Promise<undefined>
const same = async (t: Test, ioctx: IoCtx, name: string, snapshot?: string, content = now) =>
  t.ok((await contentOf(ioctx, name, snapshot)).equals(content), `${name} is what it was made of`)
const inDirectory =
  (...names: string[]) =>
  (place: Place) =>
    Object.fromEntries(
      names.map((name) => [`'${name}'`, JSON.stringify(join(place.directory, name.replaceAll('/', '-')))]),
    )
const anImage =
  (name: string) =>
  async ({ ioctx }: Place) => {
    await makeImage(ioctx, name)
    const image = await Image.open(ioctx, name)
    return { image }
  }
const source = async ({ ioctx }: Place) => {
  await makeImage(ioctx, 'source', 's')
  return { source: { ioctx, image: 'source', snapshot: 's' } }
}

const samples: Record<string, Sample> = {
  bench: {
    before: async ({ ioctx }) => makeImage(ioctx, 'scratch') as Promise<undefined>,
    replace: () => ({ 'runtime: 30': 'runtime: 0.2' }),
  },
  'block-io-special': {
    before: async (place) => ({
      ...(await anImage('disk')(place)),
      header: Buffer.alloc(512, 'h'),
      table: Buffer.alloc(512, 't'),
      before: Buffer.alloc(512, 'new '),
      after: Buffer.alloc(512, 'a'),
    }),
    after: async ({ t, ioctx }) => {
      const content = await contentOf(ioctx, 'disk')
      t.match([content.toString('latin1', 510, 514), content.toString('latin1', 4096, 4098)], ['hhaa', 'tt'])
    },
  },
  'block-io-pool': { before: anImage('disk') },
  'block-io-file-handle': { before: anImage('disk') },
  'block-io-options': {},
  'clone-machines': {
    before: async ({ ioctx, uri }) => {
      // libvirt 9.0 has no namespaces.
      await using plain = await ioctx.cluster.openIoCtx(ioctx.pool)
      await Image.create(plain, 'template', { size: mib })
      await using virt = await libvirt.Connection.open(uri)
      const disk = libvirt.xml.rbdDisk({ pool: ioctx.pool, image: 'template', target: 'vda' })
      const name = `${ioctx.pool}-template`
      const document = { name, type: 'qemu', memoryMiB: 32, vcpus: 1, disks: [disk] } as const
      await virt.defineDomain(libvirt.xml.domain(document))
      return undefined as never
    },
    replace: ({ ioctx, uri }) => ({
      "'template'": JSON.stringify(`${ioctx.pool}-template`),
      "['web1', 'web2', 'web3']": JSON.stringify([1, 2, 3].map((i) => `${ioctx.pool}-web${i}`)),
      "'qemu:///system'": JSON.stringify(uri),
    }),
    after: async ({ t, ioctx, uri }) => {
      await using virt = await libvirt.Connection.open(uri)
      for (const name of ['template', 'web1', 'web2', 'web3'])
        await (await virt.domainByName(`${ioctx.pool}-${name}`)).undefine()
      await using plain = await ioctx.cluster.openIoCtx(ioctx.pool)
      const images = (await Image.list(plain)).map(({ name }) => name)
      t.ok(images.includes(`${ioctx.pool}-web3-vda`), images.join())
    },
  },
  'copy-http': {},
  'copy-gzip': {
    before: async ({ directory }) =>
      fs.writeFileSync(join(directory, 'disk.raw.gz'), zlib.gzipSync(now)) as undefined,
    replace: inDirectory('disk.raw.gz'),
    after: ({ t, ioctx }) => same(t, ioctx, 'disk').then(() => {}),
  },
  'copy-deep': {
    before: vm1,
    // Two copies of the same name: the second as into a pool where it is not there yet.
    replace: () => ({
      "snapshot: 'monday' }, { ioctx: elsewhere, image: 'vm1' }":
        "snapshot: 'monday' }, { ioctx: elsewhere, image: 'vm1-monday' }",
    }),
    after: async ({ t, elsewhere }) => {
      await same(t, elsewhere, 'vm1')
      await same(t, elsewhere, 'vm1', 'monday', old)
      await same(t, elsewhere, 'vm1-monday', undefined, old)
    },
  },
  'copy-keep-parent': {
    before: async ({ ioctx }) => {
      await makeImage(ioctx, 'golden', 'base')
      await Image.clone(ioctx, { image: 'golden', snapshot: 'base' }, ioctx, 'vm1', { cloneFormat: 2 })
      return undefined
    },
    after: async ({ t, ioctx }) => {
      await same(t, ioctx, 'vm2', undefined, old)
      await using image = await Image.open(ioctx, 'vm2', { readOnly: true })
      t.match(await image.parent(), { image: 'golden', snapshot: 'base' })
    },
  },
  'copy-image-stream': {
    before: vm1,
    replace: inDirectory('vm1.rbd'),
    after: ({ t, elsewhere }) => same(t, elsewhere, 'vm1').then(() => {}),
  },
  'copy-server-side': {
    before: source,
    after: ({ t, ioctx }) => same(t, ioctx, 'disk', undefined, old).then(() => {}),
  },
  'copy-resume': {
    before: source,
    after: ({ t, ioctx }) => same(t, ioctx, 'disk', undefined, old).then(() => {}),
  },
  'copy-cleanup': { replace: ({ directory }) => ({ "'/var/lib/images'": JSON.stringify(directory) }) },
  'copy-replace-losses': {
    before: async (place) => {
      await makeImage(place.ioctx, 'disk', 'old')
      return source(place)
    },
  },
  'copy-replace': {
    before: async (place) => {
      await makeImage(place.ioctx, 'disk')
      return source(place)
    },
    after: ({ t, ioctx }) => same(t, ioctx, 'disk', undefined, old).then(() => {}),
  },
  'pools-groups': {
    before: async ({ ioctx }) => {
      await makeImage(ioctx, 'data')
      await makeImage(ioctx, 'log')
      return undefined
    },
    after: async ({ t, ioctx }) => {
      const group = new rbdkit.Group(ioctx, 'database')
      t.same((await group.images.list()).map(({ image }) => image).sort(), ['data', 'log'])
      t.match(await group.snapshots.list(), [{ name: 'monday', state: 'complete' }])
      await rbdkit.Group.remove(ioctx, 'database')
    },
  },
  'pools-migration': {
    before: ({ ioctx }) => makeImage(ioctx, 'disk') as Promise<undefined>,
    after: async ({ t, ioctx, elsewhere }) => {
      t.notOk((await Image.list(ioctx)).some(({ name }) => name === 'disk'))
      await same(t, elsewhere, 'disk')
    },
  },
  'pools-inventory': { before: ({ ioctx }) => makeImage(ioctx, 'disk') as Promise<undefined> },
  'diffs-export': {
    before: async ({ ioctx, elsewhere }) => {
      await makeImage(ioctx, 'disk', 'monday')
      await using image = await Image.open(ioctx, 'disk')
      await image.snapshots.create('tuesday')
      await rbdkit.copy(
        { ioctx, image: 'disk', snapshot: 'monday' },
        { ioctx: elsewhere, image: 'disk' },
        { deep: true },
      )
      return undefined
    },
    replace: inDirectory('tuesday.diff'),
    after: ({ t, elsewhere }) => same(t, elsewhere, 'disk', 'tuesday').then(() => {}),
  },
  'diffs-gzip': {
    before: async ({ ioctx, elsewhere }) => {
      await makeImage(ioctx, 'disk', 'monday')
      await using image = await Image.open(ioctx, 'disk')
      await image.snapshots.create('tuesday')
      await rbdkit.copy(
        { ioctx, image: 'disk', snapshot: 'monday' },
        { ioctx: elsewhere, image: 'copy' },
        { deep: true },
      )
      return undefined
    },
    replace: inDirectory('tuesday.diff.gz'),
    after: ({ t, elsewhere }) => same(t, elsewhere, 'copy', 'tuesday').then(() => {}),
  },
  'diffs-files': {
    before: async ({ ioctx, directory }) => {
      await makeImage(ioctx, 'disk', 'monday')
      await using image = await Image.open(ioctx, 'disk')
      await image.snapshots.create('tuesday')
      const at = (snapshot: string) => ({ ioctx, image: 'disk', snapshot })
      await rbdkit.exportDiff(at('monday'), { file: join(directory, 'monday.diff') })
      await rbdkit.exportDiff(
        at('tuesday'),
        { file: join(directory, 'tuesday.diff') },
        { fromSnapshot: 'monday' },
      )
      return undefined
    },
    replace: inDirectory('monday.diff', 'tuesday.diff', 'both.diff', 'disk.raw'),
    after: async ({ t, directory }) =>
      void t.ok(fs.readFileSync(join(directory, 'disk.raw')).equals(now), 'the disk is what the image is'),
  },
  errors: {},
  'getting-started': {
    before: async ({ directory }) => fs.writeFileSync(join(directory, 'debian-12.raw'), now) as undefined,
    replace: (place) => ({
      "'/etc/ceph/ceph.conf'": JSON.stringify(process.env.CEPH_CONF),
      "'vms'": JSON.stringify(`${place.ioctx.pool}-vms`),
      "'client.libvirt'": "'client.admin'",
      "'qemu:///system'": JSON.stringify(place.uri),
      "'client.libvirt secret'": JSON.stringify(`${place.ioctx.pool} secret`),
      ...inDirectory('debian-12.raw')(place),
    }),
    after: async ({ ioctx, uri }) => {
      // A connection that is older than the pool may not know it yet.
      await using cluster = await rbdkit.Cluster.connect()
      await cluster.pools.delete(`${ioctx.pool}-vms`)
      await using virt = await libvirt.Connection.open(uri)
      await (await virt.secretByUsage('ceph', `${ioctx.pool} secret`)).undefine()
    },
  },
  'prepare-host': {
    replace: (place) => ({
      "'libvirt-pool'": JSON.stringify(`${place.ioctx.pool}-vms`),
      ...(rbdPoolsStart ? {} : { "user: 'libvirt' })\nfor": "user: 'libvirt', storagePool: false })\nfor" }),
      "user: 'libvirt'": `user: ${JSON.stringify(`${place.ioctx.pool}-guests`)}`,
      "'qemu:///system'": JSON.stringify(place.uri),
      "name: 'vm1'": `type: 'qemu', name: ${JSON.stringify(`${place.ioctx.pool}-vm1`)}`,
    }),
    after: async ({ t, ioctx, uri }) => {
      await using cluster = await rbdkit.Cluster.connect()
      t.notOk((await cluster.pools.list()).includes(`${ioctx.pool}-vms`), 'the pool is gone again')
      await t.rejects(cluster.auth.get(`client.${ioctx.pool}-guests`), { code: 'ENOENT' })
      await using virt = await libvirt.Connection.open(uri)
      const usage = `client.${ioctx.pool}-guests secret`
      await t.rejects(virt.secretByUsage('ceph', usage), { code: 'VIR_ERR_NO_SECRET' })
    },
  },
  machines: {
    before: async ({ ioctx, uri }) => {
      await using cluster = await rbdkit.Cluster.connect()
      await using virt = await libvirt.Connection.open(uri)
      const [pool, user] = [`${ioctx.pool}-vms`, `${ioctx.pool}-guests`]
      await provision.prepareLibvirt(cluster, virt, { pool, user, storagePool: false })
      await using own = await cluster.openIoCtx(pool)
      await makeImage(own, 'debian-12')
      await using template = await Image.open(own, 'debian-12')
      await template.snapshots.create('base')
      await template.snapshots.protect('base')
      return undefined
    },
    replace: (place) => ({
      "'libvirt-pool'": JSON.stringify(`${place.ioctx.pool}-vms`),
      "user: 'libvirt'": `user: ${JSON.stringify(`${place.ioctx.pool}-guests`)}, networks: []`,
      "'qemu:///system'": JSON.stringify(place.uri),
      "'web1'": JSON.stringify(`${place.ioctx.pool}-web1`),
      // What is in the image is no operating system.
      'memoryMiB: 2048': 'memoryMiB: 32',
      'acpiMs: 60_000': 'acpiMs: 500',
    }),
    after: async ({ t, ioctx, uri }) => {
      await using cluster = await rbdkit.Cluster.connect()
      await using virt = await libvirt.Connection.open(uri)
      const [pool, user] = [`${ioctx.pool}-vms`, `${ioctx.pool}-guests`]
      await t.rejects(virt.domainByName(`${ioctx.pool}-web1`), { code: 'VIR_ERR_NO_DOMAIN' })
      {
        await using own = await cluster.openIoCtx(pool)
        t.same(
          (await Image.list(own)).map(({ name }) => name),
          ['debian-12'],
        )
      }
      await provision.removeLibvirt(cluster, virt, { pool, user, removeImages: true })
    },
  },
  qcow2: {
    before: async ({ directory }) => qcow2(directory, 'debian-12.qcow2', '-uploads-7'),
    replace: inDirectory('debian-12.qcow2', '/uploads/7'),
    after: async ({ t, ioctx }) => {
      await same(t, ioctx, 'debian-12')
      await same(t, ioctx, 'upload-7')
    },
  },
  'qcow2-backing': {
    before: async ({ directory }) => qcow2(directory, 'vm1.qcow2'),
    replace: (place) => ({
      ...inDirectory('vm1.qcow2')(place),
      "'/var/lib/images'": JSON.stringify(place.directory),
    }),
    after: ({ t, ioctx }) => same(t, ioctx, 'vm1').then(() => {}),
  },
  'verify-compare': {
    before: async (place) => {
      fs.writeFileSync(join(place.directory, 'vm1.raw'), Buffer.concat([now, now]))
      return vm1(place)
    },
    replace: inDirectory('vm1.raw'),
  },
  'verify-full': {
    before: vm1,
    after: ({ t, elsewhere }) => same(t, elsewhere, 'vm1', 'monday', old).then(() => {}),
  },
}

function qcow2(directory: string, ...names: string[]): undefined {
  const raw = join(directory, 'raw')
  fs.writeFileSync(raw, now)
  for (const name of names) convertToQcow2(raw, join(directory, name), [], '')
}

const fences = guideFences()

t.test('every code block of the guide has a test, or says why not', async (t) => {
  t.ok(fences.length > 40)
  for (const { place, mark } of fences) {
    t.ok(
      mark?.startsWith('no: ') || Object.hasOwn(samples, mark ?? ''),
      `${place}: ${mark ?? 'it has no mark'}`,
    )
  }
  const used = new Set(fences.map(({ mark }) => mark))
  t.same(
    Object.keys(samples).filter((name) => !used.has(name)),
    [],
    'and every test is of one',
  )
})

t.test('the samples of the guide run', { timeout: 300_000 }, async (t) => {
  const { confFile } = await sharedCluster()
  const { uri } = await sharedHypervisor()
  process.env.CEPH_CONF = confFile // for `Cluster.connect()` without a word, as on a host of the cluster
  const { ioctx: pool, cluster } = await openPool(t)
  for (const [name, { before, replace, after }] of Object.entries(samples)) {
    await t.test(name, async (t) => {
      const namespaces = [randomName('here'), randomName('there')] as const
      for (const namespace of namespaces) await namespaceCreate(pool, namespace)
      t.teardown(() => namespaces.map((namespace) => namespaceRemove(pool, namespace).catch(() => {})))
      // A bench connects by itself, and so to the pool.
      const ioctx = name === 'bench' ? pool : await cluster.openIoCtx(pool.pool, { namespace: namespaces[0] })
      const elsewhere = await cluster.openIoCtx(pool.pool, { namespace: namespaces[1] })
      const place = { t, ioctx, elsewhere, directory: t.testdir(), uri }
      const own = await before?.(place)
      let code = fences.flatMap((fence) => (fence.mark === name ? [fence.code] : [])).join('\n')
      const others = { "openIoCtx('rbd')": `openIoCtx(${JSON.stringify(pool.pool)})` }
      for (const [from, to] of Object.entries({ ...(name === 'bench' ? others : {}), ...replace?.(place) })) {
        t.ok(code.includes(from), `the sample has ${from}`)
        code = code.replaceAll(from, to)
      }
      const said: unknown[][] = []
      const console = { log: (...given: unknown[]) => void said.push(given) }
      await runSample(code, modules, { ioctx, elsewhere, ...own, console })
      await (own as { image?: Image } | undefined)?.image?.close()
      await after?.(place)
      t.pass(`${name} has run`)
    })
  }
})
