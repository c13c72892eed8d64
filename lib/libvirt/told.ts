// Typed parameters whose names are paths, such as `net.0.rx.bytes`, as a tree.
import type { NativeParameters } from '../internal/native/libvirt-objects.js'

/**
 * What libvirt tells, by its own names. What it numbers is a list: `{ user: [{ name: 'root' }] }`.
 *
 * @since 0.1.0
 */
export interface Told {
  [name: string]: string | number | boolean | Told | Told[] | undefined
}

/** A tree of paths: a map for what has names, an array for what is numbered. Its leaves are neither. */
export type Tree<T> = T | Map<string, Tree<T>> | Tree<T>[]

/** A branch's own value, where `fs` is a number and `fs.0.name` a text: it says how many there are. */
const isCount = (key: string): boolean => key === 'count'

function grow<T>(pairs: readonly (readonly [path: string, leaf: T])[]): Map<string, Tree<T>> {
  const root = new Map<string, Tree<T>>()
  for (const [name, leaf] of pairs) {
    const path = name.split('.')
    const last = path.pop() ?? ''
    let branch = root
    for (const step of path) {
      const found = branch.get(step)
      const next = found instanceof Map ? found : new Map<string, Tree<T>>()
      if (next !== found) branch.set(step, next)
      branch = next
    }
    if (!(branch.get(last) instanceof Map)) branch.set(last, leaf)
  }
  return root
}

function shape<T>(branch: Map<string, Tree<T>>): Tree<T> {
  const entries = [...branch].filter(([key]) => !isCount(key))
  const grown = entries.map(([key, value]) => [key, value instanceof Map ? shape(value) : value] as const)
  if (branch.has('count') && grown.every(([key]) => /^\d+$/.test(key))) {
    return grown
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, value]) =>
        value instanceof Map || Array.isArray(value) ? value : new Map([['value', value]]),
      )
  }
  return new Map(grown)
}

/** Where each leaf is in the tree. A list's items are what is numbered beside a `count`. */
export function toTree<T>(pairs: readonly (readonly [path: string, leaf: T])[]): Tree<T> {
  return shape(grow(pairs))
}

type Leaf = string | number | boolean | undefined

function told(tree: Tree<Leaf>): unknown {
  if (Array.isArray(tree)) return tree.map(told)
  return tree instanceof Map ? Object.fromEntries([...tree].map(([key, value]) => [key, told(value)])) : tree
}

export function toldTree(pairs: NativeParameters): Told {
  return told(toTree(pairs)) as Told
}
