/** This file holds a document as an ordered tree, and is the only place where XML text is written. */

import { invalidArgType, invalidArgValue } from '../../internal/validate.js'
import { Namespaces } from './namespaces.js'

const NAME_START =
  'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D' +
  '\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}'
const NC_NAME = `[${NAME_START}][${NAME_START}.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040-]*`

/** Source of a regular expression (flag `u`) for a name with at most one prefix. */
export const QNAME = `${NC_NAME}(?::${NC_NAME})?`

const QNAME_ONLY = new RegExp(`^${QNAME}$`, 'u')
const NOT_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

/** Offset of the first character XML 1.0 forbids (control characters, lone surrogates, U+FFFE/F); -1 if none. */
export function findForbiddenCharacter(text: string): number {
  return text.search(NOT_XML)
}

/**
 * A comment inside an element. Kept so that a document survives a round trip; libvirt itself drops comments.
 *
 * @since 0.1.0
 */
export class XmlComment {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/**
 * A CDATA section. It means what a text with the same characters means, and is kept so that it is written as it was.
 *
 * @since 0.1.0
 */
export class XmlCData {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/**
 * A processing instruction. Kept so that a document survives a round trip; libvirt itself ignores them.
 *
 * @since 0.1.0
 */
export class XmlInstruction {
  readonly target: string
  /** What stands after the target, without the white space between them. */
  readonly text: string

  constructor(target: string, text = '') {
    this.target = target
    this.text = text
  }
}

/**
 * What an element contains: elements, comments, CDATA, processing instructions and text (references already resolved).
 *
 * @since 0.1.0
 */
export type XmlNode = XmlElement | XmlComment | XmlCData | XmlInstruction | string

/**
 * Attributes for a new element; an `undefined` one is left out.
 *
 * @since 0.1.0
 */
export type XmlAttributes = Readonly<Record<string, string | number | bigint | undefined>>

/**
 * One element: a name as written (`disk`, `qemu:commandline`), attributes in order, children in order. Namespace
 * declarations are ordinary attributes. The tree may be changed freely; {@link serialize} checks what it writes.
 *
 * @since 0.1.0
 */
export class XmlElement {
  readonly name: string
  readonly attributes: Map<string, string>
  readonly children: XmlNode[]

  constructor(name: string, attributes: XmlAttributes = {}, children: readonly (XmlNode | undefined)[] = []) {
    this.name = name
    this.attributes = new Map()
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined) this.attributes.set(key, String(value))
    }
    this.children = children.filter((child) => child !== undefined)
  }

  /** The attribute's value, or `undefined`. */
  attribute(name: string): string | undefined {
    return this.attributes.get(name)
  }

  /** The child elements, all or those of one name. */
  elements(name?: string): XmlElement[] {
    return this.children.filter(
      (child): child is XmlElement =>
        child instanceof XmlElement && (name === undefined || child.name === name),
    )
  }

  /** The first element down a path of names: `domain.find('devices', 'disk')`. */
  find(...path: string[]): XmlElement | undefined {
    let found: XmlElement | undefined = this
    for (const name of path) found = found?.elements(name)[0]
    return found
  }

  /** The text directly inside this element, without that of its descendants. */
  get text(): string {
    return this.children
      .map((child) => (child instanceof XmlCData ? child.text : child))
      .filter((child) => typeof child === 'string')
      .join('')
  }
}

/**
 * A document: one element, and the comments and processing instructions that stand before and after it. libvirt's own
 * files in `/etc/libvirt` begin with a comment.
 *
 * @since 0.1.0
 */
export class XmlDocument {
  readonly prolog: (XmlComment | XmlInstruction)[] = []
  readonly root: XmlElement
  readonly epilog: (XmlComment | XmlInstruction)[] = []

  constructor(root: XmlElement) {
    this.root = root
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

function escapeText(text: string, special: RegExp): string {
  if (findForbiddenCharacter(text) >= 0) {
    throw invalidArgValue('xml', 'the text holds a character that XML 1.0 does not allow')
  }
  return text.replace(special, (character) => ESCAPES[character] ?? character)
}

function checkName(name: string): void {
  if (!QNAME_ONLY.test(name))
    throw invalidArgValue('xml', 'an element or attribute has a name that XML does not allow')
}

/** Writes the start tag of an element that `namespaces` is then in. */
function startTag(element: XmlElement, namespaces: Namespaces): string {
  checkName(element.name)
  let tag = `<${element.name}`
  for (const [name, value] of element.attributes) {
    checkName(name)
    tag += ` ${name}="${escapeText(value, /[&<>"'\t\n\r]/g)}"`
  }
  const wrong = namespaces.enter(element.name, element.attributes)
  if (wrong !== undefined) throw invalidArgValue('xml', wrong)
  return tag
}

/** Elements inside each other; libxml2, with which libvirt reads the same documents, stops at 256 too. */
export const MAX_DEPTH = 256

/** Text that nothing can be escaped in: a carriage return would come back as a line feed. */
function rawText(what: string, text: string, ends: RegExp): string {
  if (ends.test(text) || text.includes('\r') || findForbiddenCharacter(text) >= 0) {
    throw invalidArgValue('xml', `${what} cannot hold this text`)
  }
  return text
}

function instruction({ target, text }: XmlInstruction): string {
  checkName(target)
  if (target.includes(':') || /^xml$/i.test(target))
    throw invalidArgValue('xml', 'a processing instruction has a target that XML does not allow')
  const data = rawText('a processing instruction', text, /\?>|^[ \t\n]/)
  return `<?${target}${data === '' ? '' : ` ${data}`}?>`
}

/** `newline` is a line end with the current indentation, or empty for none. */
function write(node: XmlNode, namespaces: Namespaces, newline: string, depth = 1): string {
  if (typeof node === 'string') return escapeText(node, /[&<>\r]/g)
  if (node instanceof XmlComment) return `<!--${rawText('a comment', node.text, /--|-$/)}-->`
  if (node instanceof XmlCData) return `<![CDATA[${rawText('a CDATA section', node.text, /]]>/)}]]>`
  if (node instanceof XmlInstruction) return instruction(node)
  if (!(node instanceof XmlElement)) throw invalidArgType('xml', 'a node of a document', node)
  if (depth > MAX_DEPTH) throw invalidArgValue('xml', `more than ${MAX_DEPTH} elements are inside each other`)
  const tag = startTag(node, namespaces)
  // Next to text, white space would become content.
  const inner = newline !== '' && !node.children.some(isText) ? `${newline}  ` : ''
  const body = node.children.map((child) => inner + write(child, namespaces, inner, depth + 1)).join('')
  namespaces.leave()
  if (node.children.length === 0) return `${tag}/>`
  return `${tag}>${body}${inner === '' ? '' : newline}</${node.name}>`
}

function isText(node: XmlNode): node is string | XmlCData {
  return typeof node === 'string' || node instanceof XmlCData
}

function checkRoot(element: unknown): XmlElement {
  if (element instanceof XmlElement) return element
  throw invalidArgType('element', 'an instance of XmlElement', element)
}

/**
 * The element or document as text, without an XML declaration and without added white space inside the element:
 * {@link parse} or {@link parseDocument} gives an equal tree.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for a name, character, comment, CDATA section, processing instruction or
 *   namespace prefix XML does not allow
 * @since 0.1.0
 */
export function serialize(document: XmlElement | XmlDocument): string {
  if (!(document instanceof XmlDocument)) return write(checkRoot(document), new Namespaces(), '')
  const { prolog, root, epilog } = document
  for (const node of [...prolog, ...epilog]) {
    if (!(node instanceof XmlComment || node instanceof XmlInstruction))
      throw invalidArgType('xml', 'a comment or a processing instruction outside the root', node)
  }
  return [...prolog, checkRoot(root), ...epilog]
    .map((node) => `${write(node, new Namespaces(), '')}\n`)
    .join('')
}

/** Writes as {@link serialize} does, with one element a line where no text is beside it: what the builders return. */
export function format(element: XmlElement): string {
  return `${write(checkRoot(element), new Namespaces(), '\n')}\n`
}

/** Removes the indentation of a parsed document in place, so that {@link format} can set its own. */
export function stripIndentation(element: XmlElement): XmlElement {
  // What is inside <metadata> belongs to others; white space may matter there.
  if (element.name === 'metadata') return element
  const { children } = element
  const texts = children.filter(isText)
  if (
    texts.length < children.length &&
    texts.every((text) => typeof text === 'string' && /^[ \t\r\n]*$/.test(text))
  ) {
    children.splice(0, children.length, ...children.filter((child) => typeof child !== 'string'))
  }
  for (const child of element.elements()) stripIndentation(child)
  return element
}
