/** `rbdkit host` as its users run it, on a real Ceph and a real libvirtd. */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Image } from 'rbdkit'
import t from 'tap'
import { plainNode } from '../helpers/child.js'
import { sharedCluster } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { root } from '../helpers/package.js'
import { rbdPoolsStart } from '../helpers/releases.js'
import { Place } from './provision-fixture.js'

const exec = promisify(execFile)
const program = join(root, 'dist', 'cli', 'main.js')
const without = rbdPoolsStart ? [] : ['--no-storage-pool']
const parts = ['pool', 'user', 'secret', ...(rbdPoolsStart ? ['storagePool'] : [])]

t.setTimeout(120_000)

interface Ended {
  code: number
  stdout: string
  stderr: string
}

async function host(...args: string[]): Promise<Ended> {
  const { confFile } = await sharedCluster()
  const { uri } = await sharedHypervisor()
  const env = { ...process.env, CEPH_CONF: confFile, LIBVIRT_DEFAULT_URI: uri }
  const [file, rest] = plainNode([program, 'host', ...args])
  try {
    return { code: 0, ...(await exec(file, rest, { env })) }
  } catch (error) {
    const { code, stdout, stderr } = error as Ended
    return { code, stdout, stderr }
  }
}

t.test('prepare, rotate, remove', async (t) => {
  const place = await Place.make(t)
  const { cluster, pool, user, entity, directory } = place
  const dry = await host('prepare', pool, user, '--dry-run', ...without)
  t.match(dry, { code: 0, stdout: /^STEP +WOULD BE +WHAT\npool +made +/, stderr: '' })
  t.same(await place.there(), [])
  const made = await host('prepare', pool, user, '--json', '--files', directory, ...without)
  t.same(
    JSON.parse(made.stdout).steps,
    [...parts, 'keyring', 'cephConf'].map((step) => ({ step, outcome: 'made' })),
  )
  const again = await host('prepare', pool, user, ...without)
  t.match(again, {
    code: 0,
    stdout: new RegExp(`^STEP +OUTCOME +WHAT\npool +found +${pool}\nuser +found +${entity}\n`),
  })
  t.notMatch(again.stdout, /made|changed/)

  const { key } = await cluster.auth.get(entity)
  const { uri } = await sharedHypervisor()
  const rotated = await host('rotate', pool, user, '--connect', uri, '--files', directory)
  t.match(rotated, { code: 0, stdout: /\nkey +changed\nsecret of \S+ +changed\nkeyring +changed\n$/ })
  const fresh = (await cluster.auth.get(entity)).key
  t.not(fresh, key)
  t.equal(await readFile(place.files[0] ?? '', 'utf8'), `[${entity}]\nkey = ${fresh}\n`)
  t.notMatch(
    [made, again, rotated].map(({ stdout, stderr }) => stdout + stderr).join(),
    new RegExp(`${key}|${fresh}`.replaceAll('+', '\\+')),
  )

  await using ioctx = await cluster.openIoCtx(pool)
  await Image.create(ioctx, 'disk', { size: 4096 })
  const refused = await host('remove', pool, user, '--json')
  t.match(refused, { code: 1, stderr: /^rbdkit: ERR_RBDKIT_IN_USE: .*holds disk; / })
  t.match(JSON.parse(refused.stdout), { error: { code: 'ERR_RBDKIT_IN_USE', operation: 'removeLibvirt' } })
  const only = await host('remove', pool, user, '--host-only', '-n')
  t.match(only.stdout, /\nuser +left +\S+: only what this host has/)
  t.match(await host('remove', pool, user, '--remove-images'), { code: 0, stdout: /\npool +removed\n$/ })
  t.same(await place.there(), [])
  t.match(await host('remove', pool, user), { code: 0, stdout: '', stderr: '' }, 'nothing to do')
})

t.test('what is wrong', async (t) => {
  const { pool, user, entity, cluster } = await Place.make(t)
  t.match(await host('prepare', pool, entity), { code: 2, stderr: new RegExp(`without its type: '${user}'`) })
  t.match(await host('prepare', pool, user, '--admin-socket'), { code: 2, stderr: /--files/ })
  t.match(await host('prepare', pool), { code: 2, stderr: /missing required argument 'user-id'/ })
  await cluster.auth.getOrCreate(entity, { mon: 'allow r' })
  const differs = await host('prepare', pool, user, ...without)
  t.match(differs, {
    code: 1,
    stdout: '',
    stderr: /ERR_RBDKIT_DIFFERS: .*nothing was changed: user '.*'replace'/,
  })
  t.match(await host('prepare', pool, user, '--replace', ...without), { code: 0, stdout: /\nuser +changed/ })
})

t.test('Ctrl-C while another has hold of the pool', async (t) => {
  const place = await Place.make(t)
  const { cluster, pool, user } = place
  await cluster.pools.create(pool)
  await using ioctx = await cluster.openIoCtx(pool)
  const lock = { name: 'rbdkit.provision', cookie: 'test' }
  await ioctx.lockObject('rbdkit.provision', lock)
  const { confFile } = await sharedCluster()
  const { uri } = await sharedHypervisor()
  const env = { ...process.env, CEPH_CONF: confFile, LIBVIRT_DEFAULT_URI: uri }
  const child = spawn(process.execPath, [program, 'host', 'prepare', pool, user, ...without], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'close')
  // However far it is by then, it does not get past the lock.
  await sleep(4000)
  t.same(await place.there(), ['pool'], 'it waits')
  child.kill('SIGINT')
  t.same(await ended, [130, null])
  t.match(said, /interrupted by SIGINT; ABORT_ERR: aborted at the step 'pool'; nothing had to be undone/)
  t.same(await place.there(), ['pool'])
  await ioctx.unlockObject('rbdkit.provision', lock)
  t.match(await host('prepare', pool, user, ...without), { code: 0, stdout: /\npool +changed/ })
})
