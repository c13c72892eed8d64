/**
 * This file makes typed views of documents: classes whose properties read and write one tree, each property a lens that
 * says where its value stands. What no lens names stays as it is.
 */

import { isDeepStrictEqual } from 'node:util'
import { invalidArgType, invalidArgValue } from '../../../internal/validate.js'
import { serialize, stripIndentation, XmlDocument, XmlElement } from '../element.js'
import { parse, parseNamed, XmlError } from '../parse.js'
import { ensure, insert, type Path, take } from './tree.js'

/** Where the values of a property stand. `T` is the property's type; `W` says whether it can be set. */
export interface Lens<T, W extends boolean = true> {
  readonly path: Path
  readonly writable: W
  get(view: XmlView, what: string): T
  set(view: XmlView, value: T, what: string): void
  /** The class of a list's entries. */
  readonly entries?: ViewClass<XmlView>
}

type Fields = Readonly<Record<string, Lens<unknown, boolean>>>
type TypeOf<L> = L extends { get(view: XmlView, what: string): infer T } ? T : never
type Settable<F> = { [K in keyof F]: F[K] extends { writable: true } ? K : never }[keyof F]

/** What a view with these lenses has. */
export type ViewOf<F> = XmlView & { -readonly [K in Settable<F>]: TypeOf<F[K]> } & {
  readonly [K in Exclude<keyof F, Settable<F>>]: TypeOf<F[K]>
}

/** A class of views. */
export interface ViewClass<V> {
  new (document: XmlDocument | XmlElement, parent?: XmlElement): V
  /** Names of the elements that it is for. */
  readonly elements: readonly string[]
  /** A view of a document's text; what is outside its root is kept, too. Errors: `ERR_INVALID_XML`. */
  parse<T>(this: { new (document: XmlDocument): T; readonly elements: readonly string[] }, text: string): T
}

/**
 * A typed look at one element: its properties read the tree, and change it when they are set. `undefined` takes a value
 * out. What has no property is in `element`, and stays as it is.
 *
 * @since 0.1.0
 */
export abstract class XmlView {
  /** The element itself: what has no property is reached, read and changed here. */
  readonly element: XmlElement
  readonly #document: XmlDocument | undefined
  readonly #parent: XmlElement | undefined

  constructor(document: XmlDocument | XmlElement, parent?: XmlElement) {
    this.element = document instanceof XmlDocument ? document.root : document
    this.#document = document instanceof XmlDocument ? document : undefined
    this.#parent = parent
    if (!(this.element instanceof XmlElement))
      throw invalidArgType('element', 'an instance of XmlElement', document)
  }

  /** Takes this element out of the one that it was found in. Errors: `ERR_INVALID_ARG_VALUE` for a whole document. */
  remove(): void {
    if (this.#parent === undefined) throw invalidArgValue('this', 'is a whole document, and in no other')
    take(this.#parent, this.element)
  }

  /**
   * Puts an element into this one, after those of its name: `domain.add(xml.rbdDisk(...))`. A text is parsed, an element
   * or view copied. Errors: `ERR_INVALID_XML`; `ERR_INVALID_ARG_VALUE` for an element that no list here is of, or a
   * disk whose target is taken.
   */
  add(child: string | XmlElement | XmlView): void {
    const lists = Object.values(lensesOf(this)).filter(({ entries }) => entries !== undefined)
    const element = child instanceof XmlView ? child.element : child
    // A copy of its own, so that laying it out does not change the caller's.
    const copy = stripIndentation(parse(element instanceof XmlElement ? serialize(element) : element))
    const list = lists.find(({ path }) => path.at(-1) === copy.name)
    if (list === undefined)
      throw invalidArgValue('child', `no list of <${this.element.name}> has such an element`)
    const parent = ensure(this.element, list.path.slice(0, -1), (name) => laterThan(this, name))
    const target = copy.name === 'disk' ? copy.find('target')?.attribute('dev') : undefined
    if (
      target !== undefined &&
      parent.elements('disk').some((disk) => disk.find('target')?.attribute('dev') === target)
    )
      throw invalidArgValue('child', `the target '${target}' is taken`)
    insert(parent, copy, list.path.length === 1 ? laterThan(this, copy.name) : new Set(), this.element)
  }

  /** The document as text, as {@link serialize} writes it. */
  toString(): string {
    return serialize(this.#document ?? this.element)
  }
}

/** Whether a property has a value already. One that cannot be read has none. */
function isSame(view: XmlView, lens: Lens<unknown, boolean>, value: unknown, what: string): boolean {
  let now: unknown
  try {
    now = lens.get(view, what)
  } catch (error) {
    if (error instanceof XmlError) return false
    throw error
  }
  if (now instanceof XmlView) return value instanceof XmlView && now.element === value.element
  return isDeepStrictEqual(now, value)
}

const LENSES = Symbol('lenses')

function lensesOf(view: XmlView): Readonly<Record<string, Lens<unknown, boolean>>> {
  return (view as unknown as { [LENSES]: Readonly<Record<string, Lens<unknown, boolean>>> })[LENSES]
}

/** Elements that libvirt writes after one of this name: those that the view names after it. */
export function laterThan(view: XmlView, name: string): ReadonlySet<string> {
  const names = Object.values(lensesOf(view)).map(({ path }) => path[0] ?? '')
  return new Set(names.slice(names.lastIndexOf(name) + 1).filter((other) => other !== name))
}

/** A class of views of elements with these names, a property a lens, in the order in which libvirt writes them. */
export function viewOf<const F extends Fields>(elements: readonly string[], fields: F): ViewClass<ViewOf<F>> {
  class View extends XmlView {
    static readonly elements = elements
    static parse<T>(
      this: { new (document: XmlDocument): T; readonly elements: readonly string[] },
      text: string,
    ): T {
      // biome-ignore lint/complexity/noThisInStatic: it is the class that was called, not this one
      return new this(parseNamed(text, this.elements))
    }

    constructor(document: XmlDocument | XmlElement, parent?: XmlElement) {
      super(document, parent)
      if (!elements.includes(this.element.name))
        throw new XmlError(`The element is not a <${elements.join('> or <')}>`)
    }
  }
  Object.defineProperty(View.prototype, LENSES, { value: fields })
  for (const [key, lens] of Object.entries(fields) as [string, Lens<unknown, boolean>][]) {
    Object.defineProperty(View.prototype, key, {
      enumerable: true,
      get(this: XmlView) {
        return lens.get(this, key)
      },
      set(this: XmlView, value: unknown) {
        if (!lens.writable)
          throw invalidArgValue(key, 'cannot be set: a list has add() here, and remove() of its entries')
        // What is so already stays as it is written: its unit, its digits, values that nobody would set.
        if (!isSame(this, lens, value, key)) lens.set(this, value, key)
      },
    })
  }
  return View as unknown as ViewClass<ViewOf<F>>
}
