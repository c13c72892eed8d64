/** A real libvirtd's own side: its servers, clients, threads and log, compared with what `virt-admin` says of them. */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { LocalHypervisor } from 'rbdkit/dev'
import { AdminConnection, Connection } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { libvirtdPid } from '../helpers/hypervisor.js'
import { root } from '../helpers/package.js'

const run = promisify(execFile)
const hypervisor = await LocalHypervisor.start()
const admin = await AdminConnection.open(hypervisor.adminUri)
t.teardown(async () => {
  await admin.close()
  await hypervisor.close()
})

const server = await admin.serverByName('libvirtd')

/** What `virt-admin` says: the lines of a command, or its fields `name : value`. */
async function virtAdmin(...args: string[]): Promise<string[]> {
  const { stdout } = await run('virt-admin', ['--connect', hypervisor.adminUri, ...args])
  return stdout.split('\n').filter((line) => line !== '')
}
async function fields(...args: string[]): Promise<Record<string, string>> {
  const pairs = (await virtAdmin(...args)).map((line) => line.split(/\s+: /).map((part) => part.trim()))
  return Object.fromEntries(pairs)
}

t.test('the daemon', async (t) => {
  t.match(await admin.libVersion(), /^\d+\.\d+\.\d+$/)
  t.equal(await admin.uri(), hypervisor.adminUri)
  t.equal(await admin.isAlive(), true)
  const names = (await admin.servers()).map(({ name }) => name)
  t.same(names.sort(), ['admin', 'libvirtd'])
  t.equal((await virtAdmin('server-list')).filter((line) => / libvirtd| admin/.test(line)).length, 2)
  await t.rejects(admin.serverByName('none'), {
    name: 'LibvirtError',
    code: 'VIR_ERR_NO_SERVER',
    syscall: 'virAdmConnectLookupServer',
    object: 'none',
    uri: hypervisor.adminUri,
  })
})

t.test('threads', async (t) => {
  const before = await server.threadPool()
  const told = await fields('server-threadpool-info', 'libvirtd')
  t.equal(before.minWorkers, Number(told.minWorkers))
  t.equal(before.prioWorkers, Number(told.prioWorkers))
  await server.setThreadPool({ minWorkers: 7, maxWorkers: 33, prioWorkers: 6 })
  t.match(await fields('server-threadpool-info', 'libvirtd'), {
    minWorkers: '7',
    maxWorkers: '33',
    prioWorkers: '6',
  })
  t.match(await server.threadPool(), { minWorkers: 7, maxWorkers: 33, prioWorkers: 6, jobQueueDepth: 0 })
  await t.rejects(server.setThreadPool({ minWorkers: 40 }), { name: 'LibvirtError', object: 'libvirtd' })
  await t.rejects(server.setThreadPool({ nWorkers: 4 }), { name: 'LibvirtError' }, 'it can only be read')
  await t.rejects(async () => server.setThreadPool({ workers: 4 } as never), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

/** A program with connections: libvirt and libvirt-admin do not go together in a process. It says how each ends. */
const program = `
  import { Connection } from 'rbdkit/libvirt'
  const connections = await Promise.all(
    Array.from({ length: Number(process.argv[2]) }, () => Connection.open(process.argv[1])),
  )
  const ends = await Promise.all(connections.map((one) => one.events('connection', 'close')))
  console.log('open')
  for (const end of ends) end.next().then(({ value }) => console.log(value.reason))
`
async function client(t: Test, connections = 1): Promise<{ pid: number; next: () => Promise<string> }> {
  const args = ['--input-type=module', '-e', program, hypervisor.uri, `${connections}`]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => (await lines.next()).value
  t.equal(await next(), 'open')
  return { pid: child.pid ?? 0, next }
}

t.test('clients', async (t) => {
  const known = new Set((await server.clients()).map(({ id }) => id))
  const began = Date.now()
  const other = await client(t)
  const [found, ...others] = (await server.clients()).filter(({ id }) => !known.has(id))
  t.same(others, [])
  if (found === undefined) return t.fail('the other process is a client')
  t.equal(found.transport, 'unix')
  t.ok(Math.abs(found.connectedAt.getTime() - began) < 20_000, `${found.connectedAt}`)
  t.match(await found.info(), { readonly: false, unixUserId: process.getuid?.() })
  const told = await fields('client-info', 'libvirtd', `${found.id}`)
  t.equal((await found.info()).unixUserName, told.unix_user_name, JSON.stringify(told))
  t.equal((await server.clientById(found.id)).id, found.id)

  await found.disconnect()
  t.match(await other.next(), /eof|error/, 'it has lost its connection')
  t.notOk((await server.clients()).some(({ id }) => id === found.id))
  await t.rejects(found.info(), { code: 'VIR_ERR_NO_CLIENT', object: `client ${found.id}` })
  await t.rejects(server.clientById(found.id), { code: 'VIR_ERR_NO_CLIENT' })
})

t.test('limits of clients', async (t) => {
  const before = await server.clientLimits()
  const told = await fields('server-clients-info', 'libvirtd')
  t.equal(before.nclientsMax, Number(told.nclients_max))
  t.equal(before.nclientsUnauthMax, Number(told.nclients_unauth_max))
  const virsh = (timeout: number): Promise<unknown> =>
    run('virsh', ['--connect', hypervisor.uri, 'uri'], { timeout, killSignal: 'SIGKILL' })
  await virsh(20_000)
  await client(t, 2)
  const { nclients = 0 } = await server.clientLimits()
  t.ok(nclients >= 2)
  await server.setClientLimits({ nclientsMax: nclients, nclientsUnauthMax: 1 })
  t.match(await fields('server-clients-info', 'libvirtd'), { nclients_max: `${nclients}` })
  await t.rejects(virsh(10_000), 'one more than it takes')
  t.equal((await server.clientLimits()).nclients, nclients)
  await t.rejects(server.setClientLimits({ nclientsUnauthMax: nclients + 1 }), { name: 'LibvirtError' })
  await server.setClientLimits({ nclientsMax: 5000, nclientsUnauthMax: 20 })
  await virsh(20_000)
})

t.test('the log', async (t) => {
  const outputs = await admin.loggingOutputs()
  t.match(outputs, /^3:file:.*libvirtd\.log$/)
  t.equal(await admin.loggingFilters(), '')
  const file = join(hypervisor.directory, 'more.log')
  await admin.setLoggingFilters('1:rpc 1:util.error')
  await admin.setLoggingOutputs(`${outputs} 1:file:${file}`)
  t.match(await virtAdmin('daemon-log-outputs'), [/more\.log/])
  t.match((await virtAdmin('daemon-log-filters')).join(), /1:\*rpc\*/)
  await run('virsh', ['--connect', hypervisor.uri, 'uri'])
  t.ok(existsSync(file) && readFileSync(file, 'utf8').includes('virNetServer'), 'it has the calls')
  await admin.setLoggingFilters('')
  await admin.setLoggingOutputs(outputs)
  t.equal(await admin.loggingFilters(), '')
  t.equal(await admin.loggingOutputs(), outputs)
  await t.rejects(admin.setLoggingOutputs('nowhere'), { name: 'LibvirtError' })
})

t.test('what it cannot do, it says', async (t) => {
  await t.rejects(Connection.open('test:///default'), { code: 'ENOTSUP', message: /another process/ })
  await t.rejects(server.updateTlsFiles(), { name: 'LibvirtError', syscall: 'virAdmServerUpdateTlsFiles' })
  await t.rejects(AdminConnection.open(`libvirtd:///system?socket=${hypervisor.directory}/none`), {
    code: 'VIR_ERR_SYSTEM_ERROR',
    syscall: 'virAdmConnectOpen',
  })
  await t.rejects(AdminConnection.open('qemu:///system'), { name: 'LibvirtError' })
  await t.rejects(AdminConnection.open(hypervisor.adminUri, { wait: true } as never), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  const closed = await AdminConnection.open(hypervisor.adminUri)
  const of = await closed.servers()
  await closed.close()
  await t.rejects(closed.servers(), { code: 'EBADF' })
  await t.rejects(async () => of[0]?.clients(), { code: 'EBADF' })
})

t.test('a host without libvirt-admin', async (t) => {
  const directory = t.testdir({ 'libvirt-admin.so.0': 'not a library' })
  const code = `
    import { AdminConnection } from 'rbdkit/libvirt'
    const { name, code, message } = await AdminConnection.open().catch((error) => error)
    console.log(JSON.stringify({ name, code, message }))
  `
  const env = { ...process.env, LD_LIBRARY_PATH: directory }
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: root, env })
  t.match(JSON.parse(stdout), {
    name: 'LibvirtError',
    code: 'ENOSYS',
    message: /libvirt-admin\.so\.0.* apt-get install libvirt0 /,
  })
})

t.test('a daemon that has nothing to do ends by itself', async (t) => {
  const own = await LocalHypervisor.start()
  t.teardown(() => own.close())
  const pid = libvirtdPid(own)
  const connection = await AdminConnection.open(own.adminUri)
  t.teardown(() => connection.close())
  await connection.setDaemonTimeout(1000)
  await connection.close() // it would be a client
  const until = Date.now() + 30_000
  while (existsSync(`/proc/${pid}`) && Date.now() < until) await sleep(100)
  t.notOk(existsSync(`/proc/${pid}`), 'it has ended')
})

t.test('who hears that a daemon has ended', async (t) => {
  const own = await LocalHypervisor.start()
  t.teardown(() => own.close())
  const connection = await AdminConnection.open(own.adminUri)
  t.teardown(() => connection.close())
  const [one, two] = await Promise.all([connection.closeEvents(), connection.closeEvents()])
  const ends = Promise.all([one.next(), two.next()])
  const reason = { done: false, value: { reason: /eof|error/ } }
  await own.close()
  t.match(await ends, [reason, reason])
  t.equal(await connection.isAlive(), false)
  await t.rejects(connection.servers(), { name: 'LibvirtError' })
})
