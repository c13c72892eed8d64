import { readFileSync } from 'node:fs'
import t from 'tap'
import { runChild } from '../helpers/child.js'
import { type Faults, fakeEnv } from '../helpers/fake.js'

t.setTimeout(240_000)

const fsid = '00000000-0000-4000-8000-000000000000'

async function run(name: string, faults: Faults) {
  const result = await runChild('abort.mjs', { run: name }, { env: fakeEnv(faults), deadlineMs: 60_000 })
  const lines = result.stdout.split('\n').filter((line) => line !== '')
  return { ...result, told: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

/** All that the tables of librados and librbd have, but for what opens a cluster, an ioctx and an image. */
function everyFunction(): string[] {
  const opening =
    /^(rados_(version|create2|conf_.*|connect|ioctx_(create|destroy|get_id|get_cluster|set_namespace)|set_pool_full_try|cluster_fsid)|rbd_(version|image_options_.*|create4|open|update_(un)?watch|get_size|aio_.*))$/
  return ['rados', 'rbd'].flatMap((library) => {
    const table = readFileSync(new URL(`../../native/sys/generated/lib${library}.h`, import.meta.url), 'utf8')
    return [...table.matchAll(/^ {2}F\((\w+),/gm)]
      .map((match) => String(match[1]))
      .filter((name) => !opening.test(name))
  })
}

t.test(
  'every call with a signal settles within a second of the abort, on a cluster that never answers',
  async (t) => {
    const { code, signal, hung, told, stderr } = await run('every', { hang: everyFunction() })
    t.match({ code, signal, hung }, { code: 0, signal: null, hung: false }, 'and the process ends')
    const calls = told.filter(({ name }) => name !== undefined)
    t.equal(calls.length, 99)
    for (const { name, outcome, ms } of calls) {
      t.equal(outcome, 'reason', `${name}`)
      t.ok(Number(ms) < 3000, `${name}: ${Math.round(Number(ms))} ms`) // a busy machine may need more than the second
    }
    const { warnings } = told.at(-1) as { warnings: { code: string; message: string }[] }
    const left = ['rbd_remove_with_progress', 'rbd_resize2', 'rbd_flatten_with_progress', 'rbd_diff_iterate2']
    left.push('rbd_snap_remove2', 'rbd_snap_rollback_with_progress')
    left.push('rbd_sparsify_with_progress', 'rbd_trash_remove_with_progress')
    t.same(
      warnings.map(({ code }) => code),
      left.map(() => 'RBDKIT_LEFT_BEHIND'),
      'what goes on is told',
    )
    for (const name of left) {
      t.ok(
        warnings.some(({ message }) => / 'pool\/(image|id)/.test(message) && message.includes(`${name} '`)),
        name,
      )
    }
    t.match(stderr, /RBDKIT_LEFT_BEHIND/)
  },
)

t.test('forty long operations that never end do not hold up a short one', async (t) => {
  const { code, hung, told } = await run('long', { hang: ['rbd_resize2'] })
  t.match({ code, hung, told }, { code: 0, hung: false, told: [{ fsid, over: 0 }] })
})

t.test('short calls that were left behind keep no thread from others', async (t) => {
  const { code, hung, told } = await run('left', { hang: ['rbd_list2'] })
  t.match({ code, hung }, { code: 0, hung: false })
  t.same(told, [{ outcomes: Array(8).fill('reason'), fsid }])
})

t.test('a C++ exception in a call is its error', async (t) => {
  const { code, signal, told } = await run('throws', { throws: ['rbd_rename'] })
  t.match({ code, signal }, { code: 0, signal: null })
  t.match(told, [{ error: { code: 'EIO', message: /thrown by the fake/ }, fsid }])
})

t.test("a C++ exception on JavaScript's thread is a JavaScript one", async (t) => {
  const { code, signal, told } = await run('throwsInJavaScript', {})
  t.match({ code, signal }, { code: 0, signal: null })
  t.match(told, [{ name: 'Error', message: /vector/, fsid }])
})

t.test('an answer that JavaScript has no value for is an error, and the others keep theirs', async (t) => {
  const { code, signal, told } = await run('tooLong', { statusBytes: 600_000_000 })
  t.match({ code, signal }, { code: 0, signal: null })
  t.match(told, [[fsid, { code: 'EOVERFLOW' }, fsid, fsid]])
})
