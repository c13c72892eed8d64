/**
 * Writes docs/coverage.md: every function of librados.h, librbd.h and libvirt's headers, and which files bind it.
 * `--check` compares instead: status 1 when the ledger is out of date, 3 when this host's headers are of other
 * versions than the ledger's.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const ledgerPath = join(root, 'docs', 'coverage.md')
const OTHER_HEADERS = 3

/** `version` gives the headers' version, `name` matches the library's own functions. */
const libraries = [
  {
    title: 'librados',
    headers: ['rados/librados.h'],
    name: /\brados_\w+/,
    version: (text) =>
      ['MAJOR', 'MINOR', 'EXTRA'].map((part) => define(text, `LIBRADOS_VER_${part}`)).join('.'),
  },
  {
    title: 'librbd',
    headers: ['rbd/librbd.h'],
    name: /\brbd_\w+/,
    version: (text) =>
      ['MAJOR', 'MINOR', 'EXTRA'].map((part) => define(text, `LIBRBD_VER_${part}`)).join('.'),
  },
  {
    title: 'libvirt',
    headers: [
      'libvirt/libvirt-host.h',
      'libvirt/libvirt-common.h',
      'libvirt/libvirt-event.h',
      'libvirt/virterror.h',
      'libvirt/libvirt-domain.h',
      'libvirt/libvirt-domain-checkpoint.h',
      'libvirt/libvirt-domain-snapshot.h',
      'libvirt/libvirt-storage.h',
      'libvirt/libvirt-secret.h',
      'libvirt/libvirt-stream.h',
      'libvirt/libvirt-network.h',
      'libvirt/libvirt-interface.h',
      'libvirt/libvirt-nodedev.h',
      'libvirt/libvirt-nwfilter.h',
    ],
    name: /\bvir[A-Z]\w+/,
    version: (text) => {
      const number = Number(define(text, 'LIBVIR_VERSION_NUMBER'))
      return [number / 1e6, (number / 1e3) % 1e3, number % 1e3].map(Math.floor).join('.')
    },
  },
  { title: 'libvirt-qemu', headers: ['libvirt/libvirt-qemu.h'], name: /\bvir[A-Z]\w+/ },
  { title: 'libvirt-lxc', headers: ['libvirt/libvirt-lxc.h'], name: /\bvir[A-Z]\w+/ },
  { title: 'libvirt-admin', headers: ['libvirt/libvirt-admin.h'], name: /\bvir[A-Z]\w+/ },
]

function define(text, name) {
  const found = new RegExp(`^#\\s*define\\s+${name}\\s+(\\S+)`, 'm').exec(text)
  if (found === null) throw new Error(`no ${name} in the headers`)
  return found[1]
}

function readHeader(name) {
  const path = join('/usr/include', name)
  if (!existsSync(path))
    throw new Error(`${path} is missing: install librados-dev, librbd-dev and libvirt-dev`)
  return readFileSync(path, 'utf8')
}

/** The functions that a header declares, in its order. */
function declaredFunctions(text, name) {
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\/\/.*$/gm, ' ')
    .replace(/^[ \t]*#(?:.*\\\n)*.*$/gm, ' ')
  // A declaration's own name is the first that an opening parenthesis follows; callbacks are types, `(*name)(`.
  const declaration = new RegExp(`(?:^|[;}])([^;{}()]*?)(${name.source})\\s*\\(`, 'g')
  const found = new Set()
  for (const [, before, function_] of code.matchAll(declaration)) {
    if (!/\btypedef\b/.test(before)) found.add(function_)
  }
  return [...found]
}

function filesBelow(directory, pattern) {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((name) => pattern.test(name))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** Paths of `files` by what `pattern`'s first group finds in them. */
function index(files, pattern) {
  const found = new Map()
  for (const { path, text } of files) {
    for (const [, name] of text.matchAll(pattern)) {
      if (!found.has(name)) found.set(name, new Set())
      found.get(name).add(path)
    }
  }
  return found
}

const native = filesBelow('native', /^native\/(?!test\/).*\.(cc|h)$/)
/** Which files of native/ use a function of the tables. */
const callers = index(
  native,
  /\b(?:(?:[Rr]ados|[Rr]bd|[Ll]ibvirt|LibvirtQemu)(?:\(\)|_api)\.|(?:Rados|Rbd|Libvirt|LibvirtQemu)Api::)(\w+)/g,
)
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
