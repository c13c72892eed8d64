/** `rbdkit vm` as its users run it, on a real Ceph and a real libvirtd. */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Image } from 'rbdkit'
import t from 'tap'
import { plainNode } from '../helpers/child.js'
import { sharedCluster } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { root } from '../helpers/package.js'
import { until } from '../helpers/until.js'
import { MachinePlace, mib } from './machine-fixture.js'

const exec = promisify(execFile)
const program = join(root, 'dist', 'cli', 'main.js')

t.setTimeout(300_000)

interface Ended {
  code: number
  stdout: string
  stderr: string
}

async function environment(): Promise<NodeJS.ProcessEnv> {
  const { confFile } = await sharedCluster()
  const { uri } = await sharedHypervisor()
  return { ...process.env, CEPH_CONF: confFile, LIBVIRT_DEFAULT_URI: uri }
}

async function vm(...args: string[]): Promise<Ended> {
  const [file, rest] = plainNode([program, 'vm', ...args])
  try {
    return { code: 0, ...(await exec(file, rest, { env: await environment() })) }
  } catch (error) {
    const { code, stdout, stderr } = error as Ended
    return { code, stdout, stderr }
  }
}

t.test('create, ls, console, stop, start, rm', async (t) => {
  const machine = await MachinePlace.make(t)
  const { place, ioctx, name } = machine
  const { pool, user, cluster, entity } = place
  await machine.template()
  await Image.create(ioctx, 'medium', { size: mib })
  const seed = join(t.testdir({}), 'seed.json')
  writeFileSync(seed, JSON.stringify({ hostname: 'web1' }))
  const made = await vm(
    ...['create', name, user, '-p', pool, '--memory', '32', '--vcpus', '1', '--network', 'none'],
    ...['--disk', 'root,from=template@base', '--disk', `${pool}/data,size=8m`, '--disk', 'medium,cdrom'],
    ...['--cloud-init', seed, '--no-progress'],
  )
  t.match(made, { code: 0, stderr: '', stdout: new RegExp(`^STEP +OUTCOME\nimage ${pool}/root +made\n`) })
  t.match(made.stdout, /\ndomain +made\nstart +changed\n$/)
  const images = ['data', 'medium', 'root', 'template', `${name}-cloud-init`].map((one) => `image ${one}`)
  t.same(await machine.there(), [...images, `${name} running`].sort())

  const list = await vm('ls')
  t.match(list, {
    code: 0,
    stderr: '',
    stdout: /^NAME +STATE +VCPUS +MEMORY +DISK +IMAGE +USED +SIZE +SNAPSHOTS\n/,
  })
  t.match(list.stdout, new RegExp(`\n${name} +running +1 +32 MiB +vda +${pool}/root +\\S.* 4 MiB +-\n`))
  t.match(list.stdout, new RegExp(`\n +vdb +${pool}/data +0 B +8 MiB +-\n`))
  const { stdout } = await vm('ls', '--json')
  const { key } = await cluster.auth.get(entity)
  t.notOk(`${made.stdout}${list.stdout}${stdout}`.includes(key), 'no key is shown')
  const listed = JSON.parse(stdout).find((one: { name: string }) => one.name === name)
  t.match(listed, {
    state: 'running',
    vcpus: 1,
    memory: 32 * mib,
    disks: [{ pool, image: 'root', snapshots: [] }, {}, {}, {}],
  })

  const child = spawn(process.execPath, [program, 'vm', 'console', name], {
    env: await environment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  let heard = ''
  child.stdout.setEncoding('latin1').on('data', (part: string) => {
    heard += part
  })
  const typing = setInterval(() => child.stdin.write('hello'), 200)
  await until(() => heard.includes('HELLO'), 90_000).finally(() => clearInterval(typing))
  child.stdin.write('\u001d')
  t.same(await ended, [0, null])

  const verified = await vm('verify', name)
  t.match(verified, {
    code: 1,
    stdout: new RegExp(`^CHECK +OK +FOUND\n(?:.*\n)*qemu vda +yes +${pool}/root\n`),
  })
  t.match(verified.stdout, /\nagent +no +/, 'it has none')
  t.match(await vm('rm', name, '--disks'), { code: 1, stderr: /^rbdkit: ERR_RBDKIT_IN_USE: .* runs; / })
  const stopped = await vm('stop', name, '--agent-timeout', '0', '--acpi-timeout', '0.5')
  t.match(stopped, { code: 0, stdout: 'off\n' })
  t.match(await vm('start', name, '--json'), { code: 0, stdout: /"outcome": "changed"/ })
  t.match(await vm('stop', name, '--agent-timeout', '0', '--acpi-timeout', '0', '--json'), {
    stdout: /"by": "off"/,
  })
  const removed = await vm('rm', name, '--disks', '--no-progress')
  t.match(removed, { code: 0, stderr: '', stdout: /\ndomain +removed\nimage \S+\/medium +left\n$/ })
  t.same(await machine.there(), ['image medium', 'image template'])
})

t.test('clone', async (t) => {
  const machine = await MachinePlace.make(t)
  const { name } = machine
  await machine.create({ cloudInit: { hostname: 'first' } })
  const seed = `image ${name}-cloud-init`
  const before = await machine.there()
  const clone = `${name}-2`
  const made = await vm('clone', name, clone, '--no-progress', '--start')
  t.match(made, { code: 0, stderr: '', stdout: /^STEP +OUTCOME\nsnapshots +made\n.*\ndisks: paused\n$/s })
  t.same(await machine.there(), [...before, `image ${clone}-vda`, `${clone} running`].sort())
  t.match(await vm('clone', name, clone, '--no-progress'), {
    code: 1,
    stderr: /there is a domain of that name/,
  })
  await vm('stop', clone, '--agent-timeout', '0', '--acpi-timeout', '0')
  t.match(await vm('rm', clone, '--disks', '--no-progress'), { code: 0, stderr: '' })
  t.ok(before.includes(seed))
  t.same(await machine.there(), before, "also the first one's disk for cloud-init is there")
  await using root = await Image.open(machine.ioctx, 'root', { readOnly: true })
  t.same(await root.snapshots.list(), [], 'and its image has no snapshot any more')
  const full = await vm('clone', name, clone, '--full', '--json', '--no-progress')
  t.match(JSON.parse(full.stdout), {
    name: clone,
    steps: [{ step: 'snapshots' }, {}, { step: 'release' }, {}],
  })
  t.match(await vm('rm', clone, '--disks', '--no-progress'), { code: 0 })
})

t.test('what is wrong', async (t) => {
  const machine = await MachinePlace.make(t)
  const { name } = machine
  const { pool, user } = machine.place
  const create = (...args: string[]) =>
    vm('create', name, user, '-p', pool, '--memory', '32', '--vcpus', '1', '--no-progress', ...args)
  t.match(await create(), { code: 2, stderr: /required option '--disk <disk>'/ })
  t.match(await create('--disk', 'a,size=x'), { code: 2, stderr: /must be a size/ })
  t.match(await create('--disk', 'a,from=b'), { code: 2, stderr: /'b' names no snapshot/ })
  t.match(await create('--disk', 'a@b'), { code: 2, stderr: /'a@b' names a snapshot/ })
  t.match(await create('--disk', 'p/n/a'), { code: 2, stderr: /is in a namespace/ })
  t.match(await create('--disk', 'a,sise=1g'), { code: 2, stderr: /'sise=1g' is none of/ })
  t.match(await create('--disk', 'a,size=1m', '--network', 'wifi'), { code: 2, stderr: /must be network=/ })
  t.match(await vm('create', name, `client.${user}`, '--memory', '1', '--vcpus', '1', '--disk', 'p/a'), {
    code: 2,
    stderr: /without its type/,
  })
  const missing = await create('--disk', 'none', '--network', 'none', '--json')
  t.match(missing, { code: 1, stderr: /there is no image \S+\/none/ })
  t.match(JSON.parse(missing.stdout), { error: { code: 'ERR_RBDKIT_MISSING', operation: 'createMachine' } })
  t.match(await vm('start', name), { code: 1, stderr: new RegExp(`no machine '${name}'`) })
  t.match(await vm('stop', name, '--acpi-timeout', '-1'), { code: 2 })
  t.same(await machine.there(), [])
})
