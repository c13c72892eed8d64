/**
 * What may use what: `node scripts/check-layers.mjs` prints every include and import that runs upwards and every circle of
 * files, with status 1 when there is one. Within a folder of lib/ a type may be used in a circle, for a connection has domains and
 * a domain is of a connection, and so may what is loaded only when it is needed.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Folders of native/, and what each may include besides itself and the folders named by what it may include. */
const NATIVE = {
  server_copy: [],
  sys: ['server_copy'],
  core: ['sys'],
  disk: [],
  ceph: ['disk', 'core'],
  rados: ['core'],
  copy: ['ceph'],
  'copy/engine': ['copy'],
  'copy/format': ['copy'],
  'copy/publish': ['copy'],
  'copy/source': ['copy/format', 'copy/publish'],
  // What a destination holds is read again by the source of its kind.
  'copy/destination': ['copy/source'],
  'copy/verify': ['copy/engine', 'copy/destination'],
  'copy/server_side': ['copy/engine', 'copy/source', 'copy/destination', 'copy/verify'],
  'copy/jobs': ['copy/engine', 'copy/source', 'copy/destination', 'copy/verify', 'copy/server_side'],
  bench: ['core', 'disk', 'ceph'],
  rbd: ['rados', 'ceph'],
  libvirt: ['core'],
  addon: ['rbd', 'rados', 'libvirt', 'bench', 'copy/jobs'],
}

/** Folders of lib/ likewise; a file is in the longest that fits. */
const LIB = {
  'internal/native': [],
  'internal/generated': [],
  'internal/addon.ts': ['internal/native'],
  'internal/secrets.ts': [],
  'errors.ts': ['internal/addon.ts', 'internal/secrets.ts'],
  internal: ['errors.ts', 'internal/generated'],
  rados: ['internal'],
  rbd: ['rados', 'buffer-pool.ts'],
  'buffer-pool.ts': ['internal'],
  copy: ['rbd'],
  bench: ['rbd', 'copy'],
  libvirt: ['internal'],
  dev: ['rados', 'libvirt'],
  // As a user has it: of what is below, the entry points alone.
  provision: ['index.ts', 'libvirt'],
  cli: ['index.ts', 'dev', 'libvirt', 'provision'],
  'index.ts': ['copy', 'bench', 'rbd'],
}

/** Folders of lib/ that use the public API only, and the files that are it. */
const OF_PUBLIC = { 'provision/': ['index.ts', 'libvirt/index.ts'] }

function below(directory, pattern) {
  const names = readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => pattern.test(name)).sort()
}

const folderOf = (file, layers) =>
  Object.keys(layers)
    .filter((folder) => file === folder || file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0]

/** The folder, what it may use, and what those may. */
function reach(folder, layers, seen = new Set()) {
  if (seen.has(folder)) return seen
  seen.add(folder)
  for (const one of layers[folder]) reach(one, layers, seen)
  return seen
}

function upwards(edges, layers) {
  return edges.filter(([from, to]) => {
    const [a, b] = [folderOf(from, layers), folderOf(to, layers)]
    if (a === undefined || b === undefined) throw new Error(`${a === undefined ? from : to} is in no layer`)
    return !reach(a, layers).has(b)
  })
}

/** Files that use each other in a circle: Tarjan's strongly connected components. */
function circles(edges) {
  const next = new Map()
  for (const [from, to] of edges) next.set(from, [...(next.get(from) ?? []), to])
  const order = new Map()
  const low = new Map()
  const stack = []
  const found = []
  const visit = (file) => {
    order.set(file, order.size)
    low.set(file, order.get(file))
    stack.push(file)
    for (const to of next.get(file) ?? []) {
      if (!order.has(to)) visit(to)
      if (stack.includes(to)) low.set(file, Math.min(low.get(file), low.get(to)))
    }
    if (low.get(file) !== order.get(file)) return
    const circle = stack.splice(stack.indexOf(file))
    if (circle.length > 1) found.push(circle)
  }
  for (const file of next.keys()) if (!order.has(file)) visit(file)
  return found
}

const nativeEdges = below('native', /^(?!test\/|.*\/generated\/).*\.(cc|h)$/).flatMap((file) =>
  [...readFileSync(join(root, 'native', file), 'utf8').matchAll(/^#include "([^"]+)"/gm)]
    .map(([, to]) => to)
    .filter((to) => existsSync(join(root, 'native', to)) && !to.includes('/generated/'))
    .map((to) => [file, to]),
)
const libEdges = below('lib', /\.ts$/).flatMap((file) => {
  const text = readFileSync(join(root, 'lib', file), 'utf8')
  const imports = /(import type[^;'()]*?from|from|import\()\s*'(\.[^']+)\.js'/g
  return [...text.matchAll(imports)].map(([, how, to]) => [
    file,
    `${normalize(join(dirname(file), to))}.ts`,
    !how.startsWith('from'),
  ])
})
const hidden = libEdges.filter(([from, to]) =>
  Object.entries(OF_PUBLIC).some(
    ([folder, files]) => from.startsWith(folder) && !to.startsWith(folder) && !files.includes(to),
  ),
)
const lasting = libEdges.filter(([from, to, passing]) => !passing || dirname(from) !== dirname(to))

let wrong = 0
for (const [from, to] of hidden) {
  console.error(`lib/${from} uses lib/${to}, which is not public`)
  wrong++
}
for (const [directory, edges, layers, circling] of [
  ['native', nativeEdges, NATIVE, nativeEdges],
  ['lib', libEdges, LIB, lasting],
]) {
  for (const [from, to] of upwards(edges, layers)) {
    console.error(`${directory}/${from} uses ${directory}/${to}, which is not below it`)
    wrong++
  }
  for (const circle of circles(circling)) {
    console.error(`a circle: ${circle.map((file) => `${directory}/${file}`).join(', ')}`)
    wrong++
  }
}
process.exitCode = wrong > 0 ? 1 : 0
