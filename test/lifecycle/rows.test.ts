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

async function callRows(faulty: boolean, faults: Faults = {}): Promise<[name: string, told: Told][]> {
  const { code, signal, stdout, stderr } = await runChild('rows.mjs', { faulty }, { env: fakeEnv(faults) })
  t.match({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  return Object.entries((JSON.parse(stdout) as { told: Record<string, Told> }).told)
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

t.test('a function that an older release does not have', async (t) => {
  const rows = new Map(await callRows(false, { release: 'octopus' }))
  t.match(rows.get('rados_stat2'), {
    result: -38,
    syscall: 'rados_stat2',
    value: "this host's library is older than Ceph 18.2.0 (reef)",
  })
})
