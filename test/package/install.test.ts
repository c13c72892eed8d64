/** Packing and installing: never without a binary, and where none works one line says what a build needs. */

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Consumer } from '../helpers/consumer.js'
import { makePackage, root } from '../helpers/package.js'

t.setTimeout(600_000)
const { tarball } = makePackage()

t.test('nothing is packed without binaries', async (t) => {
  const bare = t.testdir()
  execFileSync('tar', ['-xzf', tarball, '-C', bare])
  const from = join(bare, 'package')
  cpSync(join(root, 'scripts', 'check-prebuilds.mjs'), join(from, 'scripts', 'check-prebuilds.mjs'))
  const pack = () => spawnSync('npm', ['pack', '--dry-run', '--silent'], { cwd: from, encoding: 'utf8' })
  t.match(pack(), { status: 0, stdout: /\.tgz\n$/ })
  for (const name of ['rbdkit_copy_from.so', 'rbdkit.glibc.node']) {
    rmSync(join(from, 'prebuilds', 'linux-x64', name))
    const { status, stderr } = pack()
    t.not(status, 0)
    t.match(stderr, `not packed without prebuilds/linux-x64/${name === 'rbdkit.glibc.node' ? name : ''}`)
    t.match(stderr, 'npm run prebuild:linux')
  }
})

t.test('a build that cannot be says in one line what is missing', async (t) => {
  const consumer = new Consumer(t.testdir(), tarball)
  t.equal(consumer.install().stderr, '', 'with its binary there is nothing to say')
  rmSync(join(consumer.installed, 'prebuilds'), { recursive: true })
  const all = 'g\\+\\+ make python3 librados-dev librbd-dev libvirt-dev libdeflate-dev zlib1g-dev libzstd-dev'
  t.match(consumer.install(), {
    status: 1,
    stdout: '',
    stderr: new RegExp(`^rbdkit: no binary [^\\n]* apt-get install -y ${all}\\n$`),
  })
})
