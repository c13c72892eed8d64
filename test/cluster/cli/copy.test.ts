/** `rbdkit cp`, `import` and `export`, beside the rbd command; Ctrl-C in the middle. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type CopyResult, Image, namespaceCreate } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { contentOf, imageNames, makeSparse, mib, openPool, settledNames, withImage } from '../copy/fixture.js'
import { cli, program, startCli, until } from './fixture.js'

t.setTimeout(300_000)

async function prepare(t: Test) {
  const pool = await openPool(t)
  const directory = t.testdir({})
  const file = join(directory, 'disk.raw')
  makeSparse(file, 64 * mib, [
    [0, 4096],
    [9 * mib, 6 * mib],
  ])
  const { confFile } = pool.test
  const run = (...args: string[]) => cli(confFile, ...args)
  return { ...pool, name: pool.ioctx.pool, confFile, directory, file, run, data: readFileSync(file) }
}

t.test('there and back: import, cp, export, with namespaces and snapshots', async (t) => {
  const { ioctx, cluster, name, directory, file, run, data, rbd } = await prepare(t)
  const imported = await run('import', file, `${name}/vm1`)
  t.match(imported, { status: 0, stderr: '' })
  t.match(
    imported.stdout,
    new RegExp(
      `^${file} -> ${name}/vm1: 64 MiB \\(6\\S* MiB of it data\\) in \\S+ s, \\S+ .iB/s, crc32c:[0-9a-f]{8}\\n$`,
    ),
  )
  t.ok((await contentOf(ioctx, 'vm1')).equals(data))
  const theirs = join(directory, 'theirs')
  await rbd('export', 'vm1', theirs)
  t.ok(readFileSync(theirs).equals(data), 'as rbd reads it')
  await rbd('snap', 'create', 'vm1@s')
  await withImage(ioctx, 'vm1', (image) => image.write(Buffer.alloc(mib, 7), { position: 30 * mib }))

  const deep = await run('cp', '--deep', '--verify', 'full', `${name}/vm1`, `${name}/vm3`)
  t.match(deep, { status: 0, stderr: '', stdout: /crc32c:[0-9a-f]{8}, verified\n$/ })
  t.ok((await contentOf(ioctx, 'vm3', 's')).equals(data), 'its snapshot, too')
  t.ok((await contentOf(ioctx, 'vm3')).equals(await contentOf(ioctx, 'vm1')))
  await rbd('clone', '--rbd-default-clone-format', '2', 'vm1@s', `${name}/clone`)
  t.match(await run('cp', '--keep-parent', `${name}/clone`, `${name}/vm4`), {
    status: 2,
    stderr: /--keep-parent: goes with 'deep'/,
  })
  t.match(await run('cp', '--deep', '--keep-parent', `${name}/clone`, `${name}/vm4`), {
    status: 0,
    stderr: '',
    stdout: /iB\/s\n$/, // no digest, unless --verify asks for one
  })
  t.match(JSON.parse(await rbd('info', '--format', 'json', 'vm4')), {
    parent: { image: 'vm1', snapshot: 's' },
  })

  const namespace = randomName('ns')
  await namespaceCreate(ioctx, namespace)
  const copied = await run('cp', '-p', name, 'vm1@s', `${name}/${namespace}/vm2`, '--json')
  t.match(copied, { status: 0, stderr: '' })
  const result = JSON.parse(copied.stdout) as CopyResult & { source: string; destination: string }
  t.match(result, {
    source: `${name}/vm1@s`,
    destination: `${name}/${namespace}/vm2`,
    bytes: 64 * mib,
    digest: imported.stdout.trim().split(' ').at(-1),
  })
  const inside = await cluster.openIoCtx(name, { namespace })
  t.teardown(() => inside.close())
  t.ok((await contentOf(inside, 'vm2')).equals(data))

  const out = join(directory, 'out')
  t.match(await run('export', '--pool', name, '--namespace', namespace, 'vm2', out), {
    status: 0,
    stderr: '',
  })
  t.ok(readFileSync(out).equals(data))
  t.ok(statSync(out).blocks * 512 < 16 * mib, 'holes are holes')
})

t.test("names that are not given: the file's for an image, the image's for a file", async (t) => {
  const { ioctx, name, confFile, directory, file, data } = await prepare(t)
  t.match(await cli(confFile, 'import', file, '-p', name), { status: 0, stderr: '' })
  t.same(await settledNames(ioctx), ['disk.raw'])
  const elsewhere = join(directory, 'elsewhere')
  mkdirSync(elsewhere)
  const exported = startCli(confFile, ['export', `${name}/disk.raw`], { cwd: elsewhere })
  t.match(await exported.ended, { status: 0, stderr: '' })
  t.ok(readFileSync(join(elsewhere, 'disk.raw')).equals(data))
})

t.test('the layout is what was asked for', async (t) => {
  const { cluster, name, file, run, rbd } = await prepare(t)
  const dataPool = randomName('data')
  await cluster.pools.create(dataPool)
  t.teardown(() => cluster.pools.delete(dataPool))
  const layout = [
    '--object-size=1m',
    '--image-feature',
    'layering,exclusive-lock',
    '--image-feature=object-map',
  ]
  layout.push('--stripe-unit=64K', '--stripe-count', '4', '--data-pool', dataPool, '--max-memory', '16m')
  t.match(await run('import', file, `${name}/vm1`, ...layout), { status: 0, stderr: '' })
  const info = JSON.parse(await rbd('info', 'vm1', '--format', 'json')) as Record<string, unknown>
  t.match(info, { object_size: mib, stripe_unit: 65_536, stripe_count: 4, data_pool: dataPool })
  const features = ['layering', 'striping', 'exclusive-lock', 'object-map', 'fast-diff', 'data-pool']
  t.same(info.features, features, 'librbd adds fast-diff to object-map')
})

t.test('what is there already stays, what is not there is named; status 1', async (t) => {
  const { ioctx, name, directory, file, run } = await prepare(t)
  await Image.create(ioctx, 'taken', { size: mib })
  const out = join(directory, 'none', 'out')
  for (const [args, message] of [
    [
      ['import', file, `${name}/taken`],
      `EEXIST: file exists, \\S+ '${name}/taken': it is replaced only with 'replace'`,
    ],
    [
      ['cp', `${name}/taken`, `${name}/taken`],
      `EEXIST: file exists, \\S+ '${name}/taken': it is replaced only with 'replace'`,
    ],
    [['cp', `${name}/none`, `${name}/x`], `ENOENT: no such file or directory, \\S+ '${name}/none'`],
    [['cp', `${name}/taken@no`, `${name}/x`], `ENOENT: no such file or directory, \\S+ '${name}/taken@no'`],
    [['cp', `${name}/taken`, 'no-pool/x'], "ENOENT: no such file or directory, \\S+ 'no-pool'"],
    [
      ['export', `${name}/taken`, file],
      `EEXIST: file already exists, open '${file}': it is replaced only with 'replace'`,
    ],
    [['export', `${name}/taken`, out], `ENOENT: no such file or directory, open '${out}'`],
    [['import', directory, `${name}/x`], `EISDIR: illegal operation on a directory, open '${directory}'`],
  ] as const) {
    const result = await run(...args)
    t.match(result, { status: 1, stdout: '' }, args.join(' '))
    t.match(result.stderr, new RegExp(`^rbdkit: ${message}[^\\n]*\\n$`))
  }
  t.same(await settledNames(ioctx), ['taken'])
  t.equal(statSync(file).size, 64 * mib)
  const { status, stdout, stderr } = await run('import', file, `${name}/taken`, '--json')
  t.equal(status, 1)
  t.match(JSON.parse(stdout), { error: { code: 'EEXIST', syscall: /^rbd_/, pool: name, image: 'taken' } })
  t.match(stderr, /^rbdkit: EEXIST: [^\n]+\n$/)
})

t.test('Ctrl-C: nothing is left, and it says so; status 130', async (t) => {
  const { ioctx, name, confFile, directory, file, rbd } = await prepare(t)
  await Image.create(ioctx, 'source', { size: 64 * mib })
  await withImage(ioctx, 'source', async (image) => {
    await image.write(Buffer.alloc(64 * mib, 1), { position: 0 })
    await image.snapshots.create('s')
  })
  const dense = join(directory, 'dense')
  makeSparse(dense, 64 * mib, [[0, 64 * mib]])
  const temporary = (names: readonly string[]) => names.some((one) => one.includes('.rbdkit-'))
  const inPool = async () => temporary(await imageNames(ioctx))
  const inDirectory = async () => temporary(readdirSync(directory))
  const out = join(directory, 'out')
  const slowly = (what: string) => ['--ceph-option', `rbd_qos_${what}_bps_limit=${8 * mib}`]
  for (const [args, begun, left, signal, status] of [
    [['import', dense, `${name}/to`, ...slowly('write')], inPool, `${name}/to`, 'SIGINT', 130],
    [['cp', `${name}/source@s`, `${name}/to`, ...slowly('read')], inPool, `${name}/to`, 'SIGTERM', 143],
    [['export', `${name}/source@s`, out, ...slowly('read')], inDirectory, out, 'SIGINT', 130],
  ] as const) {
    const running = startCli(confFile, args)
    await until(begun)
    running.kill(signal)
    const result = await running.ended
    t.match(result, { status, stdout: '' })
    t.match(
      result.stderr,
      new RegExp(`^rbdkit: interrupted by ${signal}; nothing is left of '${left}'\\n$`, 'm'),
    )
    t.same(JSON.parse(await rbd('ls', '--format', 'json')), ['source'])
    t.same(readdirSync(directory).sort(), ['dense', 'disk.raw'], 'ls -a')
  }
  const running = startCli(confFile, ['import', dense, `${name}/to`, ...slowly('write'), '--json'])
  await until(inPool)
  running.kill('SIGINT')
  const { status, stdout } = await running.ended
  t.equal(status, 130)
  t.match(JSON.parse(stdout), {
    error: { code: 'EINTR', message: /^interrupted by SIGINT; nothing is left/ },
  })
  t.ok(existsSync(file))
})

t.test('on a terminal: a bar with rate and time left, and the line is clean afterwards', async (t) => {
  const { name, confFile, directory } = await prepare(t)
  const dense = join(directory, 'dense')
  makeSparse(dense, 32 * mib, [[0, 32 * mib]])
  const shown = async (columns: number, ...more: string[]): Promise<string> => {
    const words = [process.execPath, program, 'import', dense, `${name}/${randomName('vm')}`, ...more]
    words.push('--ceph-option', `rbd_qos_write_bps_limit=${12 * mib}`)
    const command = `stty cols ${columns}; ${words.map((word) => `'${word}'`).join(' ')}`
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, CEPH_CONF: confFile, NODE_OPTIONS: '', TERM: 'xterm' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let seen = ''
    child.stdout.on('data', (data: Buffer) => {
      seen += data.toString()
    })
    await once(child, 'close')
    t.equal(child.exitCode, 0)
    return seen
  }
  const wide = await shown(80)
  t.match(wide, /copying {3}\[=+ +\] {2} *\d+ % {2}\S+ MiB of 32 MiB {2}\S+ [KM]iB\/s {2}\d+ s left/)
  t.ok(wide.lastIndexOf('\u001b[?25h') > wide.lastIndexOf('\u001b[?25l'), 'the cursor is back')
  t.ok(wide.lastIndexOf(' -> ') > wide.lastIndexOf('copying'), 'the result is after it')
  const narrow = await shown(40)
  t.match(narrow, /copying {3} *\d+ % {2}\S+ MiB of 32 MiB/, 'no bar where there is no room for it')
  t.notMatch(narrow, '[=')
  t.notMatch(await shown(80, '--no-progress'), 'copying')
})

t.test(
  'an OSD that does not answer: Ctrl-C ends it all the same, and what may be left is said',
  async (t) => {
    const local = await LocalCluster.start({ objectstore: 'memstore' })
    t.teardown(() => local.close())
    const { ioctx } = await openPool(t, local)
    const dense = join(t.testdir({}), 'dense')
    makeSparse(dense, 64 * mib, [[0, 64 * mib]])
    const slowly = ['--ceph-option', `rbd_qos_write_bps_limit=${8 * mib}`]
    const running = startCli(local.confFile, ['import', dense, `${ioctx.pool}/to`, ...slowly])
    await until(async () => (await imageNames(ioctx)).some((one) => one.includes('.rbdkit-')))
    await local.osds[0]?.stop()
    const began = performance.now()
    running.kill('SIGINT')
    const { status, stdout, stderr } = await running.ended
    t.match({ status, stdout }, { status: 130, stdout: '' })
    t.ok(performance.now() - began < 20_000, 'it did not wait for the cluster')
    t.match(stderr, /^rbdkit: copy \(.*\) was aborted and has not ended yet, .*'rbdkit cleanup' .*\n/)
    t.match(stderr, /\nrbdkit: interrupted by SIGINT\n$/)
    await local.osds[0]?.start()
  },
)
