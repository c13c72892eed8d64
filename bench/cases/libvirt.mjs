// A libvirtd with many domains, asked for all of them; a file that goes into a volume; events that come quickly.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalHypervisor } from 'rbdkit/dev'
import { Connection, xml } from 'rbdkit/libvirt'
import { shell } from '../copy/commands.mjs'
import { compareCopies } from '../copy/compare.mjs'
import { makeWorkspace } from '../copy/workspace.mjs'

const MiB = 2 ** 20
const child = fileURLToPath(new URL('../children/libvirt.mjs', import.meta.url))
const python = fileURLToPath(new URL('../children/python-libvirt.py', import.meta.url))

async function withHypervisor(use) {
  const directory = makeWorkspace()
  const hypervisor = await LocalHypervisor.start()
  try {
    return await use(hypervisor, directory)
  } finally {
    await hypervisor.close()
    rmSync(directory, { recursive: true })
  }
}

const stats = {
  name: 'libvirt-stats',
  title: 'state, memory and CPUs of five hundred defined domains, fifty times',
  clusters: 0,
  sides: ['python-loop', 'python-bulk', 'rbdkit'],
  metrics: ['workSeconds', 'workCpu', 'seconds', 'cpu', 'maxRss', 'loopDelay'],
  goals: [
    { metric: 'workSeconds', against: ['python-loop'], atLeast: 3 },
    { metric: 'workSeconds', against: ['python-bulk'], atLeast: 1 },
    { metric: 'workCpu', against: ['python-bulk'], atMost: 1 },
  ],

  run(_, options) {
    return withHypervisor(async ({ uri }) => {
      const domains = options.quick ? 20 : 500
      const connection = await Connection.open(uri)
      for (let n = 0; n < domains; n++) {
        const document = xml.domain({ name: `domain-${n}`, type: 'qemu', memoryMiB: 64, vcpus: 2 })
        await connection.defineDomain(document)
      }
      await connection.close()
      const rounds = options.quick ? 2 : 50
      const words = [uri, String(rounds), String(domains)]
      const job = {
        commands: {
          'python-loop': ['/usr/bin/python3', python, 'loop', ...words],
          'python-bulk': ['/usr/bin/python3', python, 'bulk', ...words],
          rbdkit: [process.execPath, child, 'stats', ...words],
        },
        verify() {}, // each child ends with an error unless every round told of every domain
        discard() {},
      }
      return {
        image: { amount: `${domains} domains, ${rounds} rounds` },
        ...(await compareCopies(this, job, options)),
      }
    })
  },
}

const upload = {
  name: 'libvirt-upload',
  title: 'a file of random bytes into a volume, through libvirtd',
  clusters: 0,
  sides: ['virsh', 'rbdkit'],
  metrics: ['seconds', 'cpu', 'maxRss'],
  goals: [{ metric: 'seconds', against: ['virsh'], atLeast: 1.3 }],

  run(_, options) {
    return withHypervisor(async ({ uri }, directory) => {
      const size = (options.quick ? 16 : 1024) * MiB
      const file = join(directory, 'file')
      const pool = join(directory, 'pool')
      mkdirSync(pool)
      const [program, ...args] = shell('head -c "$1" /dev/urandom > "$2"', String(size), file)
      execFileSync(program, args)
      const connection = await Connection.open(uri)
      const target = { name: 'bench', type: 'dir', path: pool }
      const storage = await connection.defineStoragePool(xml.storagePool(target))
      await storage.create()
      const volume = await storage.createVolume(
        xml.storageVolume({ name: 'volume', capacity: size, allocation: 0 }),
      )
      const path = await volume.path()
      await connection.close()
      const job = {
        commands: {
          virsh: ['virsh', '-c', uri, 'vol-upload', '--pool', 'bench', 'volume', file],
          rbdkit: [process.execPath, child, 'upload', uri, 'bench', 'volume', file],
        },
        verify() {
          if (!readFileSync(path).equals(readFileSync(file))) throw new Error('the volume has other bytes')
        },
        discard() {},
      }
      return { image: { amount: `${size / MiB} MiB` }, ...(await compareCopies(this, job, options)) }
    })
  },
}

const events = {
  name: 'libvirt-events',
  title: 'events of a domain of the test driver, one after the other, checked for their order',
  clusters: 0,
  sides: ['rbdkit'],
  metrics: ['perSecond', 'workCpu', 'loopDelay', 'maxRss'],
  goals: [
    { metric: 'perSecond', atLeast: 10_000, unit: 'a second' },
    { metric: 'loopDelay', below: 20, unit: 'ms' },
  ],

  async run(_, options) {
    const count = options.quick ? 2000 : 200_000
    const job = {
      commands: { rbdkit: [process.execPath, child, 'events', String(count)] },
      verify() {}, // the child checks the order
      discard() {},
    }
    return { image: { amount: `${count} events` }, ...(await compareCopies(this, job, options)) }
  },
}

export const libvirt = [stats, upload, events]
