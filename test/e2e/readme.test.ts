/** What the README shows is true: its samples run, and every command in it is run by somebody. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Cluster, Image, poolInit } from 'rbdkit'
import { Connection } from 'rbdkit/libvirt'
import t from 'tap'
import { randomName, sharedCluster } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { root } from '../helpers/package.js'
import { convertToQcow2 } from '../helpers/qcow2.js'
import { rbdPoolsStart } from '../helpers/releases.js'

const exec = promisify(execFile)
const readme = readFileSync(join(root, 'README.md'), 'utf8')
t.setTimeout(300_000)

/** The code block after `<!-- test: name -->`. */
function block(name: string): string {
  const found = new RegExp(`<!-- test: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(readme)
  if (found?.[1] === undefined) throw new Error(`README.md has no block '${name}'`)
  return found[1]
}

/** Replaces what stands for the reader's own things; each must be there, or the sample has changed. */
function substitute(code: string, replacements: readonly (readonly [string, string])[]): string {
  for (const [from, to] of replacements) {
    if (!code.includes(from)) throw new Error(`the README's sample does not have ${from}`)
    code = code.replaceAll(from, to)
  }
  return code
}

t.test('the samples run', async (t) => {
  const { confFile } = await sharedCluster()
  const { uri } = await sharedHypervisor()
  const [pool, user, vm] = [randomName('libvirt-pool'), randomName('libvirt'), randomName('vm')]
  const directory = t.testdir({
    'tsconfig.json': JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { rootDir: '.', outDir: '.', declaration: false, declarationMap: false },
      include: ['sample.ts'],
      exclude: [],
    }),
  })
  const content = randomBytes(4096)
  const raw = await open(join(directory, 'debian-12.raw'), 'w')
  await raw.write(content, 0, content.length, 0)
  await raw.truncate(64 * 2 ** 20)
  await raw.close()
  convertToQcow2(join(directory, 'debian-12.raw'), join(directory, 'debian-12.qcow2'), ['-c'], '')

  await using cluster = await Cluster.connect({ confFile })
  await cluster.pools.create(pool)
  t.teardown(async () => {
    await using last = await Cluster.connect({ confFile })
    await last.pools.delete(pool)
    await last.auth.remove(`client.${user}`)
  })
  await using ioctx = await cluster.openIoCtx(pool)
  await poolInit(ioctx)
  await cluster.auth.getOrCreate(`client.${user}`, { mon: 'profile rbd', osd: `profile rbd pool=${pool}` })

  const sample = substitute(block('sample'), [
    ["'/etc/ceph/ceph.conf'", JSON.stringify(confFile)],
    ["'libvirt-pool'", JSON.stringify(pool)],
    ["'debian-12.qcow2'", JSON.stringify(join(directory, 'debian-12.qcow2'))],
    ["'qemu:///system'", JSON.stringify(uri)],
    ["'client.libvirt secret'", JSON.stringify(`client.${user} secret`)],
    ["'client.libvirt'", JSON.stringify(`client.${user}`)],
    ["username: 'libvirt'", `username: ${JSON.stringify(user)}`],
    ["'vm1'", JSON.stringify(vm)],
    // Hosts without KVM, and with less memory to spare.
    ['memoryMiB: 1024', "type: 'qemu', memoryMiB: 128"],
  ])
  writeFileSync(join(directory, 'sample.ts'), sample)
  await exec(join(root, 'node_modules', '.bin', 'tsc'), ['-p', directory]).catch(
    (error: { stdout: string }) => t.fail(`the sample does not compile: ${error.stdout}`),
  )
  const { stdout, stderr } = await exec(process.execPath, [join(directory, 'sample.js')], {
    timeout: 120_000,
  })
  t.equal(stderr, '')
  t.match(stdout, /^done 67108864 67108864 \d/m, 'the last progress')
  t.match(stdout, /^crc32c:[0-9a-f]{8}$/m, 'the digest')

  await using disk = await Image.open(ioctx, vm, { readOnly: true })
  const { buffer } = await disk.read({ position: 0, length: content.length })
  t.ok(buffer.equals(content), "the clone has the file's content")
  t.match(await disk.parent(), { image: 'debian-12', snapshot: 'base' })

  await using virt = await Connection.open(uri)
  const domain = await virt.domainByName(vm)
  t.match(await domain.state(), { state: 'running' })
  await domain.destroy()
  await domain.undefine()
  const secret = await virt.secretByUsage('ceph', `client.${user} secret`)
  await secret.undefine()

  const plain = substitute(block('try'), [
    ["'/etc/ceph/ceph.conf'", JSON.stringify(confFile)],
    ["'libvirt-pool'", JSON.stringify(pool)],
  ])
  writeFileSync(join(directory, 'try.mjs'), plain)
  const listed = await exec(process.execPath, [join(directory, 'try.mjs')], { timeout: 60_000 })
  t.same(listed.stdout.trim().split('\n').sort(), ['debian-12', vm].sort())
})

t.test('the quickstart prints what the README shows', async (t) => {
  // What `npm run quickstart` runs after its set-up, which `npm test` has just done.
  t.match(
    readFileSync(join(root, 'scripts', 'quickstart.sh'), 'utf8'),
    /setup\.sh\n.*node build-scripts\/quickstart\.js\n/,
  )
  const { stdout } = await exec(process.execPath, [join(root, 'build-scripts', 'quickstart.js')], {
    timeout: 240_000,
  })
  /** Times, versions and digests differ from run to run; so do the columns. */
  const shape = (text: string): string[] =>
    text
      .trim()
      .split('\n')
      .map((line) =>
        line
          .replace(/\d+\.\d+ s$/, '<time>')
          .replace(/[0-9a-f]{64}/, '<digest>')
          .replace(/\d+\.\d+\.\d+[\w.+-]*/g, '<version>')
          .replace(/process \d+/, 'process <pid>')
          .replace(/ {2,}/g, '  '),
      )
  const shown = shape(block('quickstart')).map((line) =>
    rbdPoolsStart || !line.startsWith('ok: libvirt lists ')
      ? line
      : "left out: libvirt's list of the images, for its RBD storage pools do not start with this Ceph",
  )
  t.same(shape(stdout).slice(-shown.length), shown)
})

/** The part about measuring, all of which test/cluster/bench/guide.test.ts runs as it stands in the README. */
function benchCommands(): Record<string, string> {
  const part = /## Measure a cluster\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const commands = part.trim().split('\n')
  if (commands.length < 4) throw new Error('README.md does not say how to measure')
  return Object.fromEntries(commands.map((command) => [command, 'test/cluster/bench/guide.test.ts']))
}

/** Who runs each shell command of the README. */
const runBy: Readonly<Record<string, string>> = {
  'npm run quickstart': 'test/e2e/readme.test.ts',
  'npm test': '.ci/run',
  'npx rbdkit dev up --objectstore memstore': 'test/cluster/dev/command.test.ts',
  'npx rbdkit dev status': 'test/cluster/dev/command.test.ts',
  'npx rbdkit dev env': 'test/cluster/dev/command.test.ts',
  'npx rbdkit dev down': 'test/cluster/dev/command.test.ts',
  ...benchCommands(),
}

t.test('every command in the README is run by a test or by CI', async (t) => {
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => String(match[1]))
  const commands = blocks.flatMap((text) => text.trim().split('\n')).map((line) => line.replace(/\s+#.*/, ''))
  t.same([...new Set(commands)].sort(), Object.keys(runBy).sort())
  for (const [command, file] of Object.entries(runBy)) {
    const text = readFileSync(join(root, file), 'utf8')
    const words = command.split(' ')
    // That test reads them from the README: it must know the page.
    if (file.endsWith('bench/guide.test.ts')) {
      t.ok(text.includes("'README.md'"), `${file} runs ${command}`)
      continue
    }
    // A test of the `rbdkit` command calls it with the rest as arguments.
    const needle = words[0] === 'npx' ? `'${words[3]}'` : command
    t.ok(text.includes(needle), `${file} runs ${command}`)
  }
})

t.test('every link in the documentation leads somewhere', async (t) => {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const pages = docs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))
  t.ok(pages.length > 40, `${pages.length} pages`)
  for (const page of ['README.md', 'CONTRIBUTING.md', ...pages]) {
    const text = readFileSync(join(root, page), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      t.ok(existsSync(join(root, dirname(page), target)), `${page}: ${target}`)
    }
  }
  for (const [, directory = ''] of readme.matchAll(/^\| `(\w+)\/` \|/gm))
    t.ok(existsSync(join(root, directory)), directory)
})
