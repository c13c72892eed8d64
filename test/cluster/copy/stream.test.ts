/** Copies from and to descriptors: pipes, standard input and output. */

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copy, Image } from 'rbdkit'
import t from 'tap'
import { plainNode } from '../../helpers/child.js'
import { type CopyPool, contentOf, makeSparse, mib, openPool, settledNames } from './fixture.js'

const command = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

const holes: [number, number][] = [
  [0, 5],
  [3 * mib, 2 * mib],
  [17 * mib + 4097, 3 * mib],
]

/** A FIFO, with a process of another program at its other end. */
async function fifo(directory: string, name: string): Promise<string> {
  const path = join(directory, name)
  await once(spawn('mkfifo', [path]), 'close')
  return path
}

function shell(script: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
  return spawn('bash', ['-c', `set -o pipefail; ${script}`], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function finished(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = ''
  child.stderr?.on('data', (data) => {
    stderr += data
  })
  child.stdout?.resume()
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}

/** The command line of rbdkit as a shell reads it. */
function rbdkit({ test, ioctx }: CopyPool, ...args: string[]): string {
  const [node, plain] = plainNode([
    command,
    ...args,
    '-c',
    test.confFile,
    '--keyring',
    test.keyring,
    '-p',
    ioctx.pool,
  ])
  return [node, ...plain].map((word) => `'${word}'`).join(' ')
}

t.test('a pipe becomes an image, an image a pipe', async (t) => {
  const { ioctx } = await openPool(t)
  const directory = t.testdir()
  for (const [name, size, data] of [
    ['empty', 0, []],
    ['byte', 1, [[0, 1]]],
    ['ragged', 21 * mib + 777, holes],
    ['unit', 8 * mib, [[0, 8 * mib]]],
    ['zeros', 9 * mib, []],
  ] as [string, number, [number, number][]][]) {
    const from = join(directory, name)
    makeSparse(from, size, data)
    const pipe = await fifo(directory, `${name}.in`)
    const writer = finished(shell(`cat '${from}' > '${pipe}'`))
    const fd = openSync(pipe, 'r')
    const job = copy({ fd }, { ioctx, image: name })
    closeSync(fd)
    const result = await job
    t.equal(result.bytes, size, `${name}: the size is the stream's`)
    t.ok((await contentOf(ioctx, name)).equals(readFileSync(from)), `${name}: and the content`)
    t.equal((await writer).code, 0)
    if (name === 'ragged') t.ok(result.bytesWritten < 7 * mib, 'zeros stay holes')

    const back = await fifo(directory, `${name}.out`)
    const reader = finished(shell(`cat '${back}' > '${from}.back'`))
    const out = openSync(back, 'w')
    const there = copy({ ioctx, image: name }, { fd: out })
    closeSync(out)
    t.equal((await there).digest, result.digest, `${name}: the same digest both ways`)
    t.equal((await reader).code, 0)
    t.ok(readFileSync(`${from}.back`).equals(readFileSync(from)), `${name}: and back`)
  }
})

t.test('a file through a pipe to a file', async (t) => {
  const directory = t.testdir()
  const from = join(directory, 'from')
  const to = join(directory, 'to')
  makeSparse(from, 30 * mib + 5, holes)
  const pipe = await fifo(directory, 'pipe')
  const both = openSync(pipe, 'r+') // so that neither opening waits
  const source = openSync(pipe, 'r')
  const destination = openSync(pipe, 'w')
  const receiving = copy({ fd: source }, { file: to })
  const sending = copy({ file: from }, { fd: destination })
  for (const fd of [both, source, destination]) closeSync(fd)
  const [sent, received] = await Promise.all([sending, receiving])
  t.equal(received.digest, sent.digest)
  t.ok(readFileSync(to).equals(readFileSync(from)))
})

t.test('a stream that stays silent can be aborted, and nothing is left', async (t) => {
  const { ioctx } = await openPool(t)
  const pipe = await fifo(t.testdir(), 'pipe')
  const fd = openSync(pipe, 'r+')
  t.teardown(() => closeSync(fd))
  const job = copy({ fd }, { ioctx, image: 'never' }, { signal: AbortSignal.timeout(300) })
  await t.rejects(job.then(), { name: 'TimeoutError' })
  t.same(await settledNames(ioctx), [])
  await Image.create(ioctx, 'big', { size: 64 * mib })
  const image = await Image.open(ioctx, 'big')
  await image.write(randomBytes(4 * mib), { position: 20 * mib })
  await image.close()
  const full = copy({ ioctx, image: 'big' }, { fd }, { signal: AbortSignal.timeout(300) })
  await t.rejects(full.then(), { name: 'TimeoutError' }, 'so can one that nobody reads')
})

t.test('a reader that goes away, and a descriptor that is none', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'big', { size: 64 * mib })
  const pipe = await fifo(t.testdir(), 'pipe')
  const reader = finished(shell(`head -c 1000 '${pipe}'`))
  const fd = openSync(pipe, 'w')
  const job = copy({ ioctx, image: 'big' }, { fd })
  closeSync(fd)
  await t.rejects(job.then(), { code: 'EPIPE', syscall: 'write', path: `fd ${fd}` })
  await reader
  await t.rejects(copy({ fd: 987654 }, { ioctx, image: 'x' }).then(), { code: 'EBADF', path: 'fd 987654' })
  await t.rejects(copy({ fd: -1 }, { ioctx, image: 'x' }).then(), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(copy({ fd: 1, file: '/x' } as never, { ioctx, image: 'x' }).then(), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  t.same(await settledNames(ioctx), ['big'])
})

t.test('rbdkit import - and export -, beside rbd', async (t) => {
  const pool = await openPool(t)
  const { test, ioctx } = pool
  const directory = t.testdir()
  const from = join(directory, 'from')
  makeSparse(from, 30 * mib + 512, holes)
  const env = { ...process.env, ...test.env }
  const run = (script: string) => finished(shell(script, env))
  const imported = await run(`cat '${from}' | ${rbdkit(pool, 'import', '-', 'ours')}`)
  t.match(imported, { code: 0 })
  const back = await run(
    `rbd -p ${ioctx.pool} export --no-progress ours - | cmp - '${from}' && ` +
      `${rbdkit(pool, 'export', 'ours', '-')} | cmp - '${from}'`,
  )
  t.equal(back.code, 0, back.stderr)
  t.match(back.stderr, /ours -> -: /, 'what it did is told on stderr')
  const moved = await run(`${rbdkit(pool, 'export', 'ours', '-')} | ${rbdkit(pool, 'import', '-', 'again')}`)
  t.equal(moved.code, 0, moved.stderr)
  t.ok((await contentOf(ioctx, 'again')).equals(readFileSync(from)))
  const byPath = await run(
    `cat '${from}' | ${rbdkit(pool, 'import', '/dev/stdin', 'by-path')} && ` +
      `${rbdkit(pool, 'export', 'by-path', '/dev/stdout')} | cmp - '${from}' && ` +
      rbdkit(pool, 'export', 'by-path', '/dev/null'),
  )
  t.equal(byPath.code, 0, byPath.stderr)
  t.match(await run(rbdkit(pool, 'import', '/dev/zero', 'endless')), {
    code: 1,
    stderr: /ENOTSUP.*block device/,
  })
  t.match(await run(`${rbdkit(pool, 'import', '-')} < '${from}'`), { code: 2, stderr: /which image/ })
  t.match(await run(rbdkit(pool, 'export', 'ours', '-', '--json')), { code: 2, stderr: /--json/ })
})
