/** What the addon's binaries need of a host and show to it. */

import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { long } from '../helpers/long.js'
import { makePackage, root } from '../helpers/package.js'

t.setTimeout(600_000)
const consumer = makePackage().binary
/** What `npm install` builds where the package's binary does not work: minutes of compiling. */
const fromSource = long ? [buildFromSource()] : []
const developer = join(root, 'build-cmake', 'Release', 'rbdkit.node')

function buildFromSource(): string {
  execFileSync('npm', ['run', 'build:gyp'], { cwd: root })
  return join(root, 'build', 'Release', 'rbdkit.node')
}

const readelf = (flag: string, path: string): string =>
  execFileSync('readelf', ['--wide', flag, path], { encoding: 'utf8' })

const neededBy = (path: string): string[] =>
  [...readelf('--dynamic', path).matchAll(/\(NEEDED\).*\[(.+)\]/g)].map((match) => String(match[1])).sort()

/** Names of the symbols that others can bind to. */
const exportedBy = (path: string): string[] =>
  [...readelf('--dyn-syms', path).matchAll(/ (?:GLOBAL|WEAK|UNIQUE) +DEFAULT +\d+ (\S+)/g)]
    .map((match) => String(match[1]))
    .sort()

/** Names that the dynamic linker looks for elsewhere, one a line. */
const undefinedIn = (path: string): string =>
  [...readelf('--dyn-syms', path).matchAll(/ UND (\S+)/g)].map((match) => match[1]).join('\n')

/** The highest version of a symbol set that the binary refers to: `[2, 34]` of GLIBC. */
function highest(path: string, set: string): number[] {
  const versions = [...readelf('--version-info', path).matchAll(new RegExp(`Name: ${set}_([0-9.]+)`, 'g'))]
    .map((match) => String(match[1]).split('.').map(Number))
    .sort(compare)
  return versions.at(-1) ?? []
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

for (const path of [consumer, developer, ...fromSource]) {
  t.test(`the binary ${relative(root, path)}`, async (t) => {
    const needed = neededBy(path)
    t.ok(needed.includes('libc.so.6'), 'the list was read')
    t.same(
      needed.filter((library) => !/^(lib(stdc\+\+|gcc_s|c|m|dl|pthread)\.so\.\d+|ld-linux.*)$/.test(library)),
      [],
      'needs nothing but the C and C++ runtimes',
    )
    // Node has a zlib of its own and exports it; an undefined symbol of ours would be bound to that.
    t.notMatch(
      undefinedIn(path),
      /^(inflate|libdeflate_|ZSTD_(?!trace))/m,
      'has its own zlib, libdeflate and zstd',
    )
    t.same(exportedBy(path), ['napi_register_module_v1', 'node_api_module_get_api_version_v1'])

    const dynamic = readelf('--dynamic', path)
    t.match(dynamic, /FLAGS_1.*\bNODELETE\b/)
    t.match(dynamic, /FLAGS_1.*\bNOW\b/)
    t.match(readelf('--program-headers', path), /\bGNU_RELRO\b/)
    t.notMatch(dynamic, /RPATH|RUNPATH/, 'no search path of the machine that built it')
  })
}

t.test('the library beside it, which links librados', async (t) => {
  const libraries = [consumer, developer, ...fromSource].map((path) =>
    join(dirname(path), 'rbdkit_copy_from.so'),
  )
  for (const path of libraries) {
    t.same(
      neededBy(path).filter(
        (name) => !/^(lib(stdc\+\+|gcc_s|c|m|dl|pthread)\.so\.\d+|ld-linux.*)$/.test(name),
      ),
      ['librados.so.2'],
    )
    t.same(exportedBy(path), ['rbdkit_allocated', 'rbdkit_copy_from'])
    t.notMatch(readelf('--dynamic', path), /RPATH|RUNPATH/)
  }
  t.ok(compare(highest(String(libraries[0]), 'GLIBC'), [2, 34]) <= 0)
  t.ok(compare(highest(String(libraries[0]), 'GLIBCXX'), [3, 4, 30]) <= 0)
})

t.test('the prebuilt binary runs where Debian 12 or newer does', async (t) => {
  const glibc = highest(consumer, 'GLIBC')
  const stdcxx = highest(consumer, 'GLIBCXX')
  t.ok(compare(glibc, [2, 34]) <= 0 && glibc[0] === 2, `glibc ${glibc.join('.')}`)
  t.ok(compare(stdcxx, [3, 4, 30]) <= 0 && stdcxx[0] === 3, `libstdc++ ${stdcxx.join('.')}`)
  t.notMatch(readelf('--sections', consumer), /\.debug_info|\.symtab/, 'stripped')
})

t.test('all builds give the same addon', async (t) => {
  const require = createRequire(import.meta.url)
  const keys = (path: string): string[] => Object.keys(require(path) as object)
  for (const path of [consumer, ...fromSource]) {
    t.same(keys(path), keys(developer), 'the same functions')
    t.same(neededBy(path), neededBy(developer), 'the same needs')
  }
})
