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
  t.match(rbdkit('dev', '--help'), { status: 0, stdout: /^Usage: rbdkit dev /, stderr: '' })
})

t.test('a wrong command line: status 2, what is wrong, where help is', async (t) => {
  for (const [args, message] of [
    [['nope'], "unknown command 'nope'"],
    [['dev', 'nope'], "unknown command 'nope'"],
    [['--nope'], "unknown option '--nope'"],
    [['dev', 'status', '--zz'], "unknown option '--zz'"],
  ] as const) {
    t.match(rbdkit(...args), { status: 2, stdout: '', stderr: `rbdkit: ${message}\nSee 'rbdkit --help'.\n` })
  }
  t.match(rbdkit(), { status: 2, stdout: '', stderr: /^Usage: rbdkit / }, 'no command: all the help')
})

t.test('whoever reads its output may stop early', async (t) => {
  const script = `set -o pipefail; "${process.execPath}" "${main}" --help | true`
  const { status, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  t.equal(stderr, '')
  t.equal(status, 0)
})
