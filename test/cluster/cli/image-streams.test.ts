/** `--export-format 2` of `rbdkit export` and `import`, beside the rbd command, and `rbdkit cp` to another cluster. */

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { Image, type IoCtx } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import {
  type CopyPool,
  contentOf,
  imageNames,
  mib,
  openPool,
  settledNames,
  withImage,
} from '../copy/fixture.js'
import { bash, cli, startCli, until } from './fixture.js'

/** An image of 32 MiB with two snapshots, one of them protected, and metadata. */
async function makeImage({ ioctx }: CopyPool, name: string): Promise<void> {
  await Image.create(ioctx, name, { size: 32 * mib, objectSize: mib })
  await withImage(ioctx, name, async (image) => {
    await image.write(randomBytes(5 * mib), { position: mib })
    await image.snapshots.create('mon')
    await image.snapshots.protect('mon')
    await image.write(randomBytes(mib), { position: 20 * mib })
    await image.discard(2 * mib, mib)
    await image.snapshots.create('tue')
    await image.write(randomBytes(512), { position: 31 * mib })
    await image.metadata.set('owner', 'somebody')
    await image.metadata.set('conf_rbd_cache', 'false')
  })
}

/** Whether both have the same content at each snapshot, and the same snapshots. */
async function isSame(a: IoCtx, one: string, b: IoCtx, other: string): Promise<boolean> {
  const snapshots = (ioctx: IoCtx, name: string) =>
    withImage(ioctx, name, async (image) =>
      (await image.snapshots.list()).map((snapshot) => `${snapshot.name} ${snapshot.protected}`).join(),
    )
  if ((await snapshots(a, one)) !== (await snapshots(b, other))) return false
  for (const snapshot of ['mon', 'tue', undefined]) {
    if (!(await contentOf(a, one, snapshot)).equals(await contentOf(b, other, snapshot))) return false
  }
  return true
}

const metadataOf = (ioctx: IoCtx, name: string) =>
  withImage(ioctx, name, async (image) => [...(await image.metadata.list()).keys()].sort())

t.test('an image with its snapshots in a file, there and back', async (t) => {
  const pool = await openPool(t)
  const { ioctx, rbd } = pool
  const name = ioctx.pool
  const directory = t.testdir({})
  const file = join(directory, 'vm.rbd')
  const run = (...args: string[]) => cli(pool.test.confFile, ...args)
  await makeImage(pool, 'vm')

  const exported = await run('export', '--export-format', '2', `${name}/vm`, file)
  t.match(exported, { status: 0, stderr: '' })
  t.match(
    exported.stdout,
    new RegExp(
      `^${name}/vm -> ${file}: 32 MiB, snapshots mon, tue, 6\\S* MiB of data, a stream of \\S+ MiB, crc32c:[0-9a-f]{8}\\n$`,
    ),
  )
  await rbd('import', '--no-progress', '--export-format', '2', file, 'theirs')
  t.ok(await isSame(ioctx, 'vm', ioctx, 'theirs'), 'rbd reads it')

  const imported = await run('import', '--export-format', '2', file, `${name}/ours`)
  t.match(imported, { status: 0, stderr: '', stdout: /\nleft out, .*: conf_rbd_cache \(--trust-metadata/ })
  t.ok(await isSame(ioctx, 'vm', ioctx, 'ours'))
  t.same(await metadataOf(ioctx, 'ours'), ['owner'])
  const theirs = join(directory, 'theirs.rbd')
  await rbd('export', '--no-progress', '--export-format', '2', 'vm', theirs)
  const json = await run(
    'import',
    '--export-format',
    '2',
    '--trust-metadata',
    '--json',
    theirs,
    `${name}/all`,
  )
  t.match(JSON.parse(json.stdout), {
    ...{ source: theirs, destination: `${name}/all`, size: 32 * mib },
    ...{ snapshots: ['mon', 'tue'], droppedMetadata: [] },
  })
  t.ok(await isSame(ioctx, 'vm', ioctx, 'all'))
  t.same(await metadataOf(ioctx, 'all'), ['conf_rbd_cache', 'owner'])

  const named = await run('import', '--export-format', '2', '-p', name, '--object-size', '2m', file)
  t.match(named, { status: 0, stdout: new RegExp(`^${file} -> ${name}/vm\\.rbd: `) })
  await withImage(ioctx, 'vm.rbd', async (image) => t.equal((await image.info()).objectSize, 2 * mib))
})

t.test('through a pipe', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImage(pool, 'vm')
  const lines = `rbdkit export -p ${ioctx.pool} --export-format 2 vm - |
    rbdkit import -p ${ioctx.pool} --export-format 2 - back`
  const piped = await bash(pool.test.confFile, t.testdir(), lines)
  t.match(piped, { stdout: /\n0 0\n$/, stderr: /^\S+\/vm -> -: 32 MiB, snapshots mon, tue, / })
  t.ok(await isSame(ioctx, 'vm', ioctx, 'back'))
})

t.test('what it refuses, and leaves', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const image = `${ioctx.pool}/vm`
  const directory = t.testdir({ none: '' })
  const file = join(directory, 'vm.rbd')
  const run = (...args: string[]) => cli(pool.test.confFile, ...args)
  await makeImage(pool, 'vm')
  for (const [args, stderr] of [
    [['export', '--export-format', '2', '--verify', 'full', image, file], /2 goes without --verify/],
    [['export', '--export-format', '2', '--resume', image, file], /2 goes without --resume/],
    [['export', '--export-format', '2', `${image}@mon`, file], /names a snapshot/],
    [['export', '--export-format', '3', image, file], /Allowed choices are 1, 2/],
    [['export', '--export-format', '2', '--json', image, '-'], /--json needs standard output/],
    [['import', '--export-format', '2', '--replace', file, image], /2 goes without --replace/],
    [['import', '--export-format', '2', '--format', 'raw', file, image], /2 goes without --format/],
    [['import', '--export-format', '2', '-'], /'-' has no name/],
    [['import', '--trust-metadata', file, image], /--trust-metadata goes with --export-format 2/],
  ] as const) {
    t.match(await run(...args), { status: 2, stdout: '', stderr }, args.join(' '))
  }
  t.same(readdirSync(directory), ['none'])

  t.match(await run('export', '--export-format', '2', image, file), { status: 0 })
  t.match(await run('import', '--export-format', '2', file, image), { status: 1, stderr: /EEXIST/ })
  truncateSync(file, readFileSync(file).length - 1)
  const cut = await run('import', '--export-format', '2', file, `${ioctx.pool}/cut`)
  t.match(cut, { status: 1, stderr: /vm\.rbd.: it ends too early/ })
  t.match(await run('import', '--export-format', '2', join(directory, 'none'), `${ioctx.pool}/none`), {
    status: 1,
    stderr: /none.: it ends too early/,
  })
  t.same(await settledNames(ioctx), ['vm'])

  await Image.create(ioctx, 'big', { size: 96 * mib })
  await withImage(ioctx, 'big', async (big) => {
    for (let at = 0; at < 96; at += 8) await big.write(randomBytes(8 * mib), { position: at * mib })
    await big.metadata.set('conf_rbd_qos_read_bps_limit', String(16 * mib))
  })
  const out = join(directory, 'out.rbd')
  const slow = startCli(pool.test.confFile, ['export', '--export-format', '2', `${ioctx.pool}/big`, out])
  await until(async () => slow.threads().includes('rbdkit-image'))
  slow.kill('SIGINT')
  t.match(await slow.ended, { status: 130, stderr: /interrupted by SIGINT; nothing is left of '.*out\.rbd'/ })
  t.same(readdirSync(directory).sort(), ['none', 'vm.rbd'])
})

t.test('cp to another cluster', async (t) => {
  const second = await LocalCluster.start()
  t.teardown(() => second.close())
  const here = await openPool(t)
  const there = await openPool(t, second)
  await makeImage(here, 'vm')
  const from = `${here.ioctx.pool}/vm`
  const to = `${there.ioctx.pool}/vm`
  const dest = ['--dest-conf', second.confFile, '--dest-id', 'admin']
  const run = (...args: string[]) => cli(here.test.confFile, 'cp', ...args)
  const copied = await run('--deep', '--verify', 'full', ...dest, from, to)
  t.match(copied, { status: 0, stderr: '', stdout: new RegExp(`^${from} -> ${to}: .*, verified\\n$`) })
  t.ok(await isSame(here.ioctx, 'vm', there.ioctx, 'vm'))
  t.same(await imageNames(here.ioctx), ['vm'])

  t.match(await run(...dest, `${from}@mon`, to), { status: 1, stderr: /EEXIST/ })
  t.match(await run(...dest, '--replace', `${from}@mon`, to), { status: 0, stdout: /in the trash|is vm\./ })
  t.ok((await contentOf(there.ioctx, 'vm')).equals(await contentOf(here.ioctx, 'vm', 'mon')))
  t.match(await run(...dest, '--server-side', 'require', `${from}@mon`, `${to}2`), {
    status: 1,
    stderr: /not opened by way of one Cluster/,
  })
  const nowhere = await run('--dest-conf', '/nonexistent/ceph.conf', from, to)
  t.match(nowhere, { status: 1, stderr: /ENOENT.*\/nonexistent\/ceph\.conf/ })
  t.same(await imageNames(here.ioctx), ['vm'])
})
