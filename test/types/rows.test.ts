/** What a row of native code takes is what its TypeScript signature gives. */

import { createRequire } from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { root } from '../helpers/package.js'

/** What JavaScript gives for each kind of argument of native/core/bind.h. */
const given: Record<string, string> = {
  Str: 'string',
  OptStr: 'string | undefined',
  Flag: 'boolean',
  Bytes: 'Uint8Array<ArrayBufferLike>',
  Handle: 'number',
  ImageOptions: 'NativeLayout',
  Pairs: '[name: string, bytes: Uint8Array<ArrayBufferLike>][]',
  Names: 'string[]',
  Params: 'NativeParameter[]',
}
/** Whose function it is: always by the number of its handle. */
const handles = [
  'Cluster',
  'IoCtx',
  'Image',
  'Connection',
  'Domain',
  'StoragePool',
  'StorageVolume',
  'Secret',
]

const program = ts.createProgram([join(root, 'lib/internal/addon.ts')], {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  strict: true,
  types: ['node'],
  noEmit: true,
})
const checker = program.getTypeChecker()

const nativeFile = program.getSourceFile(join(root, 'lib/internal/addon.ts'))
const stepsFile = program.getSourceFile(join(root, 'lib/internal/native/rados.ts'))

/** The members of an interface of lib/internal, by name. */
function membersOf(file: ts.SourceFile | undefined, name: string): ts.Symbol[] {
  const module = file && checker.getSymbolAtLocation(file)
  const found = module && checker.getExportsOfModule(module).find((one) => one.name === name)
  if (!found) throw new Error(`no interface ${name}`)
  return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(found))
}

const elementsOf = (tuple: ts.Type): string[] =>
  checker.getTypeArguments(tuple as ts.TypeReference).map((type) => checker.typeToString(type))

/** The types of a `Task`'s arguments, by the function's name. */
const declared = new Map(
  membersOf(nativeFile, 'Native').map((member) => {
    const [signature] = checker.getTypeOfSymbol(member).getCallSignatures()
    const rest = signature?.getParameters()[1] // the first is the slot
    return [member.name, rest === undefined ? [] : elementsOf(checker.getTypeOfSymbol(rest))]
  }),
)

const steps = new Map(
  membersOf(stepsFile, 'WriteSteps').map((one) => [one.name, elementsOf(checker.getTypeOfSymbol(one))]),
)

const { rows, writeSteps } = createRequire(import.meta.url)(
  join(root, 'build-cmake/Release/rbdkit.node'),
) as Record<'rows' | 'writeSteps', Record<string, string>>

function compare(t: Test, name: string, kinds: string[], types: string[]): void {
  t.equal(types.length, kinds.length, `${name}: ${kinds}; ${types}`)
  for (const [i, kind] of kinds.entries()) {
    if (kind === 'Num') t.match(types[i], /^(number|bigint|number \| bigint)$/, `${name}: argument ${i}`)
    else t.equal(types[i], given[kind], `${name}: argument ${i}`)
  }
}

t.test('arguments of functions', async (t) => {
  t.ok(Object.keys(rows).length > 60, `${Object.keys(rows).length} rows`)
  for (const [name, text] of Object.entries(rows)) {
    const [self = '', ...kinds] = text.split(' ')
    t.ok(handles.includes(self), `${name} is called on a handle: ${self}`)
    compare(t, name, ['Handle', ...kinds], declared.get(name) ?? [])
  }
})

t.test('arguments of steps', async (t) => {
  t.same(Object.keys(writeSteps).sort(), [...steps.keys()].sort())
  for (const [name, text] of Object.entries(writeSteps)) {
    compare(t, name, text.split(' ').slice(1), steps.get(name) ?? [])
  }
})
