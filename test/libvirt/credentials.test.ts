/** Credentials that are asked for while a connection is opened: by libvirt's test driver, which can be told a password. */

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, type CredentialRequest } from 'rbdkit/libvirt'
import t from 'tap'
import { libvirtHas } from '../helpers/releases.js'

const directory = t.testdir({ 'auth.conf': '[credentials-none]\n' })
process.env.LIBVIRT_AUTH_FILE = join(directory, 'auth.conf') // a user's own would answer instead
const file = join(directory, 'node.xml')
writeFileSync(
  file,
  "<node><auth><user password='hunter2'>admin</user><user>guest</user></auth><cpu><arch>x86_64</arch></cpu></node>",
)
const uri = `test://${file}`

t.test('who has the name and the password gets in', async (t) => {
  const asked: CredentialRequest[] = []
  const connection = await Connection.open(uri, {
    credentials: async (requests) => {
      asked.push(...requests)
      await sleep(20)
      return requests.map(({ type }) => (type === 'passphrase' ? 'hunter2' : 'admin'))
    },
  })
  t.teardown(() => connection.close())
  t.equal(await connection.type(), 'TEST')
  t.same(
    asked.map(({ type }) => type),
    ['authname', 'passphrase'],
  )
  const challenge = libvirtHas(await connection.libVersion(), '11.3.0') ? undefined : 'localhost'
  t.match(asked[1], { prompt: /password/i })
  t.equal(asked[1]?.challenge, challenge)
})

t.test('who has not is refused, and no error tells what was given', async (t) => {
  const open = (password: unknown) =>
    Connection.open(uri, {
      credentials: (requests) =>
        requests.map(({ type }) => (type === 'authname' ? 'admin' : password)) as string[],
    }).then(
      () => t.fail('it got in'),
      (error: Error) => error,
    )
  const refused = await open('swordfish')
  t.match(refused, { name: 'LibvirtError', code: 'VIR_ERR_AUTH_FAILED', syscall: 'virConnectOpenAuth', uri })
  t.notMatch(`${(refused as Error).stack}`, /swordfish/)
  for (const wrong of [['swordfish'], 5, undefined, 'sword\0fish']) {
    const error = await open(wrong)
    t.match(error, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, JSON.stringify(wrong))
    t.notMatch(`${(error as Error).stack}`, /sword/)
  }
  await t.rejects(Connection.open(uri, { credentials: () => [] }), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(Connection.open(uri), { name: 'LibvirtError' }, 'without anybody to ask')
  await t.rejects(Connection.open(uri, { credentials: 'hunter2' as never }), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('an error of the handler is what open() rejects with', async (t) => {
  const own = new Error('the vault is sealed')
  await t.rejects(
    Connection.open(uri, {
      credentials: () => {
        throw own
      },
    }),
    own,
  )
  await t.rejects(Connection.open(uri, { credentials: () => Promise.reject(own) }), own)
})

t.test('a handler without an answer holds up neither open() nor JavaScript', async (t) => {
  let told: AbortSignal | undefined
  const credentials = (_: unknown, { signal }: { signal: AbortSignal }): Promise<string[]> => {
    told = signal
    return new Promise(() => {})
  }
  const began = Date.now()
  await t.rejects(Connection.open(uri, { credentials, connectTimeoutMs: 2000 }), { code: 'ETIMEDOUT' })
  t.ok(Date.now() - began < 20_000)
  t.equal(told?.aborted, true)

  const controller = new AbortController()
  const opening = Connection.open(uri, { credentials, signal: controller.signal })
  opening.catch(() => {})
  told = undefined
  const until = Date.now() + 20_000
  while (told === undefined && Date.now() < until) await sleep(5)
  if (told === undefined) return t.fail('nobody was asked')
  const aborted = once(told, 'abort')
  controller.abort(new Error('enough'))
  await t.rejects(opening, new Error('enough'))
  await aborted
})

t.test('several connections ask at once', async (t) => {
  const connections = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      Connection.open(uri, {
        credentials: async (requests) => {
          await sleep(10 * (8 - index))
          return requests.map(({ type }) =>
            type === 'passphrase' ? 'hunter2' : index % 2 === 0 ? 'admin' : 'guest',
          )
        },
      }),
    ),
  )
  for (const connection of connections) t.equal(await connection.isAlive(), true)
  await Promise.all(connections.map((connection) => connection.close()))
})
