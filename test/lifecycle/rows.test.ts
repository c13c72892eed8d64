/** A fault for every row of native code: what its C function answers is what the call rejects with. */

import t from 'tap'
import { runChild } from '../helpers/child.js'
import { type Faults, fakeEnv } from '../helpers/fake.js'

interface Told {
  /** What the fake was told to answer, as a positive number. */
  errno: number
  result?: number
  syscall?: string
  value?: unknown
}

interface Answers {
  told: Record<string, Told>
  /** What each row threw on a handle of another kind, a closed one, and a number that is none. */
  refused: Record<string, string[]>
}

async function ask(faulty: boolean, faults: Faults = {}, daemon = false): Promise<Answers> {
  const of = { faulty, daemon }
  const { code, signal, stdout, stderr } = await runChild('rows.mjs', of, { env: fakeEnv(faults) })
  t.match({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  return JSON.parse(stdout) as Answers
}

async function callRows(faulty: boolean, faults: Faults = {}): Promise<[name: string, told: Told][]> {
  const [one, other] = await Promise.all([ask(faulty, faults), ask(faulty, faults, true)])
  return Object.entries({ ...one.told, ...other.told })
}

const ofLibvirt = (name: string): boolean => name.startsWith('vir')

t.test('a function that fails', async (t) => {
  const rows = await callRows(true)
  t.ok(rows.length > 100, `${rows.length} rows`)
  for (const [name, { errno, result, syscall, value }] of rows) {
    t.equal(syscall, name)
    if (ofLibvirt(name)) t.match(value, { code: 9, message: 'told by the fake' }, name)
    else t.equal(result, -errno, name)
  }
})

t.test('a function that succeeds with an empty answer', async (t) => {
  for (const [name, { result }] of (await callRows(false)).filter(([name]) => ofLibvirt(name))) {
    t.equal(result, undefined, name)
  }
})

t.test('a row on a handle that is wrong, closed or none', async (t) => {
  const rows = Object.entries({ ...(await ask(false)).refused, ...(await ask(false, {}, true)).refused })
  t.ok(rows.length > 400, `${rows.length} rows`)
  for (const [name, messages] of rows) t.strictSame(messages, Array(3).fill('rbdkit: stale handle'), name)
})

t.test('a function that an older release does not have', async (t) => {
  const rows = new Map(await callRows(false, { release: 'pacific' }))
  t.match(rows.get('rbd_clone4'), {
    result: -38,
    syscall: 'rbd_clone4',
    value: "this host's library is older than Ceph 19.2.0 (squid)",
  })
})
