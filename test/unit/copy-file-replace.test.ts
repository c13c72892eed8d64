import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanupCopies, copy } from 'rbdkit'
import t from 'tap'

const mib = 1024 * 1024
const preloadSource = fileURLToPath(new URL('../helpers/kill-at.c', import.meta.url))

/** Copies `from` to `to` in a process that is killed at a call: see test/helpers/kill-at.c. */
async function killCopy(
  preload: string,
  at: string,
  from: string,
  to: string,
  options: object,
): Promise<void> {
  const script = `import { copy } from 'rbdkit'
    await copy({ file: process.argv[1] }, { file: process.argv[2] }, ${JSON.stringify(options)})`
  const env = { ...process.env, LD_PRELOAD: preload, RBDKIT_KILL_AT: at }
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, from, to], {
    env,
    stdio: 'ignore',
  })
  const [, signal] = await once(child, 'exit')
  if (signal !== 'SIGKILL') throw new Error(`${at}: the copy was not killed`)
}

t.test('a file is replaced in one step, and gives its mode', async (t) => {
  const directory = t.testdir({ from: 'new content', to: 'old' })
  const [from, to] = [join(directory, 'from'), join(directory, 'to')]
  chmodSync(to, 0o640)
  await t.rejects(Promise.resolve(copy({ file: from }, { file: to })), { code: 'EEXIST' })
  const result = await copy({ file: from }, { file: to }, { replace: true })
  t.equal(readFileSync(to, 'utf8'), 'new content')
  t.equal(statSync(to).mode & 0o777, 0o640)
  t.equal(result.replaced, undefined, 'nothing is kept of a file')
  t.same(readdirSync(directory), ['from', 'to'])
})

t.test(
  'a file that is replaced gives its ACL and attributes, and its other names keep what they had',
  async (t) => {
    const directory = t.testdir({ from: 'new', to: 'old', other: t.fixture('link', 'to') })
    const [from, to] = [join(directory, 'from'), join(directory, 'to')]
    // user 12345 may read it: struct posix_acl_xattr_header and its entries, of linux/posix_acl_xattr.h
    const acl =
      '02000000 01000600ffffffff 0200040039300000 04000400ffffffff 10000400ffffffff 20000000ffffffff'
    const python = (script: string) => execFileSync('python3', ['-c', script, to], { encoding: 'utf8' })
    const list =
      'import os, sys; print({n: os.getxattr(sys.argv[1], n) for n in sorted(os.listxattr(sys.argv[1]))})'
    python(`import os, sys
os.setxattr(sys.argv[1], 'user.origin', b'golden')
os.setxattr(sys.argv[1], 'system.posix_acl_access', bytes.fromhex('${acl}'))`)
    const before = python(list)
    t.match(before, /system\.posix_acl_access.*user\.origin.*golden/)
    await copy({ file: from }, { file: to }, { replace: true })
    t.equal(readFileSync(to, 'utf8'), 'new')
    t.equal(python(list), before)
    t.equal(statSync(to).mode & 0o777, 0o640)
    t.equal(readFileSync(join(directory, 'other'), 'utf8'), 'old')
  },
)

t.test('only a regular file is replaced', async (t) => {
  const directory = t.testdir({ from: 'x', dir: {}, link: t.fixture('symlink', 'from') })
  for (const name of ['dir', 'link']) {
    const job = copy({ file: join(directory, 'from') }, { file: join(directory, name) }, { replace: true })
    await t.rejects(Promise.resolve(job), { code: 'EEXIST' })
  }
  t.equal(readFileSync(join(directory, 'from'), 'utf8'), 'x')
  t.same(readdirSync(directory), ['dir', 'from', 'link'])
})

t.test(
  'SIGKILL at each step: the name has the old or the new content; resume or cleanup end it',
  async (t) => {
    const directory = t.testdir()
    const preload = join(directory, 'kill-at.so')
    execFileSync('cc', ['-shared', '-fPIC', '-o', preload, preloadSource, '-ldl'])
    const from = join(directory, 'from')
    writeFileSync(from, randomBytes(5 * mib))
    const content = readFileSync(from)
    const steps = [
      'flock:1:before',
      'flock:1:after',
      'pwrite:1:after',
      'fsync:1:before',
      'fsync:1:after',
      'renameat:2:before',
      'renameat:2:after',
      'renameat2:1:before',
      'renameat2:1:after',
    ]
    const trial = async (given: string, replace: boolean, how: 'resume' | 'cleanup') => {
      // A file is replaced by rename(2), without a flag.
      const at = replace ? given.replace('renameat2:1', 'renameat:3') : given
      const name = `${at} ${replace ? 'replace' : 'new'} ${how}`
      const place = join(directory, name)
      mkdirSync(place)
      const to = join(place, 'to')
      if (replace) writeFileSync(to, 'old')
      await killCopy(preload, at, from, to, { replace })
      const there = existsSync(to) ? readFileSync(to) : undefined
      const whole = there?.equals(content) ?? false
      t.ok(whole || there?.toString() === (replace ? 'old' : undefined), `${name}: all or nothing`)
      if (how === 'resume') {
        await copy({ file: from }, { file: to }, { replace, resume: true })
        t.ok(readFileSync(to).equals(content), name)
      } else {
        const left = await cleanupCopies({ directory: place })
        t.ok(left.length === 1 && left[0]?.done, `${name}: ${JSON.stringify(left)}`)
        const now = existsSync(to) ? readFileSync(to) : undefined
        if (left[0]?.action === 'publish' || whole) t.ok(now?.equals(content), `${name}: finished`)
        else t.equal(now?.toString(), replace ? 'old' : undefined, `${name}: taken back`)
      }
      t.same(readdirSync(place), existsSync(to) ? ['to'] : [], `${name}: nothing is left`)
    }
    for (const step of steps) {
      const ways = step.startsWith('rename') ? [false, true] : [false]
      await Promise.all(
        ways.flatMap((replace) => [trial(step, replace, 'resume'), trial(step, replace, 'cleanup')]),
      )
    }
  },
)

t.test('resume refuses another source, and leaves what is there', async (t) => {
  const directory = t.testdir()
  const preload = join(directory, 'kill-at.so')
  execFileSync('cc', ['-shared', '-fPIC', '-o', preload, preloadSource, '-ldl'])
  const [from, to] = [join(directory, 'from'), join(directory, 'to')]
  writeFileSync(from, randomBytes(mib))
  await killCopy(preload, 'pwrite:1:after', from, to, {})
  writeFileSync(from, randomBytes(mib))
  const before = readdirSync(directory)
  const job = copy({ file: from }, { file: to }, { resume: true })
  await t.rejects(Promise.resolve(job), { name: 'CopyError', code: 'ERR_SOURCE_CHANGED' })
  t.same(readdirSync(directory), before)
  const listed = await cleanupCopies({ directory }, { dryRun: true })
  t.match(listed, [{ kind: 'file', target: 'to', action: 'remove', done: false, inUse: false }])
  t.same(readdirSync(directory), before, 'a dry run removes nothing')
  await copy({ file: from }, { file: to })
  t.match(await cleanupCopies({ directory }), [{ done: true }])
  t.same(readdirSync(directory), ['from', 'kill-at.so', 'to'])
})

t.test('cleanup touches nothing that no copy has written down, and nothing at work', async (t) => {
  const foreign = {
    'a.rbdkit-0123456789abcdef': 'mine',
    'b.rbdkit-0123456789abcdef': 'mine too',
    'b.rbdkit-0123456789abcdef.copy': 'not a record',
    'c.copy': '',
  }
  const directory = t.testdir(foreign)
  const before = readdirSync(directory)
  t.same(await cleanupCopies({ directory }), [])
  const from = join(t.testdirName, 'from')
  writeFileSync(from, randomBytes(48 * mib))
  let working = true
  // The limit gives it two seconds, of which a cleanup cannot miss all.
  const slowly = { bandwidthLimit: 24 * mib }
  const job = copy({ file: from }, { file: join(directory, 'to') }, slowly).finally(() => {
    working = false
  })
  // A cleanup that comes before the copy has locked its file may take that away, and the copy makes it again.
  let during = await cleanupCopies({ directory })
  while (working && !during[0]?.inUse) during = await cleanupCopies({ directory })
  t.match(during, [{ target: 'to', inUse: true, done: false }])
  await job
  t.same(readdirSync(directory).sort(), [...before, 'from', 'to'].sort())
  await t.rejects(cleanupCopies({ directory: join(directory, 'nowhere') }), { code: 'ENOENT' })
})

t.test('a cleanup that comes just when a copy makes its file does not take it away', async (t) => {
  const directory = t.testdir()
  const from = join(t.testdirName, 'from')
  writeFileSync(from, randomBytes(1000))
  let working = true
  const cleanups = [0, 1].map(async () => {
    while (working) await cleanupCopies({ directory })
  })
  const chains = [0, 1].map(async (chain) => {
    for (let i = 0; i < 300; i++) await copy({ file: from }, { file: join(directory, `${chain}-${i}`) })
  })
  await Promise.all(chains).finally(() => {
    working = false
  })
  await Promise.all(cleanups)
  t.equal(readdirSync(directory).length, 601)
})
