/** Every public name is documented, with its release; a method that calls C names the function. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { root } from '../helpers/package.js'

/** What is documented: `Image.open` and its doc comment. */
interface Documented {
  readonly name: string
  readonly file: string
  readonly kind: 'type' | 'value' | 'method' | 'member'
  readonly doc: string
  readonly tags: readonly string[]
}

const entries = ['lib/index.ts', 'lib/libvirt/index.ts', 'lib/provision/index.ts', 'lib/dev/index.ts']
const program = ts.createProgram(
  entries.map((entry) => join(root, entry)),
  {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    types: ['node'],
    noEmit: true,
  },
)
const checker = program.getTypeChecker()

function describe(name: string, kind: Documented['kind'], symbol: ts.Symbol): Documented {
  return {
    name,
    kind,
    file: (symbol.declarations?.[0]?.getSourceFile().fileName ?? '').slice(root.length),
    doc: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
    tags: symbol.getJsDocTags(checker).map((tag) => tag.name),
  }
}

/** The public members of a class or interface, its base classes' included, that are ours and not internal. */
function members(name: string, symbol: ts.Symbol): Documented[] {
  const types = [checker.getDeclaredTypeOfSymbol(symbol)]
  if (symbol.flags & ts.SymbolFlags.Class) types.push(checker.getTypeOfSymbol(symbol))
  const found: Documented[] = []
  for (const member of types.flatMap((type) => checker.getPropertiesOfType(type))) {
    const declaration = member.declarations?.[0]
    if (!declaration?.getSourceFile().fileName.startsWith(join(root, 'lib/'))) continue
    const flags = ts.getCombinedModifierFlags(declaration)
    if (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) continue
    const itsName = ts.getNameOfDeclaration(declaration)
    if (itsName === undefined || ts.isPrivateIdentifier(itsName) || member.name.startsWith('__')) continue
    const isMethod = (member.flags & ts.SymbolFlags.Method) !== 0
    const one = describe(`${name}.${member.name}`, isMethod ? 'method' : 'member', member)
    if (!one.tags.includes('internal')) found.push(one)
  }
  return found
}

/** Everything that a module exports; a namespace such as `xml` with what is in it. */
function exportsOf(module: ts.Symbol, prefix: string): Documented[] {
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    const name = `${prefix}${exported.name}`
    if (symbol.flags & ts.SymbolFlags.ValueModule) return exportsOf(symbol, `${name}.`)
    const isType = !(symbol.flags & ts.SymbolFlags.Value)
    const own = describe(name, isType ? 'type' : 'value', symbol)
    const isObject = symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)
    return isObject ? [own, ...members(name, symbol)] : [own]
  })
}

const documented = entries.flatMap((entry) => {
  const source = program.getSourceFile(join(root, entry))
  const module = source && checker.getSymbolAtLocation(source)
  if (!module) throw new Error(`${entry} is no module`)
  return exportsOf(module, '')
})
const show = (list: readonly Documented[]): string[] => list.map(({ file, name }) => `${file}: ${name}`)

t.test('every public name has a doc comment', async (t) => {
  t.ok(documented.length > 150, `${documented.length} names`)
  const needed = documented.filter(({ kind }) => kind !== 'member')
  t.same(show(needed.filter(({ doc }) => doc === '')), [])
})

// A member is as old as its class or interface unless it says otherwise.
t.test('every export says since when', async (t) => {
  const dated = documented.filter(({ kind }) => kind === 'value' || kind === 'type')
  t.same(show(dated.filter(({ tags }) => !tags.includes('since'))), [])
})

/** The functions in native/sys/generated, which are looked up at run time. */
const table = new Set(
  ['librados', 'librbd', 'libvirt', 'libvirt_qemu', 'libvirt_admin']
    .map((name) => readFileSync(join(root, 'native/sys/generated', `${name}.h`), 'utf8'))
    .flatMap((text) => [...text.matchAll(/\bF\((\w+),/g)].map((match) => String(match[1]))),
)

const implementsText = (doc: string): string | undefined => /Implements: ([\s\S]*)/.exec(doc)?.[1]

t.test('every method that calls C says what it implements', async (t) => {
  const calling = documented.filter(
    ({ kind, file, name }) =>
      kind === 'method' &&
      /^lib\/(rados|rbd|libvirt)\/(?!xml\/|errors)/.test(file) &&
      !/\.(close|then|next|return|fileHandle)$/.test(name),
  )
  t.ok(calling.length > 60, `${calling.length} methods`)
  t.same(show(calling.filter(({ doc }) => implementsText(doc) === undefined)), [])
})

t.test('what is named exists: a function in the tables, or a command', async (t) => {
  let named = 0
  const wrong: string[] = []
  for (const one of documented) {
    const text = implementsText(one.doc)
    if (text === undefined) continue
    const functions = text.match(/\b(?:rados_|rbd_|vir[A-Z])\w+/g) ?? []
    named += functions.length
    const missing = functions.filter((name) => !table.has(name))
    const isCommand = /\b(?:monitor|manager|QEMU monitor) command/.test(text)
    if (missing.length > 0 || (functions.length === 0 && !isCommand)) {
      wrong.push(`${one.file}: ${one.name}: ${missing.join(', ') || text}`)
    }
  }
  t.ok(named > 80, `${named} functions`)
  t.same(wrong, [])
})
