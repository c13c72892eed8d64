/** `rbdkit compare`, beside cmp; and how a copy is verified and held back. */

import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type CompareResult, Image } from 'rbdkit'
import t, { type Test } from 'tap'
import { convertToQcow2 } from '../../helpers/qcow2.js'
import { contentOf, makeSparse, mib, openPool, settledNames, withImage } from '../copy/fixture.js'
import { bash, startCli, until } from './fixture.js'

t.setTimeout(300_000)

/** The same disk as a raw and a qcow2 file and as an image with a snapshot; the image was written to since. */
async function prepare(t: Test) {
  const pool = await openPool(t)
  const { ioctx, rbd } = pool
  const directory = t.testdir({})
  makeSparse(join(directory, 'disk.raw'), 24 * mib, [[mib, 3 * mib]])
  convertToQcow2(join(directory, 'disk.raw'), join(directory, 'disk.qcow2'), [], '')
  await rbd('import', '--no-progress', join(directory, 'disk.raw'), 'vm')
  await withImage(ioctx, 'vm', async (image) => {
    await image.snapshots.create('base')
    for (const position of [5, 9, 17]) await image.write(randomBytes(4096), { position: position * mib })
  })
  const { confFile } = pool.test
  const name = ioctx.pool
  const start = (...args: string[]) => startCli(confFile, [...args, '-p', name], { cwd: directory })
  const run = (...args: string[]) => start(...args).ended
  return { ...pool, name, confFile, directory, start, run }
}

t.test('exits as cmp does, for images, snapshots and files', async (t) => {
  const { name, confFile, directory, run } = await prepare(t)
  for (const [a, b] of [
    ['vm@base', './disk.raw'],
    ['./disk.qcow2', `${name}/vm@base`],
    [`../${directory.split('/').at(-1)}/disk.raw`, join(directory, 'disk.qcow2')],
  ] as const) {
    const result = await run('compare', a, b)
    t.match(result, { status: 0, stderr: '' }, `${a} ${b}`)
    t.match(result.stdout, / and \S+ are equal: 24 MiB in \S+ s, \S+ .iB\/s, crc32c:[0-9a-f]{8}\n$/)
  }
  const differ = await run('compare', '--max-extents=2', 'vm', 'vm@base')
  t.match(differ, { status: 1, stderr: '' })
  const lines = differ.stdout.split('\n')
  t.match(lines.shift(), new RegExp(`^${name}/vm and ${name}/vm@base differ: 24 MiB in `))
  t.same(lines, [
    '12288 bytes in 3 extents:',
    `  4096 at ${5 * mib}`,
    `  4096 at ${9 * mib}`,
    '  and 1 more',
    '',
  ])
  const script = `rbdkit export ${name}/vm - 2>/dev/null | cmp -s - disk.raw
echo "\${PIPESTATUS[*]}"; rbdkit export ${name}/vm@base - 2>/dev/null | cmp -s - disk.raw`
  // Whether the one that writes is done before cmp leaves is a matter of luck.
  t.match((await bash(confFile, directory, script)).stdout, /^[01] 1\n0 0\n$/, 'as cmp finds it')
})

t.test('sizes, and --json', async (t) => {
  const { name, directory, run } = await prepare(t)
  makeSparse(join(directory, 'longer'), 30 * mib, [])
  const longer = join(directory, 'longer')
  writeSync(openSync(longer, 'r+'), readFileSync(join(directory, 'disk.raw')))
  const zeros = await run('compare', 'vm@base', './longer')
  t.match(zeros, { status: 1, stderr: '' })
  t.match(zeros.stdout, `\n./longer is ${6 * mib} bytes longer, all zeros\n`)
  t.notMatch(zeros.stdout, 'extent')
  appendFileSync(longer, 'x')
  t.match(
    (await run('compare', './longer', 'vm@base')).stdout,
    /\n\.\/longer is \d+ bytes longer, not all zeros\n$/,
  )

  const { status, stdout, stderr } = await run('compare', './longer', 'vm', '--json')
  t.match({ status, stderr }, { status: 1, stderr: '' })
  const result = JSON.parse(stdout) as CompareResult
  t.match(result, {
    equal: false,
    a: { name: './longer', bytes: 30 * mib + 1 },
    b: { name: `${name}/vm`, bytes: 24 * mib },
    extents: [5, 9, 17].map((at) => ({ offset: at * mib, length: 4096 })),
    rest: { of: 'a', offset: 24 * mib, zero: false },
  })
})

t.test('2 when it cannot be told, 130 after Ctrl-C', async (t) => {
  const { name, directory, start, run } = await prepare(t)
  for (const [args, message] of [
    [['vm', './none'], `ENOENT: no such file or directory, open './none'`],
    [['none', './disk.raw'], `ENOENT: no such file or directory, rbd_\\w+ '${name}/none'`],
    [['vm@none', 'vm'], `ENOENT: no such file or directory, rbd_\\w+ '${name}/vm@none'`],
    [['vm', 'disk.raw'], `ENOENT: .*'${name}/disk.raw': it was taken for an image; the file is ./disk.raw`],
    [['vm', '.'], `ENOENT: no such file or directory, rbd_\\w+ '${name}/.'`],
    [['vm', directory], `EISDIR: illegal operation on a directory, open '${directory}'`],
    [['vm', '-'], "'-': a stream cannot be compared, save it first\nSee 'rbdkit compare --help'."],
    [['vm'], "missing required argument 'disk2'\nSee 'rbdkit compare --help'."],
    [['vm', 'vm', '--max-extents=x'], `option '--max-extents <n>' .*\nSee 'rbdkit compare --help'.`],
  ] as [string[], string][]) {
    const result = await run('compare', ...args)
    t.match(result, { status: 2, stdout: '' }, args.join(' '))
    t.match(result.stderr, new RegExp(`^rbdkit: ${message}(?:: it was .*)?\\n$`))
  }
  const failed = await run('compare', 'vm', './none', '--json')
  t.equal(failed.status, 2)
  t.match(JSON.parse(failed.stdout), { error: { code: 'ENOENT', path: './none' } })

  const running = start('compare', 'vm', './disk.raw', '--bwlimit', '100k')
  await until(async () => running.threads().includes('rbdkit-compare'))
  running.kill('SIGINT')
  t.match(await running.ended, { status: 130, stdout: '', stderr: /^rbdkit: interrupted by SIGINT\n$/m })
})

t.test('cp, import and export: --verify and --bwlimit', async (t) => {
  const { ioctx, name, directory, run } = await prepare(t)
  for (const args of [
    ['cp', 'vm@base', 'a', '--verify=osd'],
    ['import', 'disk.raw', 'b', '--verify', 'read-back'],
    ['export', 'vm@base', 'c', '--verify=full'],
  ]) {
    const result = await run(...args)
    t.match(result, { status: 0, stderr: '' }, args.join(' '))
    t.match(result.stdout, /, crc32c:[0-9a-f]{8}, verified\n$/)
  }
  t.match((await run('export', 'vm@base', 'd', '--verify=none')).stdout, /iB\/s\n$/, 'no digest')
  const want = await contentOf(ioctx, 'vm', 'base')
  for (const image of ['a', 'b']) t.ok((await contentOf(ioctx, image)).equals(want))
  for (const file of ['c', 'd']) t.ok(readFileSync(join(directory, file)).equals(want))

  for (const [args, message] of [
    [
      ['cp', 'vm', 'x', '--verify=some'],
      `option '--verify <level>' argument 'some' is invalid. Allowed choices are .*`,
    ],
    [['export', 'vm', 'x', '--verify=osd'], `--verify: 'osd' is for images; .*`],
    [['export', 'vm', '-', '--verify=full'], '--verify: a stream or descriptor cannot be read again'],
    [
      ['import', 'disk.raw', 'x', '--resume', '--verify=osd'],
      "--verify: with 'resume' there are no checksums .*",
    ],
    [
      ['import', 'disk.raw', 'x', '--bwlimit=0'],
      `option '--bwlimit <size>' argument '0' is invalid. must be a size .*`,
    ],
  ] as [string[], string][]) {
    const result = await run(...args)
    t.match(result, { status: 2, stdout: '' }, args.join(' '))
    t.match(result.stderr, new RegExp(`^rbdkit: ${message}\\nSee 'rbdkit ${args[0]} --help'\\.\\n$`))
  }
  t.same(await settledNames(ioctx), ['a', 'b', 'vm'])
  t.notOk(existsSync(join(directory, 'x')))

  await Image.create(ioctx, 'dense', { size: 16 * mib })
  await withImage(ioctx, 'dense', (image) => image.write(randomBytes(16 * mib), { position: 0 }))
  const limited = await run('cp', 'dense', 'slow', '--bwlimit', '8m', '--json')
  t.match(limited, { status: 0 })
  const { bytes, seconds } = JSON.parse(limited.stdout) as { bytes: number; seconds: number }
  // The first piece of 4 MiB is not held back. This is a floor, not a speed: it cannot be too fast by luck.
  t.ok((bytes - 4 * mib) / seconds <= 8.1 * mib, `${name}: ${seconds} s`)
})
