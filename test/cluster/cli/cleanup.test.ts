/** `rbdkit cleanup`, and `--replace` and `--resume` of what copies. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeSparse, mib, openPool, settledNames } from '../copy/fixture.js'
import { buildPreload, killCopy, untilNoneInUse } from '../copy/kill.js'
import { cli } from './fixture.js'

t.test('replace, resume and cleanup', async (t) => {
  const pool = await openPool(t)
  const { ioctx, test } = pool
  const directory = t.testdir()
  const file = join(directory, 'disk.raw')
  makeSparse(file, 8 * mib, [[0, 4 * mib]])
  const run = (...args: string[]) => cli(test.confFile, ...args)
  const image = `${ioctx.pool}/disk`
  t.match(await run('import', file, image), { status: 0 })
  t.match(await run('import', file, image), { status: 1, stderr: /EEXIST/ })
  t.match(await run('import', '--replace', file, image), { status: 0, stdout: /in the trash: [0-9a-f]+\n$/ })

  const kill = (name: string, at: string) =>
    killCopy(pool, buildPreload(directory), { source: { file }, destination: { image: name }, at })
  await Promise.all([
    kill('whole', 'rados_write_op_write_full:1:before'),
    kill('half', 'rbd_aio_write2:1:after'),
  ])
  await untilNoneInUse({ ioctx })
  t.match(await run('import', '--resume', file, `${ioctx.pool}/whole`), {
    status: 0,
    stdout: /8 MiB of it were there already\n$/,
  })
  const listed = await run('cleanup', '--dry-run', ioctx.pool)
  t.match(listed, {
    status: 0,
    stdout: /^KIND .*\nimage +half\.rbdkit-[0-9a-f]{16} +half .* to be removed\n$/,
  })
  const [row] = JSON.parse((await run('cleanup', '--json', ioctx.pool)).stdout)
  t.match(row, { kind: 'image', target: 'half', done: true })
  t.match(await run('cleanup', ioctx.pool), { status: 0, stdout: '' })
  t.same(await settledNames(ioctx), ['disk', 'whole'])
  writeFileSync(join(directory, 'mine.rbdkit-0123456789abcdef'), '')
  t.match(await run('cleanup', '--directory', directory), { status: 0, stdout: '' })
})
