import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { Image } from 'rbdkit'
import t from 'tap'
import { openPool } from '../copy/fixture.js'

const exec = promisify(execFile)

t.test('the examples run as they are, leave nothing behind and print nothing else', async (t) => {
  const { ioctx, test } = await openPool(t)
  const env: NodeJS.ProcessEnv = { ...process.env, CEPH_CONF: test.confFile }
  delete env.NODE_OPTIONS
  const run = async (name: string, ...args: string[]): Promise<string> => {
    const file = fileURLToPath(new URL(`../../../examples/${name}.mjs`, import.meta.url))
    const { stdout, stderr } = await exec(process.execPath, [file, ioctx.pool, ...args], {
      env,
      timeout: 60_000,
    })
    t.equal(stderr, '', name)
    t.same(await Image.list(ioctx), [], name)
    return stdout
  }
  const life = await run('image-life')
  t.match(life, /^hello, block device\nparent: golden size: 67108864\n/)
  t.match(life, /flatten 16 of 16\n$/)
  t.equal(await run('locks'), 'taken: EROFS\nshut out: ESHUTDOWN\n')
  t.match(await run('watch'), /^heard: who is there\?\nanswer: pid \d+\n0 did not answer\n$/)
  t.equal(await run('bench-hosts'), 'worker-1 read bench-1\nworker-2 read bench-2\nmeasured\n')
  const directory = t.testdir()
  const [file, copy] = [join(directory, 'file'), join(directory, 'copy.gz')]
  const data = randomBytes(3_000_001)
  writeFileSync(file, data)
  t.equal(await run('streams', file, copy), '3000001 bytes\n')
  t.ok(gunzipSync(readFileSync(copy)).equals(data))
})
