/** No OSD answers: whatever has a signal settles within a second of its abort, and ends when they are back. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  cleanupCopies,
  compare,
  copy,
  exportDiff,
  exportImage,
  Image,
  importDiff,
  importImage,
  type Metadata,
} from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { makeDiff } from '../../helpers/diff.js'
import { imageNames, makeSparse, mib, openPool, withImage } from './fixture.js'

t.setTimeout(180_000)

t.test('all OSDs are stopped', async (t) => {
  const local = await LocalCluster.start({
    objectstore: 'memstore',
    // nobody is to notice that the OSD is stopped
    config: { 'osd heartbeat grace': 600, 'mon osd down out interval': 600, 'mon osd report timeout': 900 },
  })
  t.teardown(() => local.close())
  const { ioctx } = await openPool(t, local)
  const directory = t.testdir()
  const from = { file: join(directory, 'from') }
  makeSparse(from.file, 32 * mib, [[0, 32 * mib]])
  const image = { ioctx, image: 'image' }
  await copy(from, image)
  await withImage(ioctx, 'image', (open) => open.snapshots.create('snap'))
  await Image.create(ioctx, 'other', { size: 32 * mib })
  const stream = { file: join(directory, 'stream') }
  await exportImage(image, stream)
  const diff = { file: join(directory, 'diff') }
  writeFileSync(
    diff.file,
    makeDiff({ size: 32 * mib, records: [{ offset: 0, content: Buffer.alloc(mib, 1) }] }),
  )

  const warnings: Error[] = []
  const warned = (warning: Error) => warnings.push(warning)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  const pids = local.osds.map(({ pid }) => Number(pid))
  const all = (signal: NodeJS.Signals) => {
    for (const pid of pids) process.kill(pid, signal)
  }
  t.teardown(() => all('SIGCONT'))

  let number = 0
  const whole = new Set(['image', 'other'])
  const imports = new Set<string>()
  const file = (name: string) => ({ file: join(directory, name) })
  const slow = { bandwidthLimit: 4 * mib }
  type Work = (signal: AbortSignal, name: string) => PromiseLike<unknown>
  const works: readonly (readonly [string, Work])[] = [
    ['copy of a file', (signal, name) => copy(from, { ioctx, image: name }, { signal, ...slow })],
    ['copy of an image', (signal, name) => copy(image, file(name), { signal, ...slow })],
    [
      'copy of a snapshot',
      (signal, name) => copy({ ...image, snapshot: 'snap' }, file(name), { signal, ...slow }),
    ],
    ['deep copy', (signal, name) => copy(image, { ioctx, image: name }, { signal, deep: true, ...slow })],
    ['compare', (signal) => compare(from, image, { signal, ...slow })],
    ['exportDiff', (signal, name) => exportDiff(image, file(name), { signal })],
    ['exportImage', (signal, name) => exportImage(image, file(name), { signal })],
    ['importDiff', (signal) => importDiff(diff, { ioctx, image: 'other' }, { signal })],
    ['importImage', (signal, name) => importImage(stream, { ioctx, image: name }, { signal })],
    ['cleanupCopies', (signal) => cleanupCopies({ ioctx }, { signal })],
  ]

  /** Starts all, and aborts them while nothing answers; `before`: they have begun by then. */
  const round = async (before: boolean): Promise<void> => {
    if (!before) all('SIGSTOP')
    const controllers = works.map(() => new AbortController())
    const running = works.map(([name, work], i) => {
      const controller = controllers[i] as AbortController
      let aborted = 0
      controller.signal.addEventListener('abort', () => {
        aborted = performance.now()
      })
      const made = `new${number++}`
      if (name === 'importImage') imports.add(made)
      return Promise.resolve(work(controller.signal, made)).then(
        () => {
          whole.add(made)
          t.ok(before && !aborted, `${name}: over before`)
        },
        (error: Error) => {
          t.equal(error.message, 'enough', name)
          const ms = performance.now() - aborted
          t.ok(ms < 4000, `${name}: ${Math.round(ms)} ms after the abort`)
        },
      )
    })
    if (before) {
      await sleep(1000)
      all('SIGSTOP')
    }
    await sleep(1000)
    for (const controller of controllers) controller.abort(new Error('enough'))
    const late = new AbortController()
    const settled = Promise.all(running).then(() => true)
    t.ok(await Promise.race([settled, sleep(10_000, false, { signal: late.signal })]), 'all have settled')
    late.abort()
    const left = warnings
      .splice(0)
      .filter((warning) => 'code' in warning && warning.code === 'RBDKIT_LEFT_BEHIND')
    t.ok(left.length > 0)
    t.match(left[0]?.message, /aborted and has not ended yet.*cleanupCopies\(\)/)
    all('SIGCONT')
  }
  await round(false)
  await round(true)

  // They stop while JavaScript looks at the image, before native code has it.
  const metadata: Metadata = await withImage(ioctx, 'image', (open) => Object.getPrototypeOf(open.metadata))
  const { list } = metadata
  for (const [name, work] of works.filter(([name]) => name === 'deep copy' || name === 'exportImage')) {
    const controller = new AbortController()
    metadata.list = function () {
      all('SIGSTOP')
      setTimeout(() => controller.abort(new Error('enough')), 500)
      return list.call(this)
    }
    const late = sleep(5000).then(() => 'not settled')
    const settled = Promise.resolve(work(controller.signal, `new${number++}`)).catch(
      ({ message }: Error) => message,
    )
    t.equal(await Promise.race([settled, late]), 'enough', `${name}, in its beginning`)
    metadata.list = list
    all('SIGCONT')
  }

  // They end when the OSDs answer, and take with them what they have made.
  const found = async () => (await imageNames(ioctx)).filter((name) => !whole.has(name))
  const unfinished = async () => (await found()).filter((name) => !imports.has(name))
  for (let i = 0; i < 300 && (await unfinished()).length > 0; i++) await sleep(100)
  t.same(await unfinished(), [])
  // The OSDs may have stopped while it was given its name: that is done then.
  for (const name of await found())
    t.match(await compare({ ioctx, image: name }, image), { equal: true }, name)
})
