/** What the compiler knows of the public API: every place where a caller gives an object of named values. */

import ts from 'typescript'
import { root } from './package.js'

/** Objects that are not lists of options: passed on as they are, or of another shape than their type's names. */
const others = new Set(['Command', 'QmpCommand', 'QuiesceHandler', 'WebByteStream', 'SecretReference'])

function isInternal(declaration: ts.Node): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
  return (
    ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal') ||
    (ts.getCombinedModifierFlags(declaration as ts.Declaration) & hidden) !== 0
  )
}

class Finder {
  readonly found = new Set<string>()
  readonly #checker: ts.TypeChecker

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  /** Its parts that are objects with named values, declared by us. */
  #parts(type: ts.Type): ts.Type[] {
    if (others.has(type.aliasSymbol?.name ?? '') || type.flags & ts.TypeFlags.TypeParameter) return []
    if (type.isUnion()) return type.types.flatMap((part) => this.#parts(part))
    const declared = type.isIntersection()
      ? type.types.flatMap((part) => part.symbol?.declarations ?? [])
      : (type.symbol?.declarations ?? [])
    const ours = declared.some((one) => one.getSourceFile().fileName.startsWith(`${root}dist/`))
    const isClass = declared.some((one) => ts.isClassDeclaration(one))
    const named =
      this.#checker.getIndexInfosOfType(type).length === 0 &&
      type.getCallSignatures().length === 0 &&
      type.getProperties().length > 0
    return ours && !isClass && named && !others.has(type.symbol?.name ?? '') ? [type] : []
  }

  /** A value's place, and those of the objects in it; of a list, of its elements. */
  value(place: string, type: ts.Type, depth = 0): void {
    const element = this.#checker.isArrayType(type)
      ? this.#checker.getTypeArguments(type as ts.TypeReference)[0]
      : undefined
    if (element) this.value(place, element, depth)
    if (type.isUnion()) {
      for (const part of type.types) if (this.#checker.isArrayType(part)) this.value(place, part, depth)
    }
    for (const part of this.#parts(type)) {
      this.found.add(place)
      if (depth === 3) continue
      for (const property of part.getProperties()) {
        this.value(`${place}.${property.name}`, this.#checker.getTypeOfSymbol(property), depth + 1)
      }
    }
  }

  call(name: string, type: ts.Type): void {
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      if (signature.declaration && isInternal(signature.declaration)) continue
      for (const parameter of signature.parameters) {
        this.value(`${name}: ${parameter.name}`, this.#checker.getTypeOfSymbol(parameter))
      }
    }
  }

  /** What a module or namespace exports; of classes, what they and their instances can. */
  exports(prefix: string, symbol: ts.Symbol): void {
    for (const given of this.#checker.getExportsOfModule(symbol)) {
      const one = given.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(given) : given
      const name = `${prefix}${given.name}`
      if (one.flags & ts.SymbolFlags.Module) this.exports(`${name}.`, one)
      if (!(one.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class)) || name.endsWith('Error')) continue
      const type = this.#checker.getTypeOfSymbol(one)
      this.call(name, type)
      if (!(one.flags & ts.SymbolFlags.Class)) continue
      for (const member of type.getProperties()) {
        if (member.name !== 'prototype')
          this.call(`${name}.${member.name}`, this.#checker.getTypeOfSymbol(member))
      }
      for (const member of this.#checker.getDeclaredTypeOfSymbol(one).getProperties()) {
        if (!member.name.startsWith('__'))
          this.call(`${name}#${member.name}`, this.#checker.getTypeOfSymbol(member))
      }
    }
  }
}

/** `'Image.create: options'`, `'Image#read: options'`, `'copy: source'`, `'xml.domain: options.graphics'`, in order. */
export function publicOptions(): string[] {
  const files = ['index', 'libvirt/index', 'provision/index', 'dev/index'].map(
    (name) => `${root}dist/${name}.d.ts`,
  )
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram(files, { ...options, noEmit: true })
  const checker = program.getTypeChecker()
  const finder = new Finder(checker)
  for (const file of files) {
    const source = program.getSourceFile(file)
    const symbol = source && checker.getSymbolAtLocation(source)
    if (symbol) finder.exports('', symbol)
  }
  return [...finder.found].sort()
}
