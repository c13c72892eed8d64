import { fork } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { sharedCluster } from '../../helpers/cluster.js'
import { cephRelease } from '../../helpers/releases.js'

type Answers = Record<string, { code: string; text: string }>

interface Outcome {
  answers: Answers | undefined
  stdout: string
  stderr: string
  code: number | null
}

/** What librados's own tools leave behind. */
function traces(): string[] {
  return ['/var/log/ceph', '/var/run/ceph'].flatMap((directory) => {
    try {
      return readdirSync(directory).map((name) => join(directory, name))
    } catch {
      return []
    }
  })
}

function runCases(cases: Record<string, object>, cwd: string): Promise<Outcome> {
  const env = { ...process.env }
  for (const name of ['NODE_OPTIONS', 'CEPH_CONF', 'CEPH_ARGS', 'CEPH_KEYRING']) delete env[name]
  const child = fork(fileURLToPath(new URL('quiet-child.mjs', import.meta.url)), [JSON.stringify(cases)], {
    cwd,
    env,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const outcome: Outcome = { answers: undefined, stdout: '', stderr: '', code: null }
  child.stdout?.on('data', (data) => {
    outcome.stdout += data
  })
  child.stderr?.on('data', (data) => {
    outcome.stderr += data
  })
  child.on('message', (answers) => {
    outcome.answers = answers as Answers
  })
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ ...outcome, code }))
  })
}

/** A port that nobody listens on. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

t.test('every way to fail to connect is quiet, has its code and keeps the key', async (t) => {
  const { confFile } = await sharedCluster()
  const conf = readFileSync(confFile, 'utf8')
  const files = t.testdir({ cwd: {}, directory: {} })
  const file = (name: string, text: string | Buffer): string => {
    writeFileSync(join(files, name), text)
    return join(files, name)
  }
  // Made here; no cluster knows it.
  const bytes = Buffer.alloc(28, 'S3cr3t')
  bytes.writeUInt16LE(1, 0)
  bytes.writeUInt16LE(16, 10)
  const key = bytes.toString('base64')
  const bad = 'U0VDUkVUU0VDUkVU/garbage'
  const port = await deadPort()
  const quick = { connectTimeoutMs: 900 }
  // Ceph 20 does not tell a keyring that it cannot use from a user that it refuses.
  const unusable = cephRelease < 20 ? undefined : 'EACCES'
  const cases: Record<string, [code: string, options: object]> = {
    'missing conf file': ['ENOENT', { confFile: join(files, 'none') }],
    'a directory as conf file': ['ENOENT', { confFile: files }],
    'malformed conf file': ['EINVAL', { confFile: file('bad.conf', '[global]\n garbage garbage\n') }],
    'text as conf file': ['EINVAL', { confFile: file('text.conf', 'this is no conf file\n') }],
    'binary conf file': ['EINVAL', { confFile: file('bin.conf', Buffer.from([0, 1, 255, 254, 10, 91, 0])) }],
    'empty conf file': ['EINVAL', { confFile: file('empty.conf', '') }],
    'bad values in the conf file': [
      'connected',
      { confFile: file('values.conf', conf.replace('[global]', '[global]\nrados osd op timeout = abc\n')) },
    ],
    'a conf file that wants logs': [
      'connected',
      {
        confFile: file(
          'logs.conf',
          conf
            .replace('log file =', `log file = ${files}/client.log\nlog to stderr = true\ndebug ms = 20\nx =`)
            .replace('admin socket =', `admin socket = ${files}/client.asok\ny =`),
        ),
      },
    ],
    'messenger that does not exist': ['EINVAL', { confFile, options: { ms_type: 'nonsense' } }],
    'wrong key': ['EACCES', { confFile, key }],
    'malformed key': ['ERR_INVALID_ARG_VALUE', { confFile, key: bad }],
    'short key': ['ERR_INVALID_ARG_VALUE', { confFile, key: key.slice(0, 24) }],
    'malformed key among the options': ['ERR_INVALID_ARG_VALUE', { confFile, options: { ' key': bad } }],
    'no such user': ['EACCES', { confFile, id: 'nobody' }],
    'missing keyring': ['ENOENT', { confFile, keyring: join(files, 'none') }],
    'a directory as keyring': [unusable ?? 'EISDIR', { confFile, keyring: files }],
    'keyring with a bad key': [
      unusable ?? 'EIO',
      { confFile, keyring: file('a', `[client.admin]\nkey = ${bad}\n`) },
    ],
    'keyring with a short key': [
      unusable ?? 'EIO',
      { confFile, keyring: file('b', `[client.admin]\nkey = ${key.slice(0, 24)}\n`) },
    ],
    'keyring of garbage': [unusable ?? 'EIO', { confFile, keyring: file('c', `${bad}\n`) }],
    'keyring of another user': ['EACCES', { confFile, keyring: file('d', `[client.x]\nkey = ${key}\n`) }],
    'keyring with a wrong key': [
      'EACCES',
      { confFile, keyring: file('e', `[client.admin]\nkey = ${key}\n`) },
    ],
    'malformed address': ['EINVAL', { monHost: '1.2.3:::4' }],
    'open bracket': ['EINVAL', { monHost: '[v2:127.0.0.1:3300' }],
    'no address': ['EINVAL', { monHost: ',' }],
    'no such port': ['EINVAL', { monHost: '127.0.0.1:99999' }],
    'no such address': ['EINVAL', { monHost: '300.1.1.1' }],
    'unresolvable host': ['EINVAL', { monHost: 'no-such-host.invalid' }],
    'dead port': ['ETIMEDOUT', { monHost: `127.0.0.1:${port}`, key, ...quick }],
    'dead port, no key': ['ETIMEDOUT', { monHost: `127.0.0.1:${port}`, ...quick }],
    'no such option': ['EINVAL', { confFile, options: { no_such_option: 1 } }],
    'bad value': ['EINVAL', { confFile, options: { rados_osd_op_timeout: 'abc' } }],
  }
  const before = traces()
  const options = Object.fromEntries(Object.entries(cases).map(([name, [, given]]) => [name, given]))
  const { answers, stdout, stderr, code } = await runCases(options, join(files, 'cwd'))
  t.equal(stdout, '')
  t.equal(stderr, '')
  t.equal(code, 0)
  const codes = Object.entries(answers ?? {}).map(([name, answer]) => [name, answer.code])
  t.same(Object.fromEntries(codes), Object.fromEntries(Object.entries(cases).map(([name, [c]]) => [name, c])))
  for (const [name, { text }] of Object.entries(answers ?? {})) {
    for (const secret of [key, key.slice(0, 24), bad])
      t.notOk(text.includes(secret), `${name}: no key in the error`)
  }
  t.same(readdirSync(join(files, 'cwd')), [])
  t.notOk(
    readdirSync(files).some((name) => name.startsWith('client.')),
    'no log file, no socket',
  )
  t.same(traces(), before)
})
