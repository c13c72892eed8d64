/** Diffs in files against those of the `rbd` command: what it wrote is read, and what it makes of them is the same. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { diffExtents, Image, inspectDiff, mergeDiffs } from 'rbdkit'
import t from 'tap'
import { sharedCluster } from '../../helpers/cluster.js'
import { type DiffSpec, makeDiff, randomDiff, seeded } from '../../helpers/diff.js'
import { mib, openPool, withImage } from '../copy/fixture.js'

const exec = promisify(execFile)

t.test('a merge has the bytes of rbd merge-diff', async (t) => {
  const { env } = await sharedCluster()
  const directory = t.testdir()
  for (let seed = 1; seed <= 12; seed++) {
    const random = seeded(seed * 7919)
    // Also of images that shrink, grow and end as HEAD.
    const specs: DiffSpec[] = [0, 1].map((i) => {
      const size = 1 + Math.floor(random() * 100_000)
      const to = seed % 4 === 0 && i === 1 ? {} : { to: `s${i + 1}` }
      const from = seed % 3 === 0 && i === 0 ? {} : { from: `s${i}` }
      return { ...from, ...to, size, records: randomDiff(random, size, 40) }
    })
    const files = specs.map((spec, i) => {
      const file = join(directory, `${seed}-${i}`)
      writeFileSync(file, makeDiff(spec))
      return file
    })
    const [ours, theirs] = [join(directory, `${seed}-ours`), join(directory, `${seed}-rbd`)]
    await mergeDiffs(
      files.map((file) => ({ file })),
      { file: ours },
    )
    // It knows no options of a cluster.
    await exec('rbd', ['merge-diff', '--no-progress', ...files, theirs], { env: { ...process.env, ...env } })
    t.ok(readFileSync(ours).equals(readFileSync(theirs)), `seed ${seed}`)
  }
})

t.test('diffs that rbd exports are read, of plain and striped images', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const directory = t.testdir()
  const layouts = [{}, { objectSize: mib, stripeUnit: 65536, stripeCount: 4 }]
  for (const [i, layout] of layouts.entries()) {
    const name = `image${i}`
    await Image.create(ioctx, name, { size: 20 * mib + 512, ...layout })
    await withImage(ioctx, name, async (image) => {
      for (let at = 0; at < 20; at += 3)
        await image.write(randomBytes(300_000), { position: at * mib + 4000 })
      await image.snapshots.create('one')
      await image.write(Buffer.alloc(2 * mib), { position: 3 * mib })
      await image.discard(9 * mib, 2 * mib)
      await image.write(randomBytes(1000), { position: 20 * mib - 500 })
      await image.snapshots.create('two')
    })
    const full = join(directory, `${name}.full`)
    const step = join(directory, `${name}.step`)
    const whole = join(directory, `${name}.whole`)
    const merged = join(directory, `${name}.merged`)
    await rbd('export-diff', '--no-progress', `${name}@one`, full)
    await rbd('export-diff', '--no-progress', '--from-snap', 'one', `${name}@two`, step)
    await rbd('export-diff', '--no-progress', '--whole-object', '--from-snap', 'one', name, whole)
    t.match(await inspectDiff({ file: full }), { version: 1, toSnapshot: 'one', size: 20 * mib + 512 })
    const info = await inspectDiff({ file: step })
    t.match(info, { fromSnapshot: 'one', toSnapshot: 'two', fileBytes: readFileSync(step).length })
    t.ok(info.zeroBytes > 0 && info.dataBytes > 0)
    const last = await inspectDiff({ file: whole })
    t.equal(last.toSnapshot, undefined)

    const listed = JSON.parse(await rbd('diff', '--format', 'json', '--from-snap', 'one', `${name}@two`)) as {
      offset: number
      length: number
    }[]
    const extents: { offset: number; length: number }[] = []
    for await (const { offset, length } of diffExtents({ file: step })) extents.push({ offset, length })
    t.same(
      extents,
      listed.map(({ offset, length }) => ({ offset, length })),
    )

    // What is merged is imported by rbd, and is the image.
    await mergeDiffs([{ file: full }, { file: step }], { file: merged })
    await rbd('create', '--size', '1M', `${name}.back`)
    await rbd('import-diff', '--no-progress', merged, `${name}.back`)
    const [was, is] = [join(directory, `${name}.was`), join(directory, `${name}.is`)]
    await rbd('export', '--no-progress', `${name}@two`, was)
    await rbd('export', '--no-progress', `${name}.back@two`, is)
    t.ok(readFileSync(is).equals(readFileSync(was)), name)
  }
})
