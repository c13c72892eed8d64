/**
 * This file finds, adds and removes elements of a tree by paths, so that what stands around them stays: their order,
 * their indentation, and what nobody here knows.
 */

import { XmlElement, type XmlNode } from '../element.js'

/** Names of elements from here on: `source/host`. */
export type Path = readonly string[]

export function toPathOf(text: string): Path {
  return text === '' ? [] : text.split('/')
}

const isSpace = (node: XmlNode | undefined): node is string =>
  typeof node === 'string' && /^[ \t\r\n]*$/.test(node)

/** A line end and the indentation of an element's children, if it is laid out in lines. */
function indentation({ children }: XmlElement): string | undefined {
  const at = children.findIndex((child) => !isSpace(child))
  const before = children[at - 1]
  return isSpace(before) && before.includes('\n') ? before.slice(before.lastIndexOf('\n')) : undefined
}

/** What an empty element's children are indented by: two more than it is itself. */
function indentationIn(parent: XmlElement, child: XmlElement): string | undefined {
  const own = indentation(parent)
  return own === undefined || !parent.children.includes(child) ? undefined : `${own}  `
}

/** Lays a new element out as its place is: each of its elements on a line of its own. */
function layOut(element: XmlElement, newline: string): void {
  const { children } = element
  if (children.length === 0 || children.some((child) => typeof child === 'string')) return
  for (const child of element.elements()) layOut(child, `${newline}  `)
  element.children.splice(
    0,
    children.length,
    ...children.flatMap((child) => [`${newline}  `, child]),
    newline,
  )
}

/**
 * Puts an element into a parent: after the last of its name, else before the first of those that come `later`, else at
 * the end. `outer` is what the parent is in, for the indentation of an empty one.
 */
export function insert(
  parent: XmlElement,
  element: XmlElement,
  later: ReadonlySet<string>,
  outer?: XmlElement,
): void {
  const { children } = parent
  const space =
    indentation(parent) ?? (outer && children.length === 0 ? indentationIn(outer, parent) : undefined)
  if (space !== undefined) layOut(element, space)
  const last = children.findLastIndex((child) => child instanceof XmlElement && child.name === element.name)
  let at = last + 1
  if (last < 0) {
    const next = children.findIndex((child) => child instanceof XmlElement && later.has(child.name))
    at = next < 0 ? children.length : next
    // The white space before the next element, or before the end tag, stays there.
    if (at > 0 && isSpace(children[at - 1])) at--
  }
  if (space === undefined) {
    children.splice(at, 0, element)
    return
  }
  children.splice(at, 0, space, element)
  if (children.length === 2) children.push(space.slice(0, -2))
}

/** Puts an element into the place of another. */
export function replace(parent: XmlElement, old: XmlElement, element: XmlElement): void {
  const space = indentation(parent)
  if (space !== undefined) layOut(element, space)
  parent.children[parent.children.indexOf(old)] = element
}

/** Takes an element out of its parent, with the indentation before it. */
export function take(parent: XmlElement, element: XmlElement): void {
  const { children } = parent
  const at = children.indexOf(element)
  if (at < 0) return
  const from = isSpace(children[at - 1]) ? at - 1 : at
  children.splice(from, at + 1 - from)
  if (children.every(isSpace)) children.splice(0)
}

/** The element at a path, made where it is missing. */
export function ensure(
  from: XmlElement,
  path: Path,
  later: (name: string) => ReadonlySet<string>,
): XmlElement {
  let outer: XmlElement | undefined
  let at = from
  for (const [depth, name] of path.entries()) {
    let next = at.find(name)
    if (next === undefined) {
      next = new XmlElement(name)
      insert(at, next, depth === 0 ? later(name) : new Set(), outer)
    }
    outer = at
    at = next
  }
  return at
}

/** Removes the elements of a path that hold nothing any more, the innermost first. */
export function prune(from: XmlElement, path: Path): void {
  for (let depth = path.length; depth > 0; depth--) {
    const element = from.find(...path.slice(0, depth))
    const parent = from.find(...path.slice(0, depth - 1))
    if (element === undefined || parent === undefined) continue
    if (element.attributes.size > 0 || !element.children.every(isSpace)) return
    take(parent, element)
  }
}
