/** The npm package: what is in it, and that it works once installed. */

import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { Consumer } from '../helpers/consumer.js'
import { nodeBinary } from '../helpers/node-versions.js'
import { makePackage, root } from '../helpers/package.js'

t.setTimeout(600_000)
const { tarball } = makePackage()
const tool = (name: string): string => join(root, 'node_modules', '.bin', name)
const exec = promisify(execFile)

t.test('the tarball has what users need and nothing else', async (t) => {
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n')
  const allowed = [
    /^package\/(package\.json|README\.md|LICENSE|binding\.gyp)$/,
    /^package\/dist\/[\w/-]+\.(js|d\.ts)$/,
    /^package\/native\/(?!test\/)[\w/-]+\.(cc|h)$/,
    /^package\/native\/(sources\.gypi|(server_copy\/)?exports\.map)$/,
    /^package\/scripts\/install\.mjs$/,
    /^package\/prebuilds\/linux-\w+\/(rbdkit\.glibc\.node|rbdkit_copy_from\.so)$/,
  ]
  t.same(
    files.filter((file) => !allowed.some((pattern) => pattern.test(file))),
    [],
  )
  for (const name of [
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli/main.js',
    'binding.gyp',
    'native/exports.map',
  ]) {
    t.ok(files.includes(`package/${name}`), name)
  }
  t.equal(files.filter((file) => file.endsWith('.node')).length, 1, 'one binary')
  t.equal(
    files.filter((file) => file.endsWith('/rbdkit_copy_from.so')).length,
    1,
    'and the library beside it',
  )
})

t.test('no file of it names the machine that made it', async (t) => {
  const directory = t.testdir()
  execFileSync('tar', ['-xzf', tarball, '-C', directory])
  for (const text of [root, join(root, '.rbdkit')]) {
    // grep: 0 found, 1 not found.
    const { status, stdout } = spawnSync('grep', ['-rlaF', text, directory], { encoding: 'utf8' })
    t.equal(status, 1, `found in: ${stdout}`)
  }
})

t.test('publint and attw find nothing', async (t) => {
  const lint = await exec(tool('publint'), ['run', tarball, '--strict'])
  t.match(lint.stdout, /All good!/)
  const types = await exec(tool('attw'), [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'])
  t.match(
    types.stdout,
    /"rbdkit\/dev".*OK \(ESM\)/,
    'every entry point was looked at; a problem is a status above 0',
  )
})

t.test('installed, without a compiler', async (t) => {
  const consumer = new Consumer(t.testdir(), tarball)

  for (const major of [20, 22, 24, 26]) {
    const node = await nodeBinary(major)
    await t.test(`on Node ${major}`, async (t) => {
      const both = consumer.run(
        'mjs',
        `import { createRequire } from 'node:module'
        import * as rbdkit from 'rbdkit'
        import * as libvirt from 'rbdkit/libvirt'
        import * as provision from 'rbdkit/provision'
        import * as dev from 'rbdkit/dev'
        const require = createRequire(import.meta.url)
        const same = require('rbdkit').Cluster === rbdkit.Cluster &&
          require('rbdkit/libvirt').Connection === libvirt.Connection &&
          require('rbdkit/provision').prepareLibvirt === provision.prepareLibvirt &&
          require('rbdkit/dev').LocalCluster === dev.LocalCluster
        const error = await rbdkit.Cluster.connect({ monHost: '127.0.0.1:1', connectTimeoutMs: 1 }).catch((e) => e)
        const sameError = error instanceof require('rbdkit').CephError
        console.log(JSON.stringify({ node: process.version, same, sameError, code: error.code }))`,
        { node },
      )
      t.equal(both.stderr, '', 'no warning')
      t.equal(both.status, 0)
      const { node: version, ...result } = JSON.parse(both.stdout) as Record<string, unknown>
      t.match(version, `v${major}.`)
      t.match(
        result,
        { same: true, sameError: true, code: /^E[A-Z]+$/ },
        'import and require give the same classes',
      )

      const required = consumer.run(
        'cjs',
        `const { Image, versions } = require('rbdkit')
        console.log(typeof Image.open, versions().librbd !== undefined)`,
        { node },
      )
      t.match(required, { status: 0, stdout: 'function true\n' }, 'required from CommonJS')
    })
  }

  await t.test('the command', async (t) => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const command = join(consumer.directory, 'node_modules', '.bin', 'rbdkit')
    const result = await exec(command, ['--version'], { env: consumer.env() })
    t.match(result, { stdout: `${version}\n`, stderr: '' })
  })

  await t.test('a project in TypeScript sees the types', async (t) => {
    const good = t.testdir({
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          strict: true,
          module: 'nodenext',
          target: 'es2022',
          lib: ['es2023', 'esnext.disposable'],
          noEmit: true,
          types: ['node'],
        },
      }),
      'use.mts': `import { type CopyResult, copy, type IoCtx } from 'rbdkit'
        import { xml } from 'rbdkit/libvirt'
        export async function bytes(ioctx: IoCtx): Promise<number> {
          const result: CopyResult = await copy({ ioctx, image: 'a' }, { file: 'b' })
          return result.bytes
        }
        export const document: string = xml.secret({ usage: { type: 'ceph', name: 'x' } })
        // @ts-expect-error: a copy needs a destination
        copy({ file: 'a' })`,
    })
    execFileSync('ln', ['-s', join(consumer.directory, 'node_modules'), join(good, 'node_modules')])
    // The declarations mention Buffer and streams: a project has @types/node.
    execFileSync('ln', ['-s', join(root, 'node_modules', '@types'), join(good, 'node_modules', '@types')])
    const compiled = spawnSync(tool('tsc'), ['-p', good], { encoding: 'utf8' })
    t.match(compiled, { status: 0, stdout: '' })
  })
})

t.test('an addon that cannot be loaded says what helps', async (t) => {
  const consumer = new Consumer(t.testdir(), tarball)
  execFileSync('rm', ['-r', join(consumer.installed, 'prebuilds')])
  const result = consumer.run(
    'mjs',
    "import('rbdkit').catch((error) => console.log(error.code, error.message))",
  )
  t.match(result, { status: 0, stdout: /^ERR_RBDKIT_ADDON .*npm rebuild rbdkit/s })
})
