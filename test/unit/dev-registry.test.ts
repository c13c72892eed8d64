import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  clearEntry,
  clearLeftovers,
  listEntries,
  makePersistent,
  register,
  registryDirectory,
} from '../../lib/dev/registry.js'

t.beforeEach((t) => {
  const before = process.env.TMPDIR
  const tmp = mkdtempSync('/tmp/rk-reg-')
  process.env.TMPDIR = tmp
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(tmp, { recursive: true, force: true })
  })
})

function newDirectory(name: string): string {
  const directory = join(process.env.TMPDIR ?? '', name)
  mkdirSync(directory)
  writeFileSync(join(directory, 'data'), 'x')
  return directory
}

/** Makes an entry look as if a process that is gone had made it. */
function orphan(id: string): void {
  const dead = spawnSync('true').pid
  const file = join(registryDirectory(), `${id}.json`)
  const entry = JSON.parse(readFileSync(file, 'utf8')) as object
  writeFileSync(file, JSON.stringify({ ...entry, owner: { pid: dead, startTime: 'boot:1' } }))
}

t.test('a live owner keeps its directory, a dead one loses it', async (t) => {
  const live = register('cluster', newDirectory('live'), true)
  const dead = register('cluster', newDirectory('dead'), true)
  orphan(dead.id)
  const cleared = await clearLeftovers()
  t.same(
    cleared.map((entry) => entry.id),
    [dead.id],
  )
  t.notOk(existsSync(dead.directory))
  t.ok(existsSync(join(live.directory, 'data')))
  t.same(
    listEntries().map((entry) => entry.id),
    [live.id],
  )
})

t.test('a directory without our mark, or that was given, is not removed', async (t) => {
  const foreign = register('cluster', newDirectory('foreign'), true)
  writeFileSync(join(foreign.directory, '.rbdkit-dev'), 'somebody else')
  const given = register('cluster', newDirectory('given'), false)
  orphan(foreign.id)
  orphan(given.id)
  t.equal((await clearLeftovers()).length, 2)
  t.ok(existsSync(join(foreign.directory, 'data')))
  t.ok(existsSync(join(given.directory, 'data')))
  t.same(listEntries(), [])
})

t.test('an owner in another pid namespace is not judged by its pid', async (t) => {
  const entry = register('cluster', newDirectory('container'), true)
  orphan(entry.id)
  const file = join(registryDirectory(), `${entry.id}.json`)
  const text = readFileSync(file, 'utf8').replace(entry.pidNamespace, 'pid:[1]')
  writeFileSync(file, text)
  t.same(await clearLeftovers(), [])
  t.ok(existsSync(entry.directory))
})

t.test('a name is taken once, and its entry outlives the owner', async (t) => {
  const first = makePersistent(register('cluster', newDirectory('a'), true), 'x', { CEPH_CONF: '/c' })
  const second = register('cluster', newDirectory('b'), true)
  t.throws(() => makePersistent(second, 'x', {}), { code: 'ERR_RBDKIT_DEV_EXISTS' })
  t.throws(() => makePersistent(second, '../x', {}), { code: 'ERR_INVALID_ARG_VALUE' })
  t.same(await clearLeftovers(), [])
  t.equal(listEntries().length, 2)
  await clearEntry(first)
  t.notOk(existsSync(first.directory))
  t.equal(makePersistent(second, 'x', {}).name, 'x')
})

t.test('broken and foreign files are not entries', async (t) => {
  writeFileSync(join(registryDirectory(), 'broken.json'), '{"id":')
  writeFileSync(join(registryDirectory(), 'other.json'), '{"id":"x","directory":"relative"}')
  t.same(listEntries(), [])
  t.same(await clearLeftovers(), [])
})

t.test('a registry that others can write is refused', async (t) => {
  chmodSync(registryDirectory(), 0o777)
  t.throws(() => registryDirectory(), { code: 'ERR_RBDKIT_DEV_REGISTRY' })
})
