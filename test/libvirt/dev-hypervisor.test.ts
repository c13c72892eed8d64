import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { LocalCluster, LocalHypervisor } from 'rbdkit/dev'
import t from 'tap'
import { rbdPoolsStart } from '../helpers/releases.js'
import { listening, processesBelow } from '../helpers/sockets.js'

const exec = promisify(execFile)
const skip = process.getuid?.() === 0 ? false : 'a local hypervisor needs root'

async function virsh(hypervisor: LocalHypervisor, ...args: string[]): Promise<string> {
  const { stdout } = await exec('virsh', ['-c', hypervisor.uri, ...args], { timeout: 60_000 })
  return stdout.trim()
}

/** Processes of which a file in `/proc` matches. */
function processesWith(file: 'cmdline' | 'environ', pattern: string): string[] {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/${file}`, 'utf8').includes(pattern)
    } catch {
      return false
    }
  })
}

const hostDirectories = [
  '/etc/libvirt',
  '/var/lib/libvirt',
  '/var/cache/libvirt',
  '/run/libvirt',
  '/var/log/libvirt',
]

/** What of libvirt's own directories the host has: it must stay as it was. */
const hostState = () =>
  hostDirectories.map((directory) => (existsSync(directory) ? readdirSync(directory).sort() : 'absent'))

t.test('two at once, apart from each other and from the host', { skip }, async (t) => {
  const before = hostState()
  const accounts = readFileSync('/etc/passwd', 'utf8')
  const began = Date.now()
  const [one, two] = await Promise.all([LocalHypervisor.start(), LocalHypervisor.start()])
  t.teardown(() => Promise.all([one.close(), two.close()]))
  t.comment(`${Date.now() - began} ms for both`)
  t.ok(Date.now() - began < 15_000)
  const uuid = randomUUID()
  const file = join(one.directory, 'secret.xml')
  writeFileSync(
    file,
    `<secret><uuid>${uuid}</uuid><usage type='ceph'><name>client.x secret</name></usage></secret>`,
  )
  await virsh(one, 'secret-define', file)
  t.match(await virsh(one, 'secret-list'), uuid)
  t.notMatch(await virsh(two, 'secret-list'), uuid)
  t.match(await virsh(one, 'pool-capabilities'), "<pool type='rbd' supported='yes'>")
  t.not(await virsh(one, 'hostname'), await virsh(two, 'hostname'))
  const hostUuid = async (one: LocalHypervisor) =>
    /<uuid>(.+)<\/uuid>/.exec(await virsh(one, 'capabilities'))?.[1]
  t.not(await hostUuid(one), await hostUuid(two))
  const { stdout } = await exec('virsh', ['uri'], { env: { ...process.env, ...two.env } })
  t.equal(stdout.trim(), two.uri)

  await one.close()
  t.same(processesWith('cmdline', `${one.directory}/`), [])
  t.notOk(existsSync(one.directory))
  t.equal(await virsh(two, 'list', '--name'), '', 'the other one goes on')
  await two.close()
  t.notOk(existsSync(two.directory))
  t.same(hostState(), before)
  t.equal(readFileSync('/etc/passwd', 'utf8'), accounts)
  t.notMatch(readFileSync('/proc/self/mounts', 'utf8'), /libvirt/)
})

t.test('a guest with an RBD disk, which ends with its hypervisor', { skip }, async (t) => {
  const cluster = await LocalCluster.start({ objectstore: 'memstore' })
  t.teardown(() => cluster.close())
  const hypervisor = await LocalHypervisor.start()
  t.teardown(() => hypervisor.close())
  const ceph = async (program: string, ...args: string[]) =>
    (await exec(program, args, { env: { ...process.env, ...cluster.env }, timeout: 60_000 })).stdout.trim()
  await ceph('ceph', 'osd', 'pool', 'create', 'rbd')
  await ceph('rbd', 'create', 'rbd/disk', '--size', '64M')
  const uuid = randomUUID()
  const { host, port } = cluster.monitors[0] ?? { host: '', port: 0 }
  const define = (name: string, xml: string) => {
    const file = join(hypervisor.directory, `${name}.xml`)
    writeFileSync(file, xml)
    return file
  }
  const usage = "<usage type='ceph'><name>client.admin secret</name></usage>"
  await virsh(hypervisor, 'secret-define', define('secret', `<secret><uuid>${uuid}</uuid>${usage}</secret>`))
  const key = join(hypervisor.directory, 'key')
  writeFileSync(key, await ceph('ceph', 'auth', 'get-key', 'client.admin'), { mode: 0o600 })
  await virsh(hypervisor, 'secret-set-value', uuid, '--file', key)
  const pool = `<pool type='rbd'><name>pool</name><source><name>rbd</name><host name='${host}' port='${port}'/>
    <auth username='admin' type='ceph'><secret uuid='${uuid}'/></auth></source></pool>`
  if (rbdPoolsStart) {
    await virsh(hypervisor, 'pool-create', define('pool', pool))
    t.match(await virsh(hypervisor, 'vol-list', 'pool'), 'rbd/disk')
  }
  const vm = `vm-${uuid}`
  const domain = `<domain type='qemu'><name>${vm}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
    <os><type arch='x86_64'>hvm</type></os><devices>
    <disk type='network' device='disk'><driver name='qemu' type='raw'/>
      <auth username='admin'><secret type='ceph' uuid='${uuid}'/></auth>
      <source protocol='rbd' name='rbd/disk'><host name='${host}' port='${port}'/></source>
      <target dev='vda' bus='virtio'/></disk>
    <serial type='pty'><log file='${join(hypervisor.directory, 'serial.log')}'/></serial>
    </devices></domain>`
  const file = define('domain', domain)
  await virsh(hypervisor, 'create', file)
  t.equal(await virsh(hypervisor, 'domstate', vm), 'running')
  t.match(await ceph('rbd', 'status', 'rbd/disk'), /watcher=/, 'QEMU has the image open')
  t.ok(existsSync(join(hypervisor.directory, 'serial.log')), 'its console has a log')
  t.equal(processesWith('cmdline', `guest=${vm}`).length, 1)
  await virsh(hypervisor, 'destroy', vm)
  t.equal(processesWith('cmdline', `guest=${vm}`).length, 0)
  await virsh(hypervisor, 'create', file)
  t.equal(processesWith('cmdline', `guest=${vm}`).length, 1)
  const ours = processesBelow(hypervisor.directory)
  t.ok(ours.length >= 3, 'init, libvirtd and the guest')
  t.same(ours.flatMap(listening), [], 'reached by files alone, not by a port')
  await hypervisor.close()
  t.same(processesWith('cmdline', `guest=${vm}`), [], 'no guest is left')
  t.notOk(existsSync(hypervisor.directory))
})

t.test('a start that fails keeps the log; a given directory is left', { skip }, async (t) => {
  const directory = mkdtempSync('/tmp/rk-hyp-')
  t.teardown(() => rmSync(directory, { recursive: true }))
  const hypervisor = await LocalHypervisor.start({ directory })
  await hypervisor.close()
  t.ok(existsSync(join(hypervisor.logs, 'libvirtd.log')))
  await t.rejects(LocalHypervisor.start({ directory }), { code: 'ERR_RBDKIT_DEV_EXISTS' })
  const reason = new Error('enough')
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), 100)
  await t.rejects(LocalHypervisor.start({ signal: controller.signal }), reason)
})

t.test('SIGKILL of the owner ends libvirtd too', { skip }, async (t) => {
  const program = `
    import { LocalHypervisor } from 'rbdkit/dev'
    const hypervisor = await LocalHypervisor.start()
    console.log(hypervisor.directory)
    setInterval(() => {}, 1000)
  `
  const env = { ...process.env, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const directory = line.toString().trim()
  t.ok(processesWith('cmdline', `${directory}/`).length >= 3, 'unshare, init and libvirtd')
  child.kill('SIGKILL')
  const began = Date.now()
  while (existsSync(directory) && Date.now() - began < 10_000) await sleep(20)
  t.notOk(existsSync(directory))
  t.same(processesWith('cmdline', `${directory}/`), [])
})
