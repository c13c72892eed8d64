/** `rbdkit export-diff`, `import-diff` and `merge-diff`, in files and in pipes with the rbd command at either end. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type DiffInfo, Image, namespaceCreate } from 'rbdkit'
import t, { type Test } from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { makeDiff } from '../../helpers/diff.js'
import { contentOf, mib, openPool, settledNames, withImage } from '../copy/fixture.js'
import { bash, cli, program, startCli, until } from './fixture.js'

const exec = promisify(execFile)
t.setTimeout(300_000)

/** An image `vm` with the snapshots `mon` and `tue`, and empty ones to apply diffs to. */
async function prepare(t: Test, ...targets: string[]) {
  const pool = await openPool(t)
  const { ioctx } = pool
  await Image.create(ioctx, 'vm', { size: 24 * mib })
  await withImage(ioctx, 'vm', async (image) => {
    await image.write(randomBytes(5 * mib), { position: mib + 777 })
    await image.snapshots.create('mon')
    await image.write(randomBytes(9000), { position: 3 * mib })
    await image.discard(2 * mib, 300_000)
    await image.write(randomBytes(mib), { position: 20 * mib })
    await image.snapshots.create('tue')
    await image.write(randomBytes(mib), { position: 9 * mib })
  })
  for (const name of targets) await Image.create(ioctx, name, { size: 24 * mib })
  const directory = t.testdir({})
  const { confFile } = pool.test
  const name = ioctx.pool
  const files = () => readdirSync(directory).sort()
  const run = (...args: string[]) => {
    const pool = args[0] === 'merge-diff' ? [] : ['-p', name]
    return startCli(confFile, [...args, ...pool], { cwd: directory }).ended
  }
  // What rbd says of its progress is not looked at.
  const shell = (lines: string) =>
    bash(confFile, directory, `rbd() { command rbd -p ${name} --no-progress "$@"; }\n${lines}`)
  return { ...pool, confFile, directory, name, files, run, shell }
}

t.test('from pipe to pipe, with rbd at either end', async (t) => {
  const { ioctx, name, shell } = await prepare(t, 'theirs', 'ours', 'both')
  const want = await contentOf(ioctx, 'vm', 'tue')
  for (const lines of [
    `rbdkit export-diff ${name}/vm@mon - | rbd import-diff - theirs`,
    `rbdkit export-diff --from-snap mon ${name}/vm@tue - | rbd import-diff - theirs`,
    `rbd export-diff vm@mon - | rbdkit import-diff - ${name}/ours`,
    `rbd export-diff --from-snap mon vm@tue - | rbdkit import-diff - ${name}/ours`,
  ]) {
    const result = await shell(lines)
    t.match(result.stdout, /^(?:- -> [^\n]*\n)?0 0\n$/, lines)
    t.match(result.stderr, /^(?:\S+ -> -: [^\n]*\n)?$/, 'nothing but what was written')
  }
  for (const image of ['theirs', 'ours']) t.ok((await contentOf(ioctx, image, 'tue')).equals(want), image)

  const merged = await shell(
    `rbdkit export-diff ${name}/vm@tue --from-snap mon tue.diff || exit
rbdkit export-diff ${name}/vm@mon - | rbdkit merge-diff - tue.diff - | rbdkit import-diff - ${name}/both`,
  )
  t.match(merged, { status: 0, stdout: / -> tue\.diff: .* -> \S+\/both: .*\n0 0 0\n$/s })
  const aside = merged.stderr.trimEnd().split('\n').sort()
  t.match(aside, [/^- \+ tue\.diff -> -: /, /vm@mon -> -: /], 'told aside, in whichever order')
  t.ok((await contentOf(ioctx, 'both', 'tue')).equals(want), 'merged in the middle')
})

t.test('files, as rbd makes and takes them; namespaces; --json', async (t) => {
  const { ioctx, cluster, directory, name, run, shell } = await prepare(t, 'theirs')
  t.match(await run('export-diff', 'vm@mon', 'mon'), {
    status: 0,
    stdout: new RegExp(
      `^${name}/vm@mon -> mon: 5\\S* MiB of data, \\S+ .?i?B of zeros, a diff of \\S+ MiB, crc32c:`,
    ),
    stderr: '',
  })
  const exported = await run('export-diff', '--from-snap=mon', '--whole-object', 'vm', 'now', '--json')
  t.match(exported, { status: 0, stderr: '' })
  const info = JSON.parse(exported.stdout) as DiffInfo
  t.match(info, { source: `${name}/vm`, destination: 'now', fromSnapshot: 'mon', version: 1, size: 24 * mib })
  t.equal(info.fileBytes, readFileSync(join(directory, 'now')).length)
  t.ok(info.dataBytes + info.zeroBytes >= 12 * mib, 'whole objects')
  t.match(await shell('rbd import-diff mon theirs && rbd import-diff now theirs'), {
    status: 0,
    stdout: '0\n',
  })
  const want = await contentOf(ioctx, 'vm')
  t.ok((await contentOf(ioctx, 'theirs')).equals(want))

  t.match(await run('export-diff', 'vm@tue', '--from-snap', 'mon', 'tue'), { status: 0 })
  t.match(
    await cli(
      '/nonexistent',
      'merge-diff',
      join(directory, 'mon'),
      join(directory, 'tue'),
      join(directory, 'ours'),
    ),
    {
      status: 0,
      stdout: / \+ .* -> /,
      stderr: '',
    },
    'without a cluster',
  )
  t.match(await shell('command rbd merge-diff --no-progress mon tue theirs && cmp ours theirs'), {
    status: 0,
    stdout: '0\n',
  })

  const namespace = randomName('ns')
  await namespaceCreate(ioctx, namespace)
  const inside = await cluster.openIoCtx(name, { namespace })
  t.teardown(() => inside.close())
  await Image.create(inside, 'vm', { size: mib })
  const imported = await run('import-diff', 'ours', 'vm', '--namespace', namespace, '--json')
  t.match(imported, { status: 0, stderr: '' })
  t.match(JSON.parse(imported.stdout), {
    source: 'ours',
    destination: `${name}/${namespace}/vm`,
    toSnapshot: 'tue',
  })
  t.ok((await contentOf(inside, 'vm', 'tue')).equals(await contentOf(ioctx, 'vm', 'tue')), 'and it has grown')
})

t.test('what is wrong is named, and nothing is left of it', async (t) => {
  const { ioctx, directory, name, files, run } = await prepare(t, 'to')
  const diff = makeDiff({ to: 'mon', size: mib, records: [{ offset: 0, content: Buffer.alloc(4096, 1) }] })
  writeFileSync(join(directory, 'mon'), diff)
  writeFileSync(join(directory, 'cut'), diff.subarray(0, diff.length - 1))
  writeFileSync(join(directory, 'wed'), makeDiff({ from: 'tue', to: 'wed', size: mib, records: [] }))
  writeFileSync(join(directory, 'tue'), makeDiff({ from: 'mon', to: 'tue', size: mib, records: [] }))
  writeFileSync(join(directory, 'text'), 'no diff at all')
  const before = await contentOf(ioctx, 'to')
  const absent = 'ENOENT: no such file or directory'
  for (const [status, args, message] of [
    [1, ['export-diff', 'vm@mon', 'mon'], `EEXIST: file already exists, open '${directory}/mon'`],
    [1, ['export-diff', 'vm', 'none/x'], `${absent}, open '${directory}/none/x'`],
    [1, ['export-diff', 'none', 'x'], `${absent}, rbd_\\w+ '${name}/none'`],
    [1, ['export-diff', 'vm@none', 'x'], `${absent}, rbd_\\w+ '${name}/vm@none'`],
    [
      1,
      ['export-diff', 'vm', '--from-snap=none', 'x'],
      `${absent}, \\w+ '${name}/vm': .* no snapshot 'none'`,
    ],
    [1, ['export-diff', 'vm@mon', '--from-snap=tue', 'x'], `EINVAL: .* 'tue' is newer`],
    [1, ['import-diff', 'none', 'to'], `${absent}, open '${directory}/none'`],
    [1, ['import-diff', '.', 'to'], `EISDIR: illegal operation on a directory, open '${directory}'`],
    [1, ['import-diff', 'text', 'to'], `'${directory}/text': not an rbd diff, at byte 0`],
    [1, ['import-diff', 'cut', 'to', '--allow-shrink'], `'${directory}/cut': .*, at byte \\d+`],
    [1, ['import-diff', 'mon', 'to'], `EINVAL: .* '${name}/to': .*`],
    [1, ['import-diff', 'wed', 'to'], `${absent}, rbd_\\w+ '${name}/to': .* 'tue'`],
    [1, ['import-diff', 'mon', 'none'], `${absent}, rbd_\\w+ '${name}/none'`],
    [1, ['merge-diff', 'mon', 'wed', 'x'], `EINVAL: .* 'mon', the next begins at snapshot 'tue'`],
    [1, ['merge-diff', 'cut', 'tue', 'x'], `'${directory}/cut': .*`],
    [1, ['merge-diff', 'none', 'wed', 'x'], `${absent}, open '${directory}/none'`],
    [2, ['merge-diff', '-', '-', 'x'], "'-': only the first diff may be standard input\n.*"],
    [2, ['merge-diff', 'mon', 'wed'], "missing required argument 'path'\n.*"],
    [2, ['merge-diff', 'mon', 'wed', '-', '--json'], '--json needs standard output for itself\n.*'],
    [2, ['export-diff', 'vm', '-', '--json'], '--json needs standard output for itself\n.*'],
    [2, ['import-diff', 'mon', 'to@mon'], "'to@mon' names a snapshot; .*\n.*"],
    [
      2,
      ['import-diff', 'mon', 'to', '--max-memory=1m'],
      `option '--max-memory <size>' .* must be at least 16m\n.*`,
    ],
  ] as [number, string[], string][]) {
    const result = await run(...args)
    t.match(result, { status, stdout: '' }, args.join(' '))
    t.match(result.stderr, new RegExp(`^rbdkit: ${message}[^\\n]*\\n$`))
    t.notMatch(result.stderr, /^\s+at /m, 'no stack')
  }
  const failed = await run('import-diff', 'cut', 'to', '--json')
  t.equal(failed.status, 1)
  t.match(JSON.parse(failed.stdout), { error: { code: 'ERR_RBDKIT_FORMAT' } })
  t.same(files(), ['cut', 'mon', 'text', 'tue', 'wed'])
  t.ok((await contentOf(ioctx, 'to')).equals(before))
  t.match(await run('import-diff', 'mon', 'to', '--allow-shrink'), { status: 0, stderr: '' })
  t.equal((await contentOf(ioctx, 'to')).length, mib)
})

t.test('a reader that leaves, and a terminal', async (t) => {
  const { confFile, directory, name, files, run, shell } = await prepare(t)
  await run('export-diff', 'vm@mon', 'mon')
  await run('export-diff', 'vm@tue', '--from-snap', 'mon', 'tue')
  for (const writer of [`export-diff ${name}/vm -`, 'merge-diff mon tue -', `export ${name}/vm -`]) {
    const result = await shell(`rbdkit ${writer} | head -c 10 >/dev/null`)
    t.match(result, { stdout: '1 0\n', stderr: "rbdkit: EPIPE: broken pipe, write 'fd 1'\n" }, writer)
  }
  const { stdout } = await exec(
    'script',
    ['-qec', `'${process.execPath}' '${program}' merge-diff mon tue -; echo $?`, '/dev/null'],
    { cwd: directory, env: { ...process.env, CEPH_CONF: confFile, NODE_OPTIONS: '' } },
  )
  t.match(stdout, /^rbdkit: '-': a diff does not belong on a terminal\r\n.*\r\n2\r\n$/)
  t.same(files(), ['mon', 'tue'])
})

t.test('Ctrl-C: what is left is said; status 130', async (t) => {
  const { ioctx, confFile, directory, name, files, run } = await prepare(t, 'to')
  await exec('mkfifo', [join(directory, 'fifo')])
  // Open at both ends: it stays silent, and does not end.
  const fifo = openSync(join(directory, 'fifo'), 'r+')
  t.teardown(() => closeSync(fifo))
  await withImage(ioctx, 'vm', (image) => image.write(randomBytes(24 * mib), { position: 0 }))
  await run('export-diff', 'vm@mon', 'mon')
  // A read of 4 MiB then takes a third of a second: with one that says nothing for longer Ctrl-C does not wait.
  const slowly = ['--ceph-option', `rbd_qos_read_bps_limit=${12 * mib}`]
  for (const [args, stdin, left] of [
    [['export-diff', `${name}/vm`, 'out', ...slowly], 'ignore', "nothing is left of 'out'"],
    [['import-diff', '-', `${name}/to`], fifo, `'${name}/to' may have part of the changes: .*`],
    [['merge-diff', '-', 'mon', 'out'], fifo, "nothing is left of 'out'"],
  ] as const) {
    const running = startCli(confFile, args, { cwd: directory, stdin })
    await until(async () => running.threads().includes('rbdkit-diff'))
    running.kill('SIGINT')
    const result = await running.ended
    t.match(result, { status: 130, stdout: '' }, args.join(' '))
    t.match(result.stderr, new RegExp(`^rbdkit: interrupted by SIGINT; ${left}\\n$`, 'm'))
    t.same(files(), ['fifo', 'mon'])
  }
  t.same(await settledNames(ioctx), ['to', 'vm'])
  t.match(await run('import-diff', 'mon', 'to'), { status: 0 }, 'it can be applied afterwards')
})
