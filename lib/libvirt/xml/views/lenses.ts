/** This file has the lenses of views: how a property stands in its element, as an attribute, a text, a list. */

import { invalidArgType, toSize } from '../../../internal/validate.js'
import { serialize, stripIndentation, XmlElement } from '../element.js'
import { parse } from '../parse.js'
import { type Codec, line, toBytes, token, UNLIMITED } from './codecs.js'
import { ensure, insert, type Path, prune, replace, take, toPathOf } from './tree.js'
import { type Lens, laterThan, type ViewClass, XmlView } from './view.js'

function split(place: string): { path: Path; attribute: string } {
  const [elements = '', attribute = ''] = place.split('@')
  return { path: toPathOf(elements), attribute }
}

/** libvirt's namespaces, by the prefix that it writes them with itself. */
const NAMESPACES: Readonly<Record<string, string>> = {
  qemu: 'http://libvirt.org/schemas/domain/qemu/1.0',
  rbd: 'http://libvirt.org/schemas/storagepool/rbd/1.0',
  dnsmasq: 'http://libvirt.org/schemas/network/dnsmasq/1.0',
}

/** The prefix that a namespace has here, where it is declared: on the view's element, or on one in it. */
function prefixOf(element: XmlElement, namespace: string): string | undefined {
  for (const { attributes } of [element, ...element.elements()]) {
    for (const [key, value] of attributes) {
      if (value === namespace && key.startsWith('xmlns:')) return key.slice(6)
    }
  }
  return undefined
}

/** A path with the document's own prefixes in the place of libvirt's. */
function here(view: XmlView, path: Path, declare = false): Path {
  const prefix = path.find((name) => name.includes(':'))?.split(':')[0]
  if (prefix === undefined) return path
  const namespace = NAMESPACES[prefix] ?? ''
  const own = prefixOf(view.element, namespace)
  if (own === undefined && declare) view.element.attributes.set(`xmlns:${prefix}`, namespace)
  return path.map((name) => name.replace(`${prefix}:`, `${own ?? prefix}:`))
}

/** The element at a path, made if it is not there. */
export function made(view: XmlView, path: Path): XmlElement {
  return ensure(view.element, path, (name) => laterThan(view, name))
}

/** An attribute: `target@dev`, or `@device` of the element itself. */
export function attr<T>(place: string, codec: Codec<T>): Lens<T | undefined> {
  const { path, attribute } = split(place)
  return {
    path,
    writable: true,
    get(view, what) {
      const text = view.element.find(...path)?.attribute(attribute)
      return text === undefined ? undefined : codec.read(text, what)
    },
    set(view, value, what) {
      if (value !== undefined) {
        const text = codec.write(value, what)
        made(view, path).attributes.set(attribute, text)
        return
      }
      view.element.find(...path)?.attributes.delete(attribute)
      prune(view.element, path)
    },
  }
}

/** Puts an element at a path, in the place of the one that is there. */
export function put(view: XmlView, path: Path, element: XmlElement): void {
  const parent = made(view, path.slice(0, -1))
  const found = parent.find(element.name)
  if (found !== undefined) replace(parent, found, element)
  else insert(parent, element, path.length === 1 ? laterThan(view, element.name) : new Set(), view.element)
}

/** Sets an element's text, and keeps its child elements and comments. */
function setText(element: XmlElement, text: string): void {
  const kept = element.elements()
  element.children.splice(0, element.children.length, ...(text === '' ? kept : [text, ...kept]))
}

/** The text of an element: `name`, `source/name`. */
export function text<T>(place: string, codec: Codec<T>): Lens<T | undefined> {
  const path = toPathOf(place)
  return {
    path,
    writable: true,
    get(view, what) {
      const found = view.element.find(...path)
      // Between elements there is only white space.
      if (found === undefined || found.elements().length > 0) return undefined
      return codec.read(found.text, what)
    },
    set(view, value, what) {
      if (value !== undefined) {
        const written = codec.write(value, what)
        setText(made(view, path), written)
        return
      }
      removeAt(view, path)
    },
  }
}

/** Takes out the element at a path, and what held nothing else. */
export function removeAt(view: XmlView, path: Path): void {
  const found = view.element.find(...path)
  const parent = view.element.find(...path.slice(0, -1))
  if (found !== undefined && parent !== undefined) take(parent, found)
  prune(view.element, path.slice(0, -1))
}

/** Bytes: an element with a number and a unit. Without one the unit is `unit`. Memory is written in KiB where that is exact. */
export function bytes(place: string, unit: 'bytes' | 'KiB'): Lens<number | undefined> {
  const path = toPathOf(place)
  return {
    path,
    writable: true,
    get(view, what) {
      const found = view.element.find(...path)
      return found === undefined ? undefined : toBytes(found.text, found.attribute('unit') ?? unit, what)
    },
    set(view, value, what) {
      if (value === undefined) {
        removeAt(view, path)
        return
      }
      const unlimited = unit === 'KiB' && value === Number.POSITIVE_INFINITY
      const size = unlimited ? 0 : toSize(what, value)
      const inKiB = unit === 'KiB' && size % 1024 === 0
      const element = made(view, path)
      setText(element, unlimited ? UNLIMITED : String(inKiB ? size / 1024 : size))
      element.attributes.set('unit', inKiB ? 'KiB' : 'bytes')
    },
  }
}

/** Whether an element is there: `readonly`. */
export function flag(place: string): Lens<boolean> {
  const path = toPathOf(place)
  return {
    path,
    writable: true,
    get: (view) => view.element.find(...path) !== undefined,
    set(view, value, what) {
      if (typeof value !== 'boolean') throw invalidArgType(what, 'of type boolean', value)
      if (value) made(view, path)
      else removeAt(view, path)
    },
  }
}

/** The elements of a path's last name, each as a view. */
export function list<V extends XmlView>(place: string, type: ViewClass<V>): Lens<readonly V[], false> {
  const path = toPathOf(place)
  const last = path.at(-1)
  return {
    path,
    writable: false,
    entries: type,
    get(view) {
      const parent = view.element.find(...path.slice(0, -1))
      return (parent?.elements(last) ?? []).map((element) => new type(element, parent))
    },
    set() {},
  }
}

/** One element as a view of its own, or `undefined`; set, it is a copy of what is given. */
export function one<V extends XmlView>(place: string, type: ViewClass<V>): Lens<V | undefined> {
  const path = toPathOf(place)
  return {
    path,
    writable: true,
    get(view) {
      const found = view.element.find(...path)
      return found === undefined ? undefined : new type(found, view.element.find(...path.slice(0, -1)))
    },
    set(view, value, what) {
      if (value === undefined) {
        removeAt(view, path)
        return
      }
      if (!(value instanceof XmlView) || !type.elements.includes(value.element.name))
        throw invalidArgType(what, `a view of <${type.elements.join('> or <')}>`, value)
      put(view, path, stripIndentation(parse(serialize(value.element))))
    },
  }
}

/** A list of values, each in an element of its own: the attribute `os/boot@dev`, or the text `cpus/cpu`. */
export function values<T>(place: string, codec: Codec<T>): Lens<readonly T[]> {
  const { path: canonical, attribute } = split(place)
  return {
    path: canonical,
    writable: true,
    get(view, what) {
      const path = here(view, canonical)
      const last = path.at(-1)
      const found = view.element.find(...path.slice(0, -1))?.elements(last) ?? []
      return found.flatMap((element) => {
        const value = attribute === '' ? element.text : element.attribute(attribute)
        return value === undefined ? [] : [codec.read(value, what)]
      })
    },
    set(view, given, what) {
      if (!Array.isArray(given)) throw invalidArgType(what, 'an instance of Array', given)
      const texts = given.map((value: T) => codec.write(value, what))
      const path = here(view, canonical, texts.length > 0)
      const last = path.at(-1) ?? ''
      const parent =
        texts.length > 0 ? made(view, path.slice(0, -1)) : view.element.find(...path.slice(0, -1))
      // Those that are there keep what else they have.
      const old = parent?.elements(last) ?? []
      for (const element of old.slice(texts.length)) if (parent) take(parent, element)
      for (const [index, written] of texts.entries()) {
        const element = old[index] ?? new XmlElement(last)
        if (attribute === '') setText(element, written)
        else element.attributes.set(attribute, written)
        if (old[index] === undefined && parent)
          insert(parent, element, path.length === 1 ? laterThan(view, last) : new Set(), view.element)
      }
      if (texts.length === 0) prune(view.element, path.slice(0, -1))
    },
  }
}

/** Values by name, each in an element with two attributes: `rbd:config_opts/rbd:option@name=value`. */
export function record(place: string): Lens<Readonly<Record<string, string>>> {
  const { path: canonical, attribute } = split(place)
  const [key = '', value = ''] = attribute.split('=')
  return {
    path: canonical,
    writable: true,
    get(view) {
      const path = here(view, canonical)
      const found = view.element.find(...path.slice(0, -1))?.elements(path.at(-1)) ?? []
      return Object.fromEntries(
        found.map((element) => [element.attribute(key) ?? '', element.attribute(value) ?? '']),
      )
    },
    set(view, given, what) {
      if (typeof given !== 'object' || given === null) throw invalidArgType(what, 'of type object', given)
      const pairs = Object.entries(given).map(([name, text]) => [
        token.write(name, what),
        line.write(text, what),
      ])
      const path = here(view, canonical, pairs.length > 0)
      removeAt(view, path.slice(0, -1))
      if (pairs.length === 0) return
      const parent = made(view, path.slice(0, -1))
      for (const [name, text] of pairs)
        insert(
          parent,
          new XmlElement(path.at(-1) ?? '', { [key]: name, [value]: text }),
          new Set(),
          view.element,
        )
    },
  }
}

/** The same, of what only libvirt sets. */
export function fixed<T>(lens: Lens<T>): Lens<T, false> {
  return { ...lens, writable: false }
}
