/** `rbdkit info`, `ls`, `du`, `rm` and `snap`, beside the rbd command's own answers. */

import { type Image, Image as Images, namespaceCreate, type SnapshotInfo } from 'rbdkit'
import t, { type Test } from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { mib, openPool, settledNames, withImage } from '../copy/fixture.js'
import { cli } from './fixture.js'

t.setTimeout(300_000)

type Json = Record<string, unknown>

async function prepare(t: Test) {
  const pool = await openPool(t)
  const { confFile } = pool.test
  const name = pool.ioctx.pool
  const run = (...args: string[]) => cli(confFile, ...args)
  /** The two answers to one question, as far as they say the same things. */
  const both = async (...args: string[]) => {
    const [command = '', ...operands] = args
    const words = command.split(' ')
    const { status, stdout, stderr } = await run(...words, ...operands, '-p', name, '--json')
    t.match({ status, stderr }, { status: 0, stderr: '' }, args.join(' '))
    return {
      ours: JSON.parse(stdout) as unknown,
      theirs: JSON.parse(await pool.rbd(...words, ...operands, '--format', 'json')) as unknown,
    }
  }
  return { ...pool, name, run, both }
}

/** Truth values as `rbd` writes them, times apart: it gives no zone. */
function asRbd(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asRbd)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => !/timestamp$/.test(key))
  return Object.fromEntries(
    entries.map(([key, one]) => [key, key === 'protected' ? String(one) : asRbd(one)]),
  )
}

/** An image of 64 MiB with two snapshots and a clone of the first, and data of different sizes in each. */
async function makeImages({ ioctx }: { ioctx: Image['ioctx'] }): Promise<void> {
  const options = { size: 64 * mib, objectSize: mib }
  await Images.create(ioctx, 'golden', options)
  const write = (image: Image, at: number, length: number) =>
    image.write(Buffer.alloc(length, 5), { position: at })
  await withImage(ioctx, 'golden', async (image) => {
    await write(image, 0, 5 * mib)
    await image.snapshots.create('first')
    await image.snapshots.protect('first')
    await write(image, 4 * mib, 3 * mib)
    await image.resize(80 * mib)
    await image.snapshots.create('second')
    await write(image, 70 * mib, 4096)
  })
  await Images.clone(ioctx, { image: 'golden', snapshot: 'first' }, ioctx, 'vm1')
  await withImage(ioctx, 'vm1', (image) => write(image, 20 * mib, 2 * mib))
}

t.test('info', async (t) => {
  const pool = await prepare(t)
  const { cluster, ioctx, name, run, both } = pool
  await makeImages(pool)
  const dataPool = randomName('data')
  await cluster.pools.create(dataPool)
  t.teardown(() => cluster.pools.delete(dataPool))
  await Images.create(ioctx, 'striped', { size: 9 * mib, stripeUnit: 65_536, stripeCount: 4, dataPool })
  for (const spec of ['golden', 'golden@first', 'golden@second', 'vm1', 'striped']) {
    const { ours, theirs } = await both('info', spec)
    const { op_features: _, ...known } = theirs as Json
    t.same(asRbd(ours), asRbd(known), spec)
    const { create_timestamp: time } = ours as { create_timestamp: string }
    t.equal(new Date(time).toString(), new Date(String(known.create_timestamp)).toString(), 'made then')
  }
  const { status, stdout } = await run('info', `${name}/vm1`)
  t.equal(status, 0)
  t.match(stdout, new RegExp(`^rbd image '${name}/vm1':\\n  size +64 MiB in 64 objects of 1 MiB\\n`))
  t.match(stdout, new RegExp(`^  parent +${name}/golden@first$`, 'm'))
})

t.test('ls, with all there is to say, of pools and namespaces', async (t) => {
  const pool = await prepare(t)
  const { ioctx, name, run, both } = pool
  t.match(await run('ls', name), { status: 0, stdout: '', stderr: '' }, 'an empty pool')
  t.match(await run('ls', '-l', '--json', name), { status: 0, stdout: '[]\n', stderr: '' })
  await makeImages(pool)
  const namespace = randomName('ns')
  await namespaceCreate(ioctx, namespace)
  t.match(await run('ls', name), { status: 0, stdout: 'golden\nvm1\n', stderr: '' })
  t.match(await run('ls', `${name}/${namespace}`), { status: 0, stdout: '', stderr: '' })
  const names = await both('ls')
  t.same(names.ours, names.theirs)
  await withImage(ioctx, 'vm1', async (image) => {
    await image.locks.acquire('exclusive')
    const long = await both('ls', '-l')
    t.same(asRbd(long.ours), asRbd(long.theirs))
    const { stdout } = await run('ls', '-l', name)
    const lines = stdout.split('\n')
    t.equal(lines[0]?.trim().split(/ {2,}/).join('|'), 'NAME|SIZE|PARENT|FMT|PROT|LOCK')
    t.match(lines[2], /^golden@first +64 MiB +2 {2}yes$/)
    t.match(lines[4], new RegExp(`^vm1 +64 MiB  ${name}/golden@first +2 +excl$`))
  })
  t.match(await run('ls', 'no-such-pool'), {
    status: 1,
    stderr: /^rbdkit: ENOENT: [^\n]+ 'no-such-pool': [^\n]+ makes one\n$/,
  })
})

t.test('du: of a pool, an image, a snapshot', async (t) => {
  const pool = await prepare(t)
  await makeImages(pool)
  const { ioctx, name, run, both, rbd } = pool
  const rows = (answer: unknown) => (answer as { images: unknown[] }).images
  const all = await both('du')
  t.same(all.ours, all.theirs, 'the totals too')
  for (const spec of ['golden', 'golden@first', 'vm1']) {
    const one = await both('du', spec)
    t.same(rows(one.ours), rows(one.theirs), spec)
  }
  const second = await both('du', 'golden@second')
  t.same(rows(second.ours), rows(second.theirs).slice(-1), 'rbd lists the snapshots before it as well')
  const { stdout } = await run('du', `${name}/golden`)
  const table = stdout.split('\n').map((line) => line.trim().split(/ {2,}/))
  t.same(table, [
    ['NAME', 'PROVISIONED', 'USED'],
    ['golden@first', '64 MiB', '5 MiB'],
    ['golden@second', '80 MiB', '3 MiB'],
    ['golden', '80 MiB', '1 MiB'],
    ['<TOTAL>', '80 MiB', '9 MiB'],
    [''],
  ])
  await withImage(ioctx, 'vm1', async (image) => {
    t.equal(await image.diskUsage(), 2 * mib)
    await t.rejects(image.diskUsage({ fromSnapshot: 'none' }), {
      code: 'ENOENT',
      syscall: 'rbd_diff_iterate2',
    })
  })
  await rbd('feature', 'disable', 'vm1', 'object-map')
  const slow = await run('du', `${name}/vm1`, '--json')
  t.match(slow, { status: 0, stderr: /^rbdkit: 'vm1' lacks the feature fast-diff: this may take long\n$/ })
  t.match(JSON.parse(slow.stdout), { total_used_size: 2 * mib })
  const whole = await run('du', '-p', name, '--json')
  t.match(whole, { status: 0, stderr: /^rbdkit: 'vm1' lacks the feature fast-diff: that took long\n$/ })
  t.same(rows(JSON.parse(whole.stdout)), rows(all.theirs))
  t.match(await run('du', `${name}/golden@none`), { status: 1, stderr: /ENOENT: [^\n]+golden@none'\n$/ })
})

t.test('snap: what a snapshot goes through', async (t) => {
  const { ioctx, name, run, both } = await prepare(t)
  await Images.create(ioctx, 'disk', { size: 8 * mib })
  const done = { status: 0, stdout: '', stderr: '' }
  const snapshots = (): Promise<SnapshotInfo[]> => withImage(ioctx, 'disk', (image) => image.snapshots.list())
  const disk = `${name}/disk`
  await withImage(ioctx, 'disk', (image) => image.write(Buffer.from('before'), { position: 0 }))
  t.match(await run('snap', 'create', `${disk}@a`), done)
  await withImage(ioctx, 'disk', (image) => image.write(Buffer.from('after.'), { position: 0 }))
  t.match(await run('snap', 'create', `${disk}@a`), {
    status: 1,
    stderr: /^rbdkit: EEXIST: [^\n]+disk@a'\n$/,
  })
  t.match(await run('snap', 'protect', '-p', name, 'disk@a'), done)
  t.match((await snapshots())[0], { name: 'a', protected: true })
  const list = await both('snap ls', 'disk')
  t.same(asRbd(list.ours), asRbd(list.theirs))
  t.match(
    (await run('snap', 'ls', disk)).stdout,
    /^SNAPID {2}NAME +SIZE {2}PROTECTED {2}TIMESTAMP\n +\d+ {2}a +8 MiB {2}yes +2\d\S+ \S+\n$/,
  )
  const refused = await run('snap', 'rm', `${disk}@a`)
  t.match(refused, {
    status: 1,
    stderr: /^rbdkit: EBUSY: [^\n]+: it is protected: unprotect it first\n$/,
  })
  await Images.clone(ioctx, { image: 'disk', snapshot: 'a' }, ioctx, 'child', { cloneFormat: 1 })
  t.match(await run('snap', 'unprotect', `${disk}@a`), {
    status: 1,
    stderr: new RegExp(
      `^rbdkit: EBUSY: [^\n]+: it has clones \\(${name}/child\\), to be flattened or removed first\n$`,
    ),
  })
  await Images.remove(ioctx, 'child')
  t.match(await run('snap', 'unprotect', `${disk}@a`), done)
  t.match(await run('snap', 'rename', `${disk}@a`, `${disk}@b`), done)
  t.same(
    (await snapshots()).map((one) => one.name),
    ['b'],
  )
  t.match(await run('snap', 'rollback', `${disk}@b`), done)
  const { buffer } = await withImage(ioctx, 'disk', (image) => image.read({ position: 0, length: 6 }))
  t.equal(buffer.toString(), 'before')
  const removed = await run('snap', 'rm', `${disk}@b`, '--json')
  t.match(removed, { status: 0, signal: null, stderr: '' })
  t.same(JSON.parse(removed.stdout), { removed: `${disk}@b` })
  t.same(await snapshots(), [])
  t.match(await run('snap', 'rm', `${disk}@b`), { status: 1, stderr: /^rbdkit: ENOENT: [^\n]+disk@b'\n$/ })
})

t.test('rm: not what has snapshots or is open; what stands in the way is named', async (t) => {
  const pool = await prepare(t)
  const { ioctx, name, run } = pool
  await makeImages(pool)
  const golden = await run('rm', `${name}/golden`)
  t.match(golden, { status: 1, stdout: '' })
  t.match(
    golden.stderr,
    /^rbdkit: ENOTEMPTY: [^\n]+: it has snapshots \(first, second\), each to be removed first\n$/,
  )
  await withImage(ioctx, 'vm1', async (image) => {
    await image.locks.acquire('exclusive')
    const { status, stderr } = await run('rm', `${name}/vm1`)
    t.equal(status, 1)
    t.match(stderr, /^rbdkit: EBUSY: [^\n]+: it is open on 127\.0\.0\.1:0\/\d+\n$/)
    t.equal((await image.read({ position: 20 * mib, length: 1 })).buffer[0], 5, 'it is still there')
  })
  t.same(await settledNames(ioctx), ['golden', 'vm1'])
  t.match(await run('rm', `${name}/vm1`), { status: 0, stdout: '', stderr: '' })
  t.same(await settledNames(ioctx), ['golden'])
  t.match(await run('rm', `${name}/vm1`), { status: 1, stderr: /^rbdkit: ENOENT: [^\n]+vm1'\n$/ })
})

t.test('no monitor answers: ETIMEDOUT, and Ctrl-C need not wait for that', async (t) => {
  const { run } = await prepare(t)
  const nobody = ['-m', '127.0.0.1:1', '--ceph-option', 'client_mount_timeout=1']
  t.match(await run('ls', ...nobody), {
    status: 1,
    stdout: '',
    stderr: /^rbdkit: ETIMEDOUT: connection timed out, rados_connect: no monitor answered in time\n$/,
  })
})
