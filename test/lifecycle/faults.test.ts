import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { runChild } from '../helpers/child.js'
import { type Faults, fakeEnv } from '../helpers/fake.js'

/** What process exit waits for at most, and room for a busy machine. */
const EXIT_MS = 5000 + 5000

interface Outcome {
  code?: string
  syscall?: string
  message?: string
  bytesRead?: number
  bytesWritten?: number
}

async function fault(run: string, faults: Faults, env: Record<string, string> = {}) {
  const result = await runChild('faults.mjs', { run }, { env: { ...fakeEnv(faults), ...env } })
  const lines = result.stdout.split('\n').filter((line) => line !== '')
  return { ...result, told: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

t.test('without faults every operation works on the fakes', async (t) => {
  const { code, stderr, told } = await fault('operations', {})
  t.match({ code, stderr }, { code: 0, stderr: '' })
  const { outcome } = told[0] as { outcome: Record<string, Outcome> }
  t.match(outcome, { read: { bytesRead: 4096 }, readv: { bytesRead: 8192 }, writev: { bytesWritten: 8192 } })
  for (const [name, { code }] of Object.entries(outcome)) t.equal(code, undefined, name)
})

t.test('an older librbd: the function that is missing rejects with ENOSYS, the rest works', async (t) => {
  const { code, told } = await fault('operations', { release: 'pacific' })
  t.equal(code, 0)
  const { outcome, withCrc, has } = told[0] as {
    outcome: Record<string, Outcome>
    withCrc: Outcome
    has: boolean
  }
  t.equal(has, false)
  t.match(withCrc, { code: 'ENOSYS', syscall: 'rbd_aio_write_with_crc32c', message: /20\.2\.2/ })
  t.equal(Object.keys(outcome).length, 7)
  for (const [name, { code }] of Object.entries(outcome)) t.equal(code, undefined, name)
})

t.test('a librbd that is too old is refused by name', async (t) => {
  const { code, told } = await fault('open', { release: 'incomplete' })
  t.equal(code, 0)
  t.match(told[0], { code: 'ENOSYS', message: /rbd_open: it is older than rbdkit supports.*librbd1/ })
})

t.test('a library that cannot be loaded names its package', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rbdkit-fault-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'librados.so.2'), 'no library')
  const { code, told } = await fault('connect', {}, { LD_LIBRARY_PATH: directory })
  t.equal(code, 0)
  t.match(told[0], { code: 'ENOSYS', message: /librados\.so\.2.*apt-get install librados2/ })
})

t.test('completions that fail, and operations that are not taken', async (t) => {
  const names = ['read', 'write', 'readv', 'writev', 'discard', 'write_zeroes', 'flush']
  for (const suffix of ['', '_submit']) {
    const errors = Object.fromEntries(names.map((name) => [`rbd_aio_${name}${suffix}`, -5]))
    const { code, stderr, told } = await fault('operations', { errors })
    t.match({ code, stderr }, { code: 0, stderr: '' })
    const { outcome } = told[0] as { outcome: Record<string, Outcome> }
    t.equal(Object.keys(outcome).length, names.length)
    for (const [name, { code, message }] of Object.entries(outcome)) {
      t.equal(code, 'EIO', `${name}${suffix}`)
      t.match(message, /^EIO: input\/output error, rbd_aio_\w+ 'pool\/image'$/)
    }
  }
})

t.test('many operations in flight that are not taken', async (t) => {
  const errors = { rbd_aio_read_submit: -5, rbd_aio_write_submit: -5 }
  const { code, stderr, told } = await fault('refused', { errors })
  t.match({ code, stderr, told }, { code: 0, stderr: '', told: [{ refused: 300 }] })
})

t.test('calls that fail give their own errno', async (t) => {
  t.match((await fault('connect', { errors: { rados_connect: -13 } })).told[0], { code: 'EACCES' })
  t.match((await fault('open', { errors: { rados_ioctx_create: -2 } })).told[0], { code: 'ENOENT' })
  t.match((await fault('open', { errors: { rbd_open: -108 } })).told[0], { code: 'ESHUTDOWN' })
})

t.test('a snapshot that cannot be described: only one that is gone is left out', async (t) => {
  const calls = ['rbd_snap_get_namespace_type', 'rbd_snap_get_timestamp', 'rbd_snap_is_protected']
  t.match((await fault('snapshots', {})).told, [{ value: ['fake'] }])
  for (const call of calls) {
    const { told } = await fault('snapshots', { errors: { [call]: -5 } })
    const message = `EIO: input/output error, rbd_snap_list 'pool/image': by ${call}`
    t.match(told, [{ code: 'EIO', syscall: 'rbd_snap_list', message }])
    t.match((await fault('snapshots', { errors: { [call]: -2, rbd_snap_get_name: -2 } })).told, [
      { value: [] },
    ])
  }
})

t.test('bursts of more than one batch all complete', async (t) => {
  const { code, hung, told, ms } = await fault('bursts', {})
  t.match({ code, hung }, { code: 0, hung: false }, `after ${Math.round(ms)} ms`)
  t.match(told[0], { done: 1023 + 1024 + 1025 + 2048 + 3000 + 4096 + 5000 + 1500 + 1100 + 1300 + 10_000 })
})

t.test('more operations in flight than a batch has places', async (t) => {
  const { code, hung, told, ms } = await fault('lanes', {})
  t.match({ code, hung }, { code: 0, hung: false }, `after ${Math.round(ms)} ms`)
  t.match(told[0], { done: 20 * (1025 + 1500 + 2047 + 3000) })
})

t.test('late completions are waited for', async (t) => {
  const { code, told } = await fault('operations', { delayMs: 50 })
  t.equal(code, 0)
  t.match(told[0], { outcome: { read: { bytesRead: 4096 } } })
})

t.test('process.exit does not wait for a completion that never comes', async (t) => {
  const { code, signal, ms } = await fault('neverExit', { hang: ['rbd_aio_read'] })
  t.match({ code, signal }, { code: 4, signal: null }, `after ${Math.round(ms)} ms`)
})

t.test('process.exit ends a worker whose operation never completes, by its deadline', async (t) => {
  const { code, signal, ms, stderr, told } = await fault('neverWorker', { hang: ['rbd_aio_read'] })
  t.match({ code, signal, told: told.length }, { code: 4, signal: null, told: 0 })
  t.match(
    stderr,
    /^rbdkit: the end of this thread waits for operations in flight of image image, pool pool, /,
  )
  t.ok(ms < 2600 + EXIT_MS, `${Math.round(ms)} ms`)
})

t.test(
  'a natural end waits for a close that hangs only until the deadline, and keeps the exit code',
  async (t) => {
    const { code, signal, ms, stderr } = await fault('naturalEnd', { hang: ['rbd_close'] })
    t.match({ code, signal }, { code: 6, signal: null })
    t.match(stderr, /^rbdkit: the end of this thread waits for closing of image image/)
    t.ok(ms < EXIT_MS, `${Math.round(ms)} ms`)
  },
)

t.test('an aborted connect rejects at once and keeps nothing alive', async (t) => {
  const { code, signal, ms, told } = await fault('abortConnect', { hang: ['rados_connect'] })
  t.match({ code, signal }, { code: 0, signal: null })
  t.match(told[0], { name: 'TimeoutError' })
  t.ok(Number(told[0]?.ms) < 4000, `rejected after ${Math.round(Number(told[0]?.ms))} ms`)
  t.ok(ms < EXIT_MS, `${Math.round(ms)} ms`)
})

t.test('libvirt throws while a connection is opened', async (t) => {
  const { code, signal, told } = await fault('openConnection', { throws: ['virConnectOpen'] })
  t.match({ code, signal }, { code: 0, signal: null })
  t.match(told[0], { name: 'LibvirtError', code: 'EIO', syscall: 'virConnectOpen', message: /thrown by/ })
})

t.test('a close callback that libvirt did not forget leads nowhere', async (t) => {
  const errors = { virConnectUnregisterCloseCallback: -1 }
  // What is freed is overwritten, so that whoever uses it falls over.
  const { code, signal, stderr, told } = await fault('lateCallback', { errors }, { MALLOC_PERTURB_: '165' })
  t.match({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  t.strictSame(told, [{ done: true }])
})
