/** Every command of docs/guide/bench.md, and of the README's part about it, runs as written: shorter, on a small image. */

import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { poolInit } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { root } from '../../helpers/package.js'
import { openPool } from '../copy/fixture.js'

t.setTimeout(240_000)
const exec = promisify(execFile)
const program = join(root, 'dist', 'cli', 'main.js')

function commandsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((match) =>
    String(match[1]).trim().split('\n'),
  )
  return blocks.filter((line) => /^(?:npx rbdkit bench |rbd |fio )/.test(line))
}

/** What stands for the reader's own image, and for more time than a test has. */
function shorten(command: string, pool: string, image: string): string[] {
  return command
    .replaceAll('rbd/scratch', `${pool}/${image}`)
    .replace('--pool=rbd --rbdname=scratch', `--pool=${pool} --rbdname=${image}`)
    .replace('--size 10G', '--size 16M')
    .replace('--io-size 10g', '--io-size 16m')
    .replace(/--runtime([ =])30/, '--runtime$11')
    .split(' ')
}

for (const [page, least] of [
  ['docs/guide/bench.md', 14],
  ['README.md', 4],
] as const) {
  t.test(page, async (t) => {
    const { ioctx, test } = await openPool(t)
    await poolInit(ioctx)
    const directory = t.testdir()
    const env = { ...process.env, ...test.env, NODE_OPTIONS: '' }
    const commands = commandsOf(page)
    t.ok(commands.length >= least, `${commands.length} commands`)
    const image = randomName('scratch')
    for (const command of commands) {
      const [first = '', ...rest] = shorten(command, ioctx.pool, image)
      const [file, args] = first === 'npx' ? [process.execPath, [program, ...rest.slice(1)]] : [first, rest]
      const { stdout, stderr } = await exec(file, args, { cwd: directory, env, timeout: 60_000 })
      t.comment(command)
      if (first !== 'npx') continue
      t.equal(stderr, '', command)
      t.match(stdout, rest.includes('compare') ? /^read .* ratio$/m : /^ {2}IOPS +\d/m, command)
    }
    const written = commands.flatMap((command) => [...command.matchAll(/--(?:json|html|output)[ =](\S+)/g)])
    for (const [, name = ''] of written) t.ok(existsSync(join(directory, name)), `${name} is there`)
  })
}
