/**
 * Writes docs/coverage.md: every function of librados.h, librbd.h and libvirt's headers, and which files bind it.
 * `--check` compares instead: status 1 when the ledger is out of date, 3 when this host's headers are of other
 * versions than the ledger's.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  declaredFunctions,
  filesBelow,
  index,
  libraries,
  nativeCallers,
  readHeader,
  root,
} from './c-functions.mjs'

const ledgerPath = join(root, 'docs', 'coverage.md')
const OTHER_HEADERS = 3

const callers = nativeCallers()
/** Which files of lib/ name a function under `Implements:`. */
const implementers = index(
  filesBelow('lib', /\.ts$/).map(({ path, text }) => ({
    path,
    text: [...text.matchAll(/Implements:([\s\S]*?)(?=\n\s*\*\s*(?:@|\n)|\*\/)/g)]
      .map(([, names]) => names)
      .join('\n'),
  })),
  /\b((?:rados_|rbd_|vir[A-Z])\w+)/g,
)

function section({ title, headers, name }) {
  const lines = []
  let total = 0
  let bound = 0
  const open = []
  const rows = []
  for (const header of headers) {
    for (const function_ of declaredFunctions(readHeader(header), name)) {
      total++
      const files = [...(callers.get(function_) ?? [])]
      if (files.length === 0) {
        open.push(`- \`${function_}\``)
        continue
      }
      bound++
      const facade = [...(implementers.get(function_) ?? [])]
      rows.push(`| \`${function_}\` | ${files.join(', ')} | ${facade.join(', ')} |`)
    }
  }
  lines.push(`## ${title}: ${bound} of ${total} functions`, '', `Headers: ${headers.join(', ')}.`, '')
  if (rows.length > 0) lines.push('| Function | Native | TypeScript |', '|---|---|---|', ...rows, '')
  if (open.length > 0) lines.push('Not yet bound:', '', ...open, '')
  return lines
}

function versions() {
  return libraries
    .filter(({ version }) => version)
    .map(({ title, headers, version }) => `${title} ${version(headers.map(readHeader).join('\n'))}`)
    .join(', ')
}

const versionLine = `Made from the headers of ${versions()}.`
const ledger = [
  '# Coverage of the C libraries',
  '',
  'Written by `node scripts/coverage-ledger.mjs`; do not edit. A function is bound when native code uses it; its',
  'TypeScript column names the files whose methods implement it, and is empty for what only native code needs.',
  '',
  versionLine,
  '',
  ...libraries.flatMap(section),
].join('\n')

if (process.argv[2] === '--check') {
  const committed = existsSync(ledgerPath) ? readFileSync(ledgerPath, 'utf8') : ''
  if (committed !== '' && !committed.includes(versionLine)) {
    console.error(`docs/coverage.md was not made from this host's headers (${versions()})`)
    process.exitCode = OTHER_HEADERS
  } else if (committed !== ledger) {
    console.error('docs/coverage.md is out of date: node scripts/coverage-ledger.mjs')
    process.exitCode = 1
  }
} else {
  writeFileSync(ledgerPath, ledger)
}
