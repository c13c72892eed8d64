/** Deep copies that are verified: each snapshot, and what comes after the last. */

import { randomBytes } from 'node:crypto'
import { type CopyOptions, type CopyProgress, copy, Image, type ImageLayout } from 'rbdkit'
import t from 'tap'
import { inTurn } from '../../helpers/long.js'
import { listed, makeSource, sameContent, unprotectAll } from './deep-fixture.js'
import { type CopyPool, contentOf, imageNames, mib, openPool, settledNames, withImage } from './fixture.js'
import { buildPreload, killCopy, untilNoneInUse } from './kill.js'
import { makeClone, makeHistory, makeParent } from './parent-fixture.js'

t.jobs = 4

const levels = ['read-back', 'full'] as const

t.test(
  'a copy that is right passes, whatever the layout, up to a snapshot',
  { buffered: true },
  async (t) => {
    const pool = await openPool(t)
    const { ioctx } = pool
    await makeSource(ioctx, 'from')
    const from = { ioctx, image: 'from' }
    const { digest } = await copy(from, { ioctx, image: 'plain' })
    const layouts: [string, ImageLayout][] = [
      ['same', {}],
      ['striped', { objectSize: 2 * mib, stripeUnit: 65_536, stripeCount: 3 }],
      ['bare', { features: ['layering'], objectSize: 65_536 }],
    ]
    for (const [turn, [name, layout]] of layouts.entries()) {
      for (const verify of inTurn(levels, turn)) {
        const image = `${name}-${verify}`
        const seen: CopyProgress[] = []
        const options: CopyOptions = { deep: true, verify, onProgress: (p) => seen.push(p) }
        const result = await copy(from, { ioctx, image, ...layout }, options)
        t.equal(result.digest, digest, image)
        const all = (9 + 5 + 12 + 11) * mib + 4096
        const phase = seen.filter((p) => p.phase === 'verify')
        t.ok(
          phase.every((p) => p.bytesDone <= all && [all, result.bytes].includes(p.bytesTotal)),
          'progress',
        )
        await sameContent(t, from, { ioctx, image })
        t.same(await listed(pool, image), await listed(pool, 'from'))
      }
    }
    for (const verify of levels) {
      const upTo = { ioctx, image: `upto-${verify}` }
      const result = await copy({ ...from, snapshot: 's1' }, upTo, { deep: true, verify })
      t.equal(
        result.digest,
        (await copy({ ...from, snapshot: 's1' }, { ioctx, image: `s1-${verify}` })).digest,
      )
      await sameContent(t, from, upTo, 's1')
    }
    await Image.create(ioctx, 'empty', { size: 0 })
    await copy({ ioctx, image: 'empty' }, { ioctx, image: 'empty2' }, { deep: true, verify: 'full' })
    await t.rejects(
      Promise.resolve(copy(from, { ioctx, image: 'x' }, { deep: true, verify: 'osd' })),
      { code: 'ERR_INVALID_ARG_VALUE', message: /snapshots/ },
      "not by the OSDs' checksums",
    )
    await unprotectAll(ioctx)
  },
)

t.test('a clone that stays one, while its source is in use', { buffered: true }, async (t) => {
  const { ioctx } = await openPool(t)
  await makeParent(ioctx)
  await makeClone(ioctx, 'from', ioctx)
  await makeHistory(ioctx, 'from')
  const from = { ioctx, image: 'from' }
  const { digest } = await copy(from, { ioctx, image: 'plain' })
  const writer = await Image.open(ioctx, 'from')
  for (const verify of levels) {
    for (const keepParent of [true, false]) {
      const to = { ioctx, image: `${verify}-${keepParent}`, objectSize: 4 * mib }
      const result = await copy(from, to, { deep: true, keepParent, verify })
      t.equal(result.digest, digest, to.image)
      await sameContent(t, from, to)
    }
  }
  await writer.close()
  await unprotectAll(ioctx)
})

/** An image of 48 MiB, whose snapshots a and b and what comes after each rewrite all of it; it reads slowly. */
async function makeSlowSource({ ioctx }: CopyPool): Promise<void> {
  await Image.create(ioctx, 'source', { size: 48 * mib })
  await withImage(ioctx, 'source', async (image) => {
    for (const snapshot of ['a', 'b', undefined]) {
      for (let at = 0; at < 48 * mib; at += 8 * mib) await image.write(randomBytes(8 * mib), { position: at })
      if (snapshot !== undefined) await image.snapshots.create(snapshot)
    }
    await image.metadata.set('conf_rbd_qos_read_bps_limit', String(20 * mib))
  })
}

/** Changes a byte of the first object of the copy that is under way. */
async function flip({ ioctx }: CopyPool): Promise<void> {
  const name = (await imageNames(ioctx)).find((image) => image.startsWith('copy.rbdkit-')) as string
  const image = await Image.open(ioctx, name, { readOnly: true })
  const { blockNamePrefix } = await image.info()
  await image.close()
  const object = `${blockNamePrefix}.0000000000000000`
  const content = Buffer.from(await ioctx.readObject(object))
  content[12345] = (content[12345] as number) ^ 1
  await ioctx.writeFull(object, content)
}

/** A verified copy whose first object is damaged when `after` bytes are done, and before it is written again. */
async function damagedCopy(pool: CopyPool, verify: (typeof levels)[number], after: number) {
  const { ioctx } = pool
  for (let tries = 1; ; tries++) {
    let done = 0
    const abort = new AbortController()
    const job = copy(
      { ioctx, image: 'source' },
      { ioctx, image: 'copy' },
      {
        ...{ deep: true, verify, maxMemory: 16 * mib, signal: abort.signal },
        onProgress: ({ phase, bytesDone }) => {
          if (phase === 'copy') done = bytesDone
        },
      },
    )
    for await (const { phase, bytesDone } of job) if (phase === 'copy' && bytesDone >= after) break
    await flip(pool)
    if (done < after + 8 * mib || tries === 4) return { job }
    // A busy machine: so much was copied meanwhile that the damage may have come too late.
    abort.abort()
    await Promise.allSettled([job])
    await settledNames(ioctx)
  }
}

t.test(
  'damage is found in the snapshot that has it, and nothing is published',
  { buffered: true },
  async (t) => {
    const pool = await openPool(t)
    const { ioctx, rados } = pool
    await makeSlowSource(pool)
    // The first object is written, and not yet again.
    const cases = [
      [20 * mib, "of snapshot 'a'"],
      [68 * mib, "of snapshot 'b'"],
      [116 * mib, 'after the last snapshot'],
    ] as const
    for (const [turn, [after, where]] of cases.entries()) {
      for (const verify of inTurn(levels, turn)) {
        const { job } = await damagedCopy(pool, verify, after)
        const extent = verify === 'full' ? '4096 at 12288' : '4194304 at 0'
        const message = new RegExp(
          `^\\d+ bytes in 1 extent ${where} are not what was copied: ${extent}: '.*copy'`,
        )
        await t.rejects(
          Promise.resolve(job),
          { name: 'CopyError', code: 'ERR_VERIFY_FAILED', message },
          `${verify}, ${where}`,
        )
        t.same(await settledNames(ioctx), ['source'])
      }
    }
    t.notMatch(await rados('ls'), /rbdkit/)
  },
)

t.test('aborted while it is verified; a snapshot of the source goes away', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx, rados } = pool
  await makeSource(ioctx, 'from')
  const from = { ioctx, image: 'from' }
  for (const verify of levels) {
    const controller = new AbortController()
    // Of what is verified the limit lets no more than a part pass before the abort.
    const job = copy(
      from,
      { ioctx, image: 'to' },
      {
        deep: true,
        verify,
        bandwidthLimit: 4 * mib,
        signal: controller.signal,
        onProgress: ({ phase, bytesDone }) => {
          if (phase === 'verify' && bytesDone > 0) controller.abort()
        },
      },
    )
    await t.rejects(Promise.resolve(job), { name: 'AbortError' }, verify)
    t.same(await settledNames(ioctx), ['from'])
  }
  for (const [verify, snapshot] of [
    ['full', 's0'],
    ['read-back', 's2'],
  ] as const) {
    let removed: Promise<void> | undefined
    const onProgress = ({ phase, bytesDone }: CopyProgress) => {
      if (phase !== 'verify' || bytesDone === 0) return
      removed ??= withImage(ioctx, 'from', (image) => image.snapshots.remove(snapshot))
    }
    const options = { deep: true, verify, bandwidthLimit: 4 * mib, onProgress }
    await t.rejects(
      Promise.resolve(copy(from, { ioctx, image: 'to' }, options)),
      { name: 'CopyError', code: 'ERR_SOURCE_CHANGED' },
      `${verify}, without ${snapshot}`,
    )
    await removed
    t.same(await settledNames(ioctx), ['from'])
  }
  t.notMatch(await rados('ls'), /rbdkit/)
  await unprotectAll(ioctx)
})

t.test('a copy that is gone on with', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const preload = buildPreload(t.testdir())
  await makeSource(ioctx, 'from')
  // Of a snapshot: of the image as it is now the second copy would begin with a snapshot of its own.
  const from = { ioctx, image: 'from', snapshot: 's2' }
  const at = 'rbd_snap_create2:1:after'
  const kill = (image: string) =>
    killCopy(pool, preload, {
      source: { image: 'from', snapshot: 's2' },
      destination: { image },
      options: { deep: true },
      at,
    })
  t.same(await Promise.all([kill('good'), kill('bad')]), [true, true])
  await untilNoneInUse({ ioctx })
  await t.rejects(
    Promise.resolve(copy(from, { ioctx, image: 'good' }, { deep: true, resume: true, verify: 'read-back' })),
    { code: 'ERR_INVALID_ARG_VALUE' },
  )
  const options = { deep: true, resume: true, verify: 'full' } as const
  t.ok((await copy(from, { ioctx, image: 'good' }, options)).bytesResumed > 0)
  await sameContent(t, from, { ioctx, image: 'good' }, 's2')

  // What the copy that was killed had made of its first snapshot is not what the source has.
  const half = (await imageNames(ioctx)).find((name) => name.startsWith('bad.rbdkit-')) as string
  const { blockNamePrefix } = await withImage(ioctx, half, (image) => image.info())
  const object = `${blockNamePrefix}.0000000000000008`
  await ioctx.writeFull(object, Buffer.alloc(5000, 1))
  t.not(
    (await contentOf(ioctx, half, 's0'))[8 * mib + 4999],
    (await contentOf(ioctx, 'from', 's0'))[8 * mib + 4999],
  )
  await t.rejects(Promise.resolve(copy(from, { ioctx, image: 'bad' }, options)), {
    code: 'ERR_VERIFY_FAILED',
    message: /of snapshot 's0'/,
  })
  t.same(await settledNames(ioctx), ['from', 'good'])
  await unprotectAll(ioctx)
})
