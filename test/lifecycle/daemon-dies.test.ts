/**
 * A libvirtd that dies in the middle of every call: each rejects with the typed error, none hangs, and nothing of them is
 * left. It is stopped first, so that a call that speaks with it is under way for sure, and then killed.
 */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Connection, xml } from 'rbdkit/libvirt'
import t from 'tap'
import { plainNode } from '../helpers/child.js'
import { RestartableHypervisor } from '../helpers/restartable.js'

t.setTimeout(300_000)

interface Told {
  code?: string
  syscall?: string
  domain?: string
  message?: string
  typed?: boolean
  /** It had not ended when the daemon was killed. */
  underWay: boolean
}

interface Round {
  calls: number
  told: Record<string, Told>
  underWay: number
  hung: string[]
  without: string[]
  before: { threads: number; descriptors: number }
  after: { threads: number; descriptors: number }
  rss: number
}

const portUuid = '8e7a4b9c-5f0b-4d5e-8f3a-2a5d1a9b7c11'

/** What a restart takes away: the network is off then, for it has no bridge. */
async function makePort(uri: string): Promise<void> {
  const connection = await Connection.open(uri)
  const network = await connection.networks.byName('rows')
  if (!(await network.isActive())) await network.create()
  await network.createPort(
    `<networkport><uuid>${portUuid}</uuid><owner><name>rows</name><uuid>6c0a2b54-4d4a-4d9a-9b6b-0b8f43a7a4a1</uuid></owner><mac address='52:54:00:7b:35:93'/></networkport>`,
  )
  await connection.close()
}

/** Makes one of each kind of object; the child looks them up by these names. */
async function makeObjects(uri: string, directory: string) {
  const connection = await Connection.open(uri)
  const disk = join(directory, 'rows.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '1M'])
  const domain = await connection.defineDomain(
    xml.domain({
      name: 'rows',
      type: 'qemu',
      memoryMiB: 32,
      vcpus: 1,
      disks: [xml.fileDisk({ path: disk, format: 'qcow2', target: 'vda' })],
    }),
  )
  await domain.snapshots.create('<domainsnapshot><name>rows</name></domainsnapshot>')
  await domain.create()
  await domain.checkpoints.create('<domaincheckpoint><name>rows</name></domaincheckpoint>')
  await connection.networks.define(
    "<network><name>rows</name><forward mode='bridge'/><bridge name='rows'/></network>",
  )
  await connection.nwfilters.define("<filter name='rows' chain='root'/>")
  const pool = await connection.defineStoragePool(
    `<pool type='dir'><name>rows</name><target><path>${directory}</path></target></pool>`,
  )
  await pool.create()
  const secret = await connection.defineSecret(xml.secret({ usage: { type: 'ceph', name: 'rows' } }))
  const [link] = await connection.interfaces.list()
  const [device] = await connection.nodeDevices.list()
  await connection.close()
  return {
    domain: 'rows',
    snapshot: 'rows',
    checkpoint: 'rows',
    network: 'rows',
    port: portUuid,
    filter: 'rows',
    pool: 'rows',
    volume: 'rows.qcow2',
    secret: secret.uuid,
    interface: link?.name,
    device: device?.name,
  }
}

/** Runs the child to its end; its rounds. */
async function callAll(
  hypervisor: RestartableHypervisor,
  of: { uri: string; admin: boolean; rounds: number; names: object },
): Promise<Round[]> {
  const file = fileURLToPath(new URL('children/daemon-dies.mjs', import.meta.url))
  const [command, args] = plainNode(['--expose-gc', file, JSON.stringify(of)])
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const told: Round[] = []
  const acts: Record<string, () => unknown> = {
    stop: () => hypervisor.kill('SIGSTOP'),
    kill: () => hypervisor.kill(),
    start: async () => {
      await hypervisor.startAgain()
      await makePort(hypervisor.uri)
    },
  }
  child.on('message', async (message: { ask: string } | Round) => {
    if (!('ask' in message)) return void told.push(message)
    await acts[message.ask]?.()
    child.send('done')
  })
  const [code, signal] = await once(child, 'close')
  t.strictSame([code, signal], [0, null])
  return told
}

/** What is called elsewhere, and why. */
const elsewhere: Record<string, string> = {
  virConnectOpen: 'connection.test.ts opens one to a daemon that never answers',
  virAdmConnectOpen: 'the same code',
  virAdmConnectRegisterCloseCallback:
    'it sends nothing; libvirt-admin 9.0 never frees a connection whose close callback it has called',
  virStreamRecvFlags: 'the bytes of streams are those of stream-ends.test.ts',
  virStreamSend: 'likewise',
  virStreamSendHole: 'likewise',
  virStreamFinish: 'likewise',
  virNWFilterBindingDelete:
    "libvirtd makes a binding only for a guest's interface on the host; CreateXML is called",
  virNWFilterBindingGetXMLDesc: 'likewise',
}

/** What libvirt answers by itself; each resolves although the daemon is stopped. */
const local = ['virConnectGetURI', 'virConnectIsAlive', 'virAdmConnectIsAlive', 'virAdmConnectGetURI']

for (const admin of [false, true]) {
  t.test(
    `a libvirtd that dies in the middle of every call of ${admin ? 'libvirt-admin' : 'libvirt'}`,
    async (t) => {
      const hypervisor = await RestartableHypervisor.start(t)
      const names = await makeObjects(hypervisor.uri, t.testdir())
      await makePort(hypervisor.uri)
      const uri = admin ? hypervisor.adminUri : hypervisor.uri
      const rounds = await callAll(hypervisor, { uri, admin, rounds: 4, names })
      t.equal(rounds.length, 4)
      for (const { told, hung, calls, underWay, without, before, after } of rounds) {
        t.strictSame(hung, [], 'none hangs')
        t.strictSame(
          without.filter((name) => elsewhere[name] === undefined),
          [],
          'each function is called',
        )
        const early: string[] = []
        for (const [name, { typed, syscall, code, domain, message, underWay }] of Object.entries(told)) {
          // A host's library may be older than a function: then nothing is sent.
          if (!underWay && code !== 'ENOSYS') early.push(message ?? name)
          if (code === undefined) continue
          t.match({ typed, syscall, code }, { typed: true, syscall: name, code: /^(VIR_ERR_|ENOSYS)/ }, name)
          if (underWay && code !== 'ENOSYS') t.match(domain, /^VIR_FROM_(RPC|REMOTE)$/, name)
        }
        t.strictSame(
          early.filter((name) => !local.includes(name)),
          [],
          'all others were under way',
        )
        t.ok(underWay > (admin ? 15 : 290), `${underWay} of ${calls} were under way`)
        t.strictSame(after, before, 'threads and descriptors are back')
      }
      // The first round fills what libvirt and the allocator keep. So many bytes in two rounds are 7 KiB a call; what the
      // allocator itself takes and gives back is a tenth of it.
      const [, second, , last] = rounds.map(({ rss }) => rss)
      const grown = (last as number) - (second as number)
      t.ok(grown < 4 * 2 ** 20, `two rounds have left ${grown} bytes`)
    },
  )
}
