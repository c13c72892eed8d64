/** The samples of docs/guide, as the reader sees them: each code block has `<!-- test: name -->` before it. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './package.js'

/** A code block. */
export interface Fence {
  /** `'copy.md:31'` */
  place: string
  language: string
  /** What the comment before it says; `undefined`: there is none. */
  mark: string | undefined
  code: string
}

/** All code blocks of the guide, in order. */
export function guideFences(): Fence[] {
  const directory = join(root, 'docs', 'guide')
  const pages = readdirSync(directory).filter((name) => name.endsWith('.md'))
  return pages.flatMap((page) => {
    const text = readFileSync(join(directory, page), 'utf8')
    const blocks = text.matchAll(/(?:^<!-- test: (.+) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm)
    return [...blocks].map(({ 1: mark, 2: language = '', 3: code = '', index }) => ({
      place: `${page}:${text.slice(0, index).split('\n').length}`,
      language,
      mark,
      code,
    }))
  })
}

export type Modules = Readonly<Record<string, object>>

/**
 * Runs a sample with what stands for the reader's own things. A sample that imports anything has what it imports and
 * nothing else; one without imports has everything of `modules`.
 */
export async function runSample(
  code: string,
  modules: Modules,
  own: Readonly<Record<string, unknown>>,
): Promise<void> {
  let imports = false
  const body = code.replaceAll(/^import (\{[\s\S]*?\}) from '(.+)'$/gm, (_, names: string, from: string) => {
    if (modules[from] === undefined)
      throw new Error(`the sample imports '${from}', which the test does not have`)
    imports = true
    return `const ${names.replaceAll(/ as /g, ': ')} = modules['${from}']`
  })
  const scope = { ...(imports ? {} : Object.assign({}, ...Object.values(modules))), ...own, modules }
  const names = Object.keys(scope).filter((name) => /^[A-Za-z_]\w*$/.test(name) && name !== 'default')
  // Node 20 has no `await using`; the inner block lets a sample declare a name that is in scope already.
  const source = `async function sample(${names.join(', ')}) { {\n${body}\n} }`
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  const sample = new Function(`${outputText}\nreturn sample`)() as (...given: unknown[]) => Promise<void>
  await sample(...names.map((name) => scope[name as keyof typeof scope]))
}
