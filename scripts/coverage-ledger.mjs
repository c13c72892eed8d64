/**
 * Writes docs/coverage.md: every function of librados.h, librbd.h and libvirt's headers, and which files bind it or why
 * none does.
 * `--check` compares instead: status 1 when the ledger is out of date, 3 when this host's headers are of other
 * versions than the ledger's.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { declaredFunctions, filesBelow, libraries, nativeCallers, readHeader, root } from './c-functions.mjs'
import { leftOut } from './left-out.mjs'

const ledgerPath = join(root, 'docs', 'coverage.md')
const OTHER_HEADERS = 3

const callers = nativeCallers()
/** What of lib/ says that it implements a function: `[Snapshots.create](../lib/rbd/snapshot.ts)`. */
const implementers = new Map()
for (const { path, text } of filesBelow('lib', /\.ts$/)) {
  let topic
  for (const [, comment, type, name] of text.matchAll(
    /(\/\*\*[\s\S]*?\*\/)?\s*\n(?:export )?(?:abstract )?(?:(class|interface)|(?: {2})?(?:export |static |async |function\*? |get |override )*)\s*(\w+)[^\n]*/g,
  )) {
    if (type !== undefined) topic = name
    const [, names = ''] = /Implements:([\s\S]*?)(?=\n\s*\*\s*(?:@|\n)|\*\/)/.exec(comment ?? '') ?? []
    for (const [function_] of names.matchAll(/\b(?:rados_|rbd_|vir[A-Z])\w+/g)) {
      if (!implementers.has(function_)) implementers.set(function_, new Set())
      const isFree = new RegExp(`^export (?:async )?(?:function\\*? |const |class )${name}\\b`, 'm').test(
        text,
      )
      implementers.get(function_).add(`[${isFree ? name : `${topic}.${name}`}](../${path})`)
    }
  }
}

/** Every function of the headers. */
const known = new Set()
/** What the reasons have wrong. */
const wrong = []

function section({ title, headers, name }) {
  const lines = []
  let total = 0
  let bound = 0
  const open = []
  const rows = []
  const reasons = []
  for (const header of headers) {
    for (const function_ of declaredFunctions(readHeader(header), name)) {
      total++
      const files = [...(callers.get(function_) ?? [])]
      const reason = leftOut[function_]
      known.add(function_)
      if (files.length > 0 && reason !== undefined) wrong.push(`${function_} is bound, and left out`)
      if (files.length === 0) {
        if (reason === undefined) open.push(`- \`${function_}\``)
        else reasons.push(`| \`${function_}\` | ${reason} |`)
        continue
      }
      bound++
      const facade = [...(implementers.get(function_) ?? [])]
      rows.push(`| \`${function_}\` | ${files.join(', ')} | ${facade.join(', ')} |`)
    }
  }
  const rest = open.length === 0 ? '' : `, ${open.length} open`
  const without = reasons.length === 0 ? '' : `, ${reasons.length} left out with a reason`
  lines.push(
    `## ${title}: ${bound} of ${total} functions bound${without}${rest}`,
    '',
    `Headers: ${headers.join(', ')}.`,
    '',
  )
  if (rows.length > 0) lines.push('| Function | Native | TypeScript |', '|---|---|---|', ...rows, '')
  if (reasons.length > 0) lines.push('| Left out | Reason |', '|---|---|', ...reasons, '')
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
  'Written by `node scripts/coverage-ledger.mjs`; do not edit. A function is bound when native code uses it; the',
  'TypeScript column says what implements it, and is empty for what only native code needs. What is left out',
  'has its reason in `scripts/left-out.mjs`, or of libvirt in `scripts/left-out-libvirt.mjs`.',
  '',
  versionLine,
  '',
  ...libraries.flatMap(section),
].join('\n')

for (const [name, reason] of Object.entries(leftOut)) {
  if (!known.has(name)) wrong.push(`${name} is left out, and no header declares it`)
  for (const [, other] of reason.matchAll(/`((?:rados_|rbd_|vir[A-Z])\w+)`/g)) {
    if (!callers.has(other) && leftOut[other] === undefined)
      wrong.push(`${name}: ${other} is not bound either`)
  }
}
if (wrong.length > 0) {
  console.error(`scripts/left-out.mjs: ${wrong.join('; ')}`)
  process.exit(1)
}

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
