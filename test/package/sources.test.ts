/** One list of sources for both builds, and one list of functions for both sides of the addon. */

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { root } from '../helpers/package.js'

interface SourceList {
  readonly variables: {
    readonly rbdkit_sources: readonly string[]
    readonly rbdkit_copy_from_sources: readonly string[]
  }
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const { rbdkit_sources, rbdkit_copy_from_sources } = (JSON.parse(read('native/sources.gypi')) as SourceList)
  .variables
const listed = [...rbdkit_sources, ...rbdkit_copy_from_sources]

t.test('native/sources.gypi lists every source file of the addon and of the library beside it', async (t) => {
  const below = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
  const found = below.filter((name) => name.endsWith('.cc') && !name.startsWith('test/'))
  t.same([...listed].sort(), found.map((name) => join('native', name)).sort())
  t.same(listed, [...new Set(listed)], 'no file twice')
})

/** The names in the interfaces of lib/internal/native: `RbdNative`, ... */
function declaredFunctions(): string[] {
  const directory = join('lib', 'internal', 'native')
  const names: string[] = []
  const files = readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const source = ts.createSourceFile(file, read(join(directory, file)), ts.ScriptTarget.Latest)
    for (const statement of source.statements) {
      if (!ts.isInterfaceDeclaration(statement)) continue
      if (
        !/^(Bench|Core|Copy|Rados|Rbd|RbdPools|Libvirt(Admin|Event|Stream)?)Native$|^Libvirt\w+Rows$/.test(
          statement.name.text,
        )
      )
        continue
      for (const member of statement.members) names.push(member.name?.getText(source) ?? '')
    }
  }
  return names.sort()
}

t.test('TypeScript declares exactly the functions that the addon has', async (t) => {
  const addon = createRequire(import.meta.url)(join(root, 'build-cmake', 'Release', 'rbdkit.node')) as object
  t.same(Object.keys(addon).sort(), declaredFunctions())
})

t.test('every function of the run-time tables is used', async (t) => {
  const files = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
  const code = files
    .filter((name) => /\.(cc|h)$/.test(name) && !name.startsWith('test/'))
    .map((name) => read(join('native', name)))
    .join('\n')
  const table = [...code.matchAll(/\bF\((\w+), (?:nullptr|"[a-z]+")\)/g)].map((match) => String(match[1]))
  t.ok(table.length > 100, `${table.length} functions`)
  const unused = table.filter(
    (name) =>
      !new RegExp(`(?:\\.|::|\\b(?:RADOS|RBD|VIR|QEMU|ADMIN|STEP|AIO)\\()${name}\\b`).test(
        code.replaceAll('&::', ''),
      ),
  )
  t.same(unused, [])
})
