/** The `rbdkit` command's own part: help, version, exit statuses. `rbdkit dev` has tests of its own. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../helpers/package.js'

const main = join(root, 'dist', 'cli', 'main.js')

/** Runs it where no addon can be loaded: the command must not need one for this. */
function rbdkit(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, PREBUILDS_ONLY: '1', RBDKIT_PREBUILD: '/nonexistent' }
  return spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8', timeout: 30_000 })
}

t.test('version and help', async (t) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  t.match(rbdkit('--version'), { status: 0, stdout: `${version}\n`, stderr: '' })
  t.match(rbdkit('--help'), { status: 0, stdout: /^Usage: rbdkit .*\n {2}dev /s, stderr: '' })
  t.match(rbdkit('--help'), { stdout: /\n {2}bench / })
  const bench = rbdkit('bench', '--help')
  t.match(bench, { status: 0, stdout: /^Usage: rbdkit bench /, stderr: '' })
  for (const option of ['--rw', '--bs', '--iodepth', '--rate-iops', '--html', '--destructive', '--conf']) {
    t.match(bench.stdout, new RegExp(`^ +(?:-\\w, )?${option} `, 'm'))
  }
  t.notMatch(bench.stdout, '--rate_iops', "fio's spelling works too and is not listed")
  t.match(rbdkit('host', 'prepare', '--help'), {
    status: 0,
    stdout: /<pool> <user-id>\n.*--no-storage-pool /s,
  })
  t.match(rbdkit('doctor', '--help'), { status: 0, stdout: /\[pool\.\.\.\]\n.*--libvirt \[uri\] /s })
  t.match(rbdkit('dev', '--help'), { status: 0, stdout: /^Usage: rbdkit dev /, stderr: '' })
})

t.test('a wrong command line: status 2, what is wrong, where help is', async (t) => {
  for (const [args, path, message] of [
    [['zzzz'], [], "unknown command 'zzzz'"],
    [['dev', 'nope'], ['dev'], "unknown command 'nope'"],
    [['--nope'], [], "unknown option '--nope'"],
    [['dev', 'status', '--zz'], ['dev', 'status'], "unknown option '--zz'"],
    [['bench', 'x', '--zz'], ['bench'], "unknown option '--zz'"],
    [['bench'], ['bench'], 'name an image: [pool/[namespace/]]image[@snapshot]'],
    [['bench', 'a/b/c/d'], ['bench'], "'a/b/c/d' is not of the form [pool/[namespace/]]image[@snapshot]"],
    [
      ['bench', 'x', '--rw=randread', '--rwmixread=50'],
      ['bench'],
      '--rwmixread does not go with --rw randread',
    ],
    [
      ['bench', 'x', '--pattern=interleaved'],
      ['bench'],
      '--pattern interleaved does not go with --rw randread',
    ],
    [['host', 'prepare', 'vms'], ['host', 'prepare'], "missing required argument 'user-id'"],
    [
      ['doctor', '--timeout', '0'],
      ['doctor'],
      "option '--timeout <seconds>' argument '0' is invalid. must be a whole number from 1 to 600",
    ],
    [['bench', 'compare', 'one.json'], ['bench', 'compare'], 'give two to 6 files'],
  ] as const) {
    const stderr = `rbdkit: ${message}\nSee '${['rbdkit', ...path].join(' ')} --help'.\n`
    t.match(rbdkit(...args), { status: 2, stdout: '', stderr })
  }
  t.match(rbdkit(), { status: 2, stdout: '', stderr: /^Usage: rbdkit / }, 'no command: all the help')
})

t.test('a value that is wrong is named with its option', async (t) => {
  for (const [option, message] of [
    ['--bs=4x', /'--bs <size>' argument '4x' is invalid\. must be a size such as 4096/],
    ['--rate_iops=0', /'--rate_iops <n>' argument '0' is invalid\. must be a whole number from 1/],
    ['--rw=nope', /'--rw <workload>' argument 'nope' is invalid\. Allowed choices are randread|read, /],
    ['--ceph-option=key=AQ==', /a key on a command line can be seen by others; use --keyring/],
  ] as const) {
    t.match(rbdkit('bench', 'x', option), { status: 2, stdout: '', stderr: message })
  }
})

t.test('results are compared without the addon', async (t) => {
  const [clat, lat] = ['fio-clat.json', 'fio-lat.json'].map((name) =>
    join(root, 'test', 'fixtures', 'bench', name),
  )
  const directory = t.testdir({ 'bad.json': '{"fio version":"x"}', 'b ad.json': 'x' })
  const html = join(directory, 'x.html')
  const compared = rbdkit('bench', 'compare', String(clat), String(lat), '--html', html)
  t.match(compared, { status: 0, stdout: /^read +fio-clat\.json +fio-lat\.json +ratio$/m, stderr: '' })
  t.match(readFileSync(html, 'utf8'), /^<!doctype html>/)
  for (const [file, message] of [
    ['bad.json', /^rbdkit: \S+bad\.json\.jobs is not a list with a job\n$/],
    ['b ad.json', /^rbdkit: .*b ad\.json is not JSON: [^\n]+\n$/],
    ['none.json', /^rbdkit: ENOENT: [^\n]+none\.json'\n$/],
  ] as const) {
    const result = rbdkit('bench', 'compare', String(clat), join(directory, file))
    t.match(result, { status: 1, stdout: '', stderr: message })
  }
  // A run needs it, and says what helps.
  t.match(rbdkit('bench', 'x'), { status: 1, stdout: '', stderr: /addon cannot be loaded/ })
})

t.test('whoever reads its output may stop early', async (t) => {
  const script = `set -o pipefail; "${process.execPath}" "${main}" --help | true`
  const { status, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  t.equal(stderr, '')
  t.equal(status, 0)
})
