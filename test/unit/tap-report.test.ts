/** The test runner's counting: `npm test` must not pass when something failed, broke off or did not run. */
import t from 'tap'
import { type Counts, TapReport } from '../../scripts/tap-report.js'

function read(text: string): { counts: Counts; complete: boolean; printed: string } {
  const lines: string[] = []
  const report = new TapReport((line) => lines.push(line))
  report.parser.end(text)
  return { counts: report.counts, complete: report.complete, printed: lines.join('\n') }
}

const WHOLE = `TAP version 14
# Subtest: test/a.test.ts
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
not ok 1 - test/a.test.ts # time=12.5ms
1..1
`

t.test('a test counts once, by its worst assertion', async (t) => {
  const { counts, complete, printed } = read(WHOLE)
  t.same(counts, { passed: 2, failed: 1, skipped: 2 })
  t.ok(complete)
  t.match(printed, 'not ok: test/a.test.ts > outer > bad > wrong')
  t.match(printed, 'diff: expected 1')
  t.match(printed, 'FAILED test/a.test.ts')
})

t.test('the slowest files', async (t) => {
  const report = new TapReport(() => {})
  report.parser.end(
    'TAP version 14\nok 1 - a # time=1000ms\nok 2 - b # time=3000ms\nok 3 - c # time=2000ms\n1..3\n',
  )
  t.same(report.slowest(2), [
    { file: 'b', seconds: 3 },
    { file: 'c', seconds: 2 },
  ])
})

t.test('a file that dies counts as a failure beside the tests it ran', async (t) => {
  const died = `TAP version 14
# Subtest: test/b.test.ts
    # Subtest: fine
        ok 1 - yes
        1..1
    ok 1 - fine
    1..1
not ok 1 - test/b.test.ts
  ---
  signal: SIGSEGV
  ...
1..1
`
  const { counts, printed } = read(died)
  t.same(counts, { passed: 1, failed: 1, skipped: 0 })
  t.match(printed, 'signal: SIGSEGV')
})

t.test('a report that ends early is not complete', async (t) => {
  t.notOk(read(WHOLE.slice(0, WHOLE.indexOf('    ok 3 - left out'))).complete)
  t.notOk(read(WHOLE.replace(/1\.\.1\n$/, '1..2\n')).complete, 'a file that was planned did not run')
  t.notOk(read('').complete)
})
