/** Guests are thawed whatever is done meanwhile, and refused files closed: on the test driver, which counts what it freezes. */

import { closeSync, fstatSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Connection } from 'rbdkit/libvirt'
import t from 'tap'

t.test('whatever becomes of the work, the guest is thawed', async (t) => {
  const connection = await Connection.open('test:///default')
  t.teardown(() => connection.close())
  const { guest } = await connection.domainByName('test')
  const all = await guest.fsFreeze()
  t.ok(all > 0)
  t.equal(await guest.fsFreeze(), 0, 'what is frozen is not frozen again')
  await guest.fsThaw()
  const isThawed = async (): Promise<void> => {
    t.equal(await guest.fsFreeze(), all, 'nothing was frozen any more')
    await guest.fsThaw()
  }

  t.equal(await guest.whileFrozen(async () => guest.fsFreeze()), 0, 'it is frozen meanwhile')
  await isThawed()
  const thrown = new Error('thrown')
  const throws = (): never => {
    throw thrown
  }
  await t.rejects(guest.whileFrozen(throws), thrown)
  await isThawed()
  t.equal(await guest.whileFrozen((() => 5) as never), 5)
  await isThawed()
})

t.test('files that come with a refusal of the monitor are closed', async (t) => {
  const connection = await Connection.open('test:///default')
  t.teardown(() => connection.close())
  const domain = await connection.domainByName('test')
  // No QEMU that we know sends any: this is what native code would give then.
  const file = openSync(fileURLToPath(import.meta.url), 'r')
  const answer = (text: string) =>
    Object.defineProperty(domain, 'call', { value: async () => [[file], text], configurable: true })
  answer('{"return":{}}')
  t.same(await domain.qemuMonitorCommandWithFiles('x', []), { reply: {}, descriptors: [file] })
  t.ok(fstatSync(file), "what is the caller's stays open")
  answer('{"error":{"class":"GenericError","desc":"no"}}')
  await t.rejects(domain.qemuMonitorCommandWithFiles('x', []), { message: /GenericError: no/ })
  t.throws(() => closeSync(file), { code: 'EBADF' })
})
