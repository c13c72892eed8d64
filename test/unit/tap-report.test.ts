/** The test runner's counting: `npm test` must not pass when something failed, broke off or did not run. */
import { Readable } from 'node:stream'
import t from 'tap'
import { type Counts, type Ending, TapReport } from '../../scripts/tap-report.js'

async function read(
  text: string,
  ending: Partial<Ending> = {},
): Promise<{ counts: Counts; failed: string[]; printed: string }> {
  const lines: string[] = []
  const report = new TapReport((line) => lines.push(line))
  const ended = { seconds: 1, status: 0, signal: null, ...ending }
  await report.read('test/a.test.ts', Readable.from([text]), Promise.resolve(ended))
  return { counts: report.counts, failed: report.failed, printed: lines.join('\n') }
}

const WHOLE = `TAP version 14
# Subtest: many assertions
    ok 1 - first
    ok 2 - second
    1..2
ok 1 - many assertions
# Subtest: outer
    # Subtest: bad
        ok 1 - still good
        not ok 2 - wrong
          ---
          diff: "expected 1"
          ...
        1..2
    not ok 1 - bad
    # Subtest: good
        ok 1 - right
        1..1
    ok 2 - good
    1..2
not ok 2 - outer
ok 3 - left out # SKIP no such library
ok 4 - later # TODO
1..4
`
const FINE = 'TAP version 14\n# Subtest: fine\n    ok 1 - yes\n    1..1\nok 1 - fine\n1..1\n'

t.test('a test counts once, by its worst assertion', async (t) => {
  const { counts, failed, printed } = await read(WHOLE, { status: 1 })
  t.same(counts, { passed: 2, failed: 1, skipped: 2 })
  t.same(failed, ['test/a.test.ts > outer > bad: wrong expected 1'])
  t.match(printed, 'not ok: test/a.test.ts > outer > bad > wrong')
  t.match(printed, 'diff: expected 1')
  t.match(printed, 'FAILED test/a.test.ts 1.0 s')
})

t.test('a file whose tests all pass', async (t) => {
  const { counts, printed } = await read(FINE)
  t.same(counts, { passed: 1, failed: 0, skipped: 0 })
  t.equal(printed, 'ok     test/a.test.ts 1.0 s')
})

t.test('a file with assertions alone is one test', async (t) => {
  t.same((await read('TAP version 14\nok 1 - a\nok 2 - b\n1..2\n')).counts, {
    passed: 1,
    failed: 0,
    skipped: 0,
  })
})

t.test('the slowest files', async (t) => {
  const report = new TapReport(() => {})
  for (const [file, seconds] of [
    ['a', 1],
    ['b', 3],
    ['c', 2],
  ] as const) {
    await report.read(file, Readable.from([FINE]), Promise.resolve({ seconds, status: 0, signal: null }))
  }
  t.same(report.slowest(2), [
    { file: 'b', seconds: 3 },
    { file: 'c', seconds: 2 },
  ])
})

t.test('a file that dies counts as a failure beside the tests it ran', async (t) => {
  for (const text of [FINE, FINE.replace(/1\.\.1\n$/, '')]) {
    const { counts, printed } = await read(text, { status: null, signal: 'SIGSEGV' })
    t.same(counts, { passed: 1, failed: 1, skipped: 0 })
    t.match(printed, 'it ended with SIGSEGV')
  }
})

t.test('a file that breaks off, plans more, or says nothing has failed', async (t) => {
  for (const text of [FINE.slice(0, 40), FINE.replace(/1\.\.1\n$/, '1..2\n'), '', '1..0\n']) {
    const { counts, printed } = await read(text)
    t.equal(counts.failed, 1, JSON.stringify(text))
    t.match(printed, /not ok: /)
  }
  t.equal((await read(FINE, { status: 1 })).counts.failed, 1)
})
