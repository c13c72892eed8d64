/** The functions that librados, librbd and libvirt declare, and who in native/ uses them. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../', import.meta.url))

/** `version` gives the headers' version, `name` matches the library's own functions. */
export const libraries = [
  {
    title: 'librados',
    headers: ['rados/librados.h', 'native/sys/later/librados.h'],
    name: /\brados_\w+/,
    version: (text) =>
      ['MAJOR', 'MINOR', 'EXTRA'].map((part) => define(text, `LIBRADOS_VER_${part}`)).join('.'),
  },
  {
    title: 'librbd',
    headers: ['rbd/librbd.h', 'native/sys/later/librbd.h'],
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
      'native/sys/later/libvirt.h',
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

export function readHeader(name) {
  const path = name.startsWith('native/') ? join(root, name) : join('/usr/include', name)
  if (!existsSync(path))
    throw new Error(`${path} is missing: install librados-dev, librbd-dev and libvirt-dev`)
  return readFileSync(path, 'utf8')
}

/** The functions that a header declares, in its order. */
export function declaredFunctions(text, name) {
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\/\/.*$/gm, ' ')
    .replace(/^[ \t]*#(?:.*\\\n)*.*$/gm, ' ')
  // A declaration's own name is the first that an opening parenthesis follows; callbacks are types, `(*name)(`.
  const declaration = new RegExp(`(?:^|[;{}])([^;{}()]*?)(${name.source})\\s*\\(`, 'g')
  const found = new Set()
  for (const [, before, function_] of code.matchAll(declaration)) {
    if (!/\btypedef\b/.test(before)) found.add(function_)
  }
  return [...found]
}

export function filesBelow(directory, pattern) {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((name) => pattern.test(name))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** Paths of `files` by what `pattern`'s first group finds in them. */
export function index(files, pattern) {
  const found = new Map()
  for (const { path, text } of files) {
    for (const [, name] of text.matchAll(pattern)) {
      if (!found.has(name)) found.set(name, new Set())
      found.get(name).add(path)
    }
  }
  return found
}

/** Which files of native/ use a function of the libraries, by a table or as a row. */
export function nativeCallers() {
  const files = filesBelow('native', /^native\/(?!test\/).*\.(cc|h)$/)
  return index(
    files.map(({ path, text }) => ({ path, text: text.replace(/\/\/.*$/gm, '') })),
    /(?:\b(?:(?:[Rr]ados|[Rr]bd|[Ll]ibvirt|LibvirtQemu|LibvirtAdmin|libvirt_admin)(?:\(\)|_api)\.|(?:Rados|Rbd|Libvirt|LibvirtQemu|LibvirtAdmin)Api::)|\b(?:RADOS|RBD|VIR|QEMU|ADMIN|STEP|AIO)\()(\w+)/g,
  )
}
