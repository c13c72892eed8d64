/** What the command prints: where nothing can be written, on a terminal, and beside one odd image. */

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Image } from 'rbdkit'
import t from 'tap'
import { makeDiff } from '../../helpers/diff.js'
import { mib, openPool, withImage } from '../copy/fixture.js'
import { bash, cli, program } from './fixture.js'

const exec = promisify(execFile)

t.setTimeout(300_000)

t.test('what cannot be written is an error, a reader that has seen enough is none', async (t) => {
  const { ioctx, test } = await openPool(t)
  const { pool } = ioctx
  await Image.create(ioctx, 'image', { size: mib })
  const full = /rbdkit: standard output cannot be written: [^\n]*ENOSPC[^\n]*\n$/
  for (const line of [`ls ${pool}`, `info ${pool}/image --json`, 'completion bash', '--help']) {
    const { stdout, stderr } = await bash(test.confFile, '/', `rbdkit ${line} > /dev/full`)
    t.equal(stdout, '1\n', line)
    t.match(stderr, full, line)
    t.notMatch(stderr, /\n {4}at /, 'no stack')
  }
  const early = await bash(test.confFile, '/', `rbdkit ls ${pool} | true`)
  t.match(early, { stdout: '0 0\n', stderr: '' })
  const deaf = await bash(test.confFile, '/', `rbdkit ls ${pool}/nope 2> /dev/full`)
  t.match(deaf, { stdout: /^[01]\n$/ }, 'nobody to tell')
})

t.test('names with @ and / that other programs have given, and an image that is damaged', async (t) => {
  const { ioctx, test, rbd, rados } = await openPool(t)
  const { pool } = ioctx
  const run = (...args: string[]) => cli(test.confFile, ...args)
  // rbd makes neither when it is asked to, but does so on these ways.
  for (const name of ['plain', 'odd', 'damaged']) await Image.create(ioctx, name, { size: 8 * mib })
  const { id } = await withImage(ioctx, 'odd', (image) => image.info())
  await rbd('trash', 'mv', 'odd')
  await rbd('trash', 'restore', '--image-id', id, '--image', 'at@name')
  const diff = join(t.testdir(), 'diff')
  writeFileSync(diff, makeDiff({ to: 'a/b', size: 8 * mib, records: [] }))
  await rbd('import-diff', '--no-progress', diff, 'plain')
  await rados('rm', `rbd_header.${(await withImage(ioctx, 'damaged', (image) => image.info())).id}`)
  await rados('create', 'rbd_id.garbled')

  t.match(await run('ls', pool), { status: 0, stdout: 'at@name\ndamaged\nplain\n' })
  const listed = await run('ls', '-l', pool)
  t.match(listed.stdout, /^at@name .*\nplain .*\nplain@a\/b .*\n$/m)
  const used = await run('-p', pool, 'du', '--json')
  t.same(
    JSON.parse(used.stdout).images.map((one: { name: string; snapshot?: string }) => [
      one.name,
      one.snapshot,
    ]),
    [
      ['at@name', undefined],
      ['plain', 'a/b'],
      ['plain', undefined],
    ],
  )
  t.match(await run('info', '-p', pool, '--image', 'at@name', '--json'), { status: 0, stdout: /"at@name"/ })
  t.match(await run('snap', 'rm', `${pool}/plain@a/b`), { status: 0, stderr: '' })
  t.match(await run('rm', '-p', pool, '--image', 'at@name'), { status: 0, stderr: '' })
  t.match(await run('snap', 'create', `${pool}/plain@a/b`), { status: 2, stderr: /must not contain/ })
})

t.test('du with an invalid object map is right, and says that it is', async (t) => {
  const { ioctx, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 32 * mib })
  const objects = await withImage(ioctx, 'image', async (image) => {
    await image.write(Buffer.alloc(8 * mib, 5), { position: 4 * mib })
    await image.snapshots.create('s')
    await image.write(Buffer.alloc(mib, 6), { position: 24 * mib })
    return image.info()
  })
  // A map that is not as long as the image: librbd marks it when it is next opened for writing.
  await exec('rados', ['-p', ioctx.pool, 'truncate', `rbd_object_map.${objects.id}`, '0'], {
    env: { ...process.env, ...test.env },
  })
  await withImage(ioctx, 'image', async (image) => {
    await image.locks.acquire('exclusive')
    await image.write(Buffer.alloc(4096, 7), { position: 24 * mib })
  })
  const { status, stdout, stderr } = await cli(test.confFile, 'du', `${ioctx.pool}/image`, '--json')
  t.equal(status, 0)
  t.match(
    stderr,
    /^rbdkit: the object map of 'image' is invalid: this may take long; rbd object-map rebuild /m,
  )
  t.match(JSON.parse(stdout), { total_used_size: 12 * mib })
})

t.test('a name cannot give orders to a terminal, whatever the command', async (t) => {
  const { ioctx, test } = await openPool(t)
  const name = 'a\u001b]0;owned\u0007\u009b2J'
  await Image.create(ioctx, name, { size: 8 * mib })
  await withImage(ioctx, name, (image) => image.write(Buffer.alloc(mib, 5), { position: 0 }))
  const spec = `"$POOL/$NAME"`
  for (const line of [
    `ls -l $POOL; info ${spec}; info --json ${spec}; ls $POOL`,
    `snap create ${spec}@"$NAME"; snap ls ${spec}; rm ${spec}; du ${spec}`,
    `bench ${spec} --io-size 64k --eta always; export ${spec} -; compare ${spec} ${spec}`,
    `"$NAME"; bench-worker $POOL --group "$NAME"; import-diff "$NAME" ${spec}; dev up --name "$NAME"`,
  ]) {
    const script = line.split('; ').map((one) => `'${process.execPath}' '${program}' ${one}`)
    const env = { ...process.env, ...test.env, POOL: ioctx.pool, NAME: name, NODE_OPTIONS: '', TERM: 'xterm' }
    const shown = await exec('script', ['-qec', script.join('; '), '/dev/null'], {
      env,
      timeout: 120_000,
    }).catch((error: { stdout: string }) => error)
    t.match(shown.stdout, /owned/, line)
    for (const order of ['\u001b]', '\u0007', '\u009b']) t.notOk(shown.stdout.includes(order), line)
  }
})
