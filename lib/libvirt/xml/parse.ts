/**
 * This file reads XML text strictly, in one pass: each token is checked and put into the tree as it comes, so the
 * time grows with the text and with nothing else. What libvirt's documents never hold (a DTD, processing
 * instructions) is refused.
 */

import { invalidArgType } from '../../internal/validate.js'
import { findForbiddenCharacter, MAX_DEPTH, QNAME, XmlComment, XmlElement, type XmlNode } from './element.js'
import { Namespaces } from './namespaces.js'

/** Characters; libvirt's own protocol carries no longer string (`REMOTE_STRING_MAX`). */
const MAX_LENGTH = 4 * 1024 * 1024

/** Ten times what the capabilities of a large host have: more is memory for nothing. */
const MAX_ELEMENTS = 100_000

/** Attributes of one element. */
const MAX_ATTRIBUTES = 1024

/**
 * The text is not a well-formed document, or holds what is refused: a DTD, a processing instruction, more than 256
 * levels, more than 100 000 elements, more than 1024 attributes on an element or more than 4 Mi characters. The message
 * never quotes the document, which may hold a password.
 *
 * @since 0.1.0
 */
export class XmlError extends SyntaxError {
  override readonly name = 'XmlError'
  readonly code = 'ERR_INVALID_XML'
  /** Line in the text, from 1; absent when the document is well-formed but not the expected one. */
  readonly line?: number
  /** Column in that line, from 1. */
  readonly column?: number

  constructor(reason: string, line?: number, column?: number) {
    super(line === undefined ? reason : `${reason} (line ${line}, column ${column})`)
    if (line !== undefined) this.line = line
    if (column !== undefined) this.column = column
  }
}

function errorAt(text: string, offset: number, reason: string): XmlError {
  const before = text.slice(0, offset)
  return new XmlError(reason, before.split('\n').length, offset - before.lastIndexOf('\n'))
}

const START_TAG = new RegExp(`<(${QNAME})`, 'uy')
const ATTRIBUTE = new RegExp(`[ \\t\\n]+(${QNAME})[ \\t\\n]*=[ \\t\\n]*(?:"([^<"]*)"|'([^<']*)')`, 'uy')
const TAG_END = /[ \t\n]*(\/?)>/y
const END_TAG = new RegExp(`</(${QNAME})[ \\t\\n]*>`, 'uy')
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#([0-9]+)|#x([0-9a-fA-F]+));/y
const quoted = (text: string): string => `[ \\t\\n]*=[ \\t\\n]*(?:"${text}"|'${text}')`
const DECLARATION = new RegExp(
  `<\\?xml[ \\t\\n]+version${quoted('1\\.[0-9]+')}` +
    `(?:[ \\t\\n]+encoding${quoted('[A-Za-z][A-Za-z0-9._-]*')})?` +
    `(?:[ \\t\\n]+standalone${quoted('(?:yes|no)')})?[ \\t\\n]*\\?>`,
  'y',
)

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

class Parser {
  readonly #text: string
  readonly #open: XmlElement[] = []
  readonly #namespaces = new Namespaces()
  #elements = 0
  #root: XmlElement | undefined

  constructor(text: string) {
    this.#text = text
  }

  run(): XmlElement {
    const text = this.#text
    const forbidden = findForbiddenCharacter(text)
    if (forbidden >= 0) throw this.#error(forbidden, 'a character that XML 1.0 does not allow')
    let at = 0
    while (at < text.length) at = this.#token(at)
    if (this.#open.length > 0) throw this.#error(at, 'the document ends inside an element')
    if (this.#root === undefined) throw this.#error(at, 'there is no element')
    return this.#root
  }

  #error(offset: number, reason: string): XmlError {
    return errorAt(this.#text, offset, `Not a valid XML document: ${reason}`)
  }

  /** Reads the token at an offset and returns the offset after it. */
  #token(at: number): number {
    const text = this.#text
    if (text[at] !== '<') return this.#characters(at)
    if (text.startsWith('<!--', at)) return this.#comment(at)
    if (text.startsWith('<![CDATA[', at)) {
      if (this.#open.length === 0) throw this.#error(at, 'text outside the element')
      const end = this.#find(']]>', at + 9, at, 'a CDATA section without an end')
      this.#append(text.slice(at + 9, end))
      return end + 3
    }
    if (text.startsWith('<!', at)) throw this.#error(at, 'a document type declaration is refused')
    if (text.startsWith('<?', at)) {
      if (at > 0 || !/^<\?xml[ \t\n]/.test(text)) throw this.#error(at, 'a processing instruction is refused')
      DECLARATION.lastIndex = 0
      if (!DECLARATION.test(text)) throw this.#error(at, 'an XML declaration that is not well-formed')
      return DECLARATION.lastIndex
    }
    return text.startsWith('</', at) ? this.#endTag(at) : this.#startTag(at)
  }

  #find(end: string, from: number, at: number, reason: string): number {
    const found = this.#text.indexOf(end, from)
    if (found < 0) throw this.#error(at, reason)
    return found
  }

  /** Text that is not empty, joined with text before it; what is outside the root is dropped. */
  #append(node: XmlNode): void {
    const children = this.#open.at(-1)?.children
    if (children === undefined || node === '') return
    const last = children.length - 1
    if (typeof node === 'string' && typeof children[last] === 'string') children[last] += node
    else children.push(node)
  }

  #comment(at: number): number {
    const end = this.#find('--', at + 4, at, 'a comment without an end')
    if (this.#text[end + 2] !== '>') throw this.#error(at, "'--' in a comment")
    this.#append(new XmlComment(this.#text.slice(at + 4, end)))
    return end + 3
  }

  #characters(at: number): number {
    const next = this.#text.indexOf('<', at)
    const end = next < 0 ? this.#text.length : next
    const run = this.#text.slice(at, end)
    if (this.#open.length === 0 && /[^ \t\n]/.test(run)) throw this.#error(at, 'text outside the element')
    if (run.includes(']]>')) throw this.#error(at + run.indexOf(']]>'), "']]>' in text")
    this.#append(this.#resolve(run, at))
    return end
  }

  /** The text that starts at an offset, its references replaced. */
  #resolve(text: string, offset: number): string {
    let from = 0
    const parts: string[] = []
    for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', from)) {
      REFERENCE.lastIndex = at
      const match = REFERENCE.exec(text)
      if (match === null) throw this.#error(offset + at, "an '&' that starts no known reference")
      const [reference, named, decimal, hexadecimal] = match
      parts.push(text.slice(from, at))
      from = at + reference.length
      if (named !== undefined) {
        parts.push(ENTITIES[named] ?? '')
        continue
      }
      const point =
        decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number.parseInt(decimal, 10)
      if (!(point <= 0x10ffff) || findForbiddenCharacter(String.fromCodePoint(point)) >= 0) {
        throw this.#error(offset + at, 'a reference to a character that XML 1.0 does not allow')
      }
      parts.push(String.fromCodePoint(point))
    }
    return from === 0 ? text : parts.join('') + text.slice(from)
  }

  #startTag(at: number): number {
    const text = this.#text
    START_TAG.lastIndex = at
    const name = START_TAG.exec(text)?.[1]
    if (name === undefined) throw this.#error(at, 'a start tag that is not well-formed')
    if (this.#open.length === 0 && this.#root) throw this.#error(at, 'a second root element')
    if (this.#open.length >= MAX_DEPTH)
      throw this.#error(at, `more than ${MAX_DEPTH} elements inside each other`)
    if (++this.#elements > MAX_ELEMENTS) throw this.#error(at, `more than ${MAX_ELEMENTS} elements`)
    const element = new XmlElement(name)
    const end = this.#attributes(element, at, START_TAG.lastIndex)
    TAG_END.lastIndex = end
    const match = TAG_END.exec(text)
    if (match === null) throw this.#error(at, 'a start tag that is not well-formed')
    const wrong = this.#namespaces.enter(name, element.attributes)
    if (wrong !== undefined) throw this.#error(at, wrong)
    this.#root ??= element
    this.#append(element)
    if (match[1] === '') this.#open.push(element)
    else this.#namespaces.leave()
    return TAG_END.lastIndex
  }

  /** Reads the attributes of a tag that begins at `at`, from an offset in it; returns the offset after the last. */
  #attributes({ attributes }: XmlElement, at: number, from: number): number {
    for (let end = from; ; end = ATTRIBUTE.lastIndex) {
      ATTRIBUTE.lastIndex = end
      const match = ATTRIBUTE.exec(this.#text)
      if (match === null) return end
      const [, name = '', double, single] = match
      const value = double ?? single ?? ''
      if (attributes.has(name)) throw this.#error(at, 'an attribute is there twice')
      if (attributes.size === MAX_ATTRIBUTES)
        throw this.#error(at, `more than ${MAX_ATTRIBUTES} attributes on an element`)
      // White space as such is a blank; by a reference it is itself.
      const plain = value.replaceAll(/[\t\n]/g, ' ')
      attributes.set(name, this.#resolve(plain, ATTRIBUTE.lastIndex - 1 - value.length))
    }
  }

  #endTag(at: number): number {
    END_TAG.lastIndex = at
    const name = END_TAG.exec(this.#text)?.[1]
    if (name === undefined) throw this.#error(at, 'an end tag that is not well-formed')
    if (this.#open.pop()?.name !== name) throw this.#error(at, 'an end tag that closes another element')
    this.#namespaces.leave()
    return END_TAG.lastIndex
  }
}

/**
 * Reads one document. Elements, attributes, comments and text inside the root survive in their order, whatever their
 * names; the XML declaration and comments outside the root are dropped.
 *
 * @throws {@link XmlError} `ERR_INVALID_XML` if it is not well-formed, has a DTD, or exceeds the limits
 * @since 0.1.0
 */
export function parse(text: string): XmlElement {
  if (typeof text !== 'string') throw invalidArgType('text', 'of type string', text)
  if (text.length > MAX_LENGTH)
    throw new XmlError(`Not a valid XML document: longer than ${MAX_LENGTH} characters`)
  return new Parser(text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')).run()
}

/** {@link parse}, for a document whose root must have a certain name. */
export function parseRoot(text: string, ...names: string[]): XmlElement {
  const element = parse(text)
  if (names.includes(element.name)) return element
  throw new XmlError(`The document is not a <${names.join('> or <')}>`)
}
