/** What a row of native code takes is what its TypeScript signature gives. */

import { createRequire } from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { root } from '../helpers/package.js'

/** What JavaScript gives for each kind of argument of native/core/kinds.h. */
const given: Record<string, string> = {
  Str: 'string',
  OptStr: 'string | undefined',
  Flag: 'boolean',
  OptNum: 'number | undefined',
  TextPairs: '[name: string, value: string][]',
  Bytes: 'Uint8Array<ArrayBufferLike>',
  Handle: 'number',
  ImageOptions: 'NativeLayout',
  Pairs: '[name: string, bytes: Uint8Array<ArrayBufferLike>][]',
  Names: 'string[]',
  Params: 'NativeParameter[]',
  Key: 'Key',
  Dict: '[string, string][]',
  Snaps: 'BigUint64Array<ArrayBufferLike>',
  Numbers: 'number[]',
}
/** Whose function it is: always by the number of its handle. */
const handles = [
  'Cluster',
  'IoCtx',
  'Image',
  'Connection',
  'Domain',
  'DomainSnapshot',
  'DomainCheckpoint',
  'Network',
  'NetworkPort',
  'Interface',
  'NodeDevice',
  'NWFilter',
  'NWFilterBinding',
  'StoragePool',
  'StorageVolume',
  'Secret',
  'AdminConnection',
  'AdminServer',
  'AdminClient',
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

const { rows, aioRows, writeSteps, readSteps } = createRequire(import.meta.url)(
  join(root, 'build-cmake/Release/rbdkit.node'),
) as Record<'rows' | 'aioRows' | 'writeSteps' | 'readSteps', Record<string, string>>

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

t.test('arguments of asynchronous calls on objects', async (t) => {
  t.ok(Object.keys(aioRows).length > 10, `${Object.keys(aioRows).length} rows`)
  for (const [name, text] of Object.entries(aioRows)) {
    const member = membersOf(nativeFile, 'Native').find((one) => one.name === name)
    const [signature] = member === undefined ? [] : checker.getTypeOfSymbol(member).getCallSignatures()
    // After slot, handle and object come the rest, as a tuple that is spread.
    const types = (signature?.getParameters() ?? []).slice(1).flatMap((one) => {
      const type = checker.getTypeOfSymbol(one)
      return one.name === 'args' ? elementsOf(type) : [checker.typeToString(type)]
    })
    compare(t, name, ['Handle', ...text.split(' ').slice(1)], types)
  }
})

t.test('arguments of steps', async (t) => {
  for (const [file, given] of [
    ['WriteSteps', writeSteps],
    ['ReadSteps', readSteps],
  ] as const) {
    const steps = new Map(
      membersOf(stepsFile, file).map((one) => [one.name, elementsOf(checker.getTypeOfSymbol(one))]),
    )
    t.same(Object.keys(given).sort(), [...steps.keys()].sort())
    for (const [name, text] of Object.entries(given))
      compare(t, name, text.split(' ').slice(1), steps.get(name) ?? [])
  }
})
