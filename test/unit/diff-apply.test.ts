import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyDiff } from 'rbdkit'
import t from 'tap'
import { applied, type DiffSpec, makeDiff, randomDiff, seeded } from '../helpers/diff.js'

const mib = 1024 * 1024

t.test('a diff on a disk gives what it says, whatever the sizes', async (t) => {
  const directory = t.testdir()
  for (let seed = 1; seed <= 10; seed++) {
    const random = seeded(seed * 104_729)
    const sizes = [random(), random()].map((part) => 1 + Math.floor(part * 9 * mib))
    const base = Buffer.alloc(sizes[0] as number, 'base')
    const spec: DiffSpec = {
      version: seed % 2 === 0 ? 1 : 2,
      from: 'a',
      size: sizes[1] as number,
      records: randomDiff(random, sizes[1] as number, 40),
    }
    const disk = { file: join(directory, `${seed}.raw`) }
    const diff = { file: join(directory, `${seed}.diff`) }
    writeFileSync(disk.file, base)
    writeFileSync(diff.file, makeDiff(spec))
    const info = await applyDiff(diff, disk, { allowShrink: true })
    t.match(info, { size: spec.size, fromSnapshot: 'a', fileBytes: statSync(diff.file).size })
    t.ok(readFileSync(disk.file).equals(applied(base, spec)), `seed ${seed}`)
  }
})

t.test('large zeros become holes; a file is made of a diff that begins at nothing', async (t) => {
  const directory = t.testdir()
  const spec: DiffSpec = {
    size: 300 * mib,
    records: [
      { offset: mib, content: Buffer.alloc(5 * mib, 'x') },
      { offset: 100 * mib, content: 190 * mib },
      { offset: 300 * mib - 1, content: Buffer.from('y') },
    ],
  }
  const diff = { file: join(directory, 'diff') }
  writeFileSync(diff.file, makeDiff(spec))
  const made = { file: join(directory, 'made') }
  await applyDiff(diff, made)
  const there = { file: join(directory, 'there') }
  writeFileSync(there.file, Buffer.alloc(200 * mib, 'z'))
  await applyDiff(diff, there)
  for (const [{ file }, base] of [
    [made, Buffer.alloc(0)],
    [there, Buffer.alloc(200 * mib, 'z')],
  ] as const) {
    t.ok(readFileSync(file).equals(applied(base, spec)))
  }
  t.ok(statSync(made.file).blocks * 512 < 6 * mib)
  t.ok(statSync(there.file).blocks * 512 < 107 * mib)
})

t.test('what does not fit is refused, and the disk is as it was', async (t) => {
  const directory = t.testdir()
  const make = (name: string, spec: Partial<DiffSpec>): { file: string } => {
    const file = join(directory, name)
    writeFileSync(
      file,
      makeDiff({ size: mib, records: [{ offset: 0, content: Buffer.alloc(mib, 'n') }], ...spec }),
    )
    return { file }
  }
  const disk = { file: join(directory, 'disk') }
  const before = Buffer.alloc(2 * mib, 'o')
  writeFileSync(disk.file, before)
  await t.rejects(Promise.resolve(applyDiff(make('small', {}), disk)), {
    code: 'EINVAL',
    path: disk.file,
    message: /would shrink the file from 2097152 to 1048576 bytes/,
  })
  const cut = make('cut', { size: 2 * mib })
  truncateSync(cut.file, statSync(cut.file).size - 1)
  await t.rejects(Promise.resolve(applyDiff(cut, disk)), {
    code: 'ERR_RBDKIT_FORMAT',
    message: /ends too early/,
  })
  const none = { file: join(directory, 'none') }
  await t.rejects(Promise.resolve(applyDiff(make('from', { from: 'a' }), none)), {
    code: 'ENOENT',
    path: none.file,
    message: /begins at snapshot 'a'/,
  })
  await t.rejects(Promise.resolve(applyDiff(none, disk)), { code: 'ENOENT', path: none.file })
  await t.rejects(Promise.resolve(applyDiff(make('good', {}), { file: directory })), { code: 'EISDIR' })
  t.ok(readFileSync(disk.file).equals(before))
  t.same(readdirSync(directory).sort(), ['cut', 'disk', 'from', 'good', 'small'])
})
