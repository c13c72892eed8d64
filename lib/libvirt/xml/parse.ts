/**
 * This file reads XML text strictly, in one pass: each token is checked and put into the tree as it comes, so the
 * time grows with the text and with nothing else. A document type declaration is refused: libvirt's documents have none.
 */

import { invalidArgType } from '../../internal/validate.js'
import {
  findForbiddenCharacter,
  MAX_DEPTH,
  QNAME,
  XmlCData,
  XmlComment,
  XmlDocument,
  XmlElement,
  XmlInstruction,
  type XmlNode,
} from './element.js'
import { Namespaces } from './namespaces.js'

/** Characters; four times what libvirt's own protocol carries in a string (`REMOTE_STRING_MAX`). */
const MAX_LENGTH = 16 * 1024 * 1024

/** Fifty times what the capabilities of a large host have: more is memory for nothing. */
const MAX_ELEMENTS = 500_000

/** Attributes of one element. */
const MAX_ATTRIBUTES = 1024

/**
 * The text is not a well-formed document, or holds what is refused: a DTD, an entity of its own, more than 256
 * levels, more than 500 000 elements, more than 1024 attributes on an element or more than 16 Mi characters. The message
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

const INSTRUCTION = new RegExp(`<\\?(${QNAME})(?:[ \\t\\n]+|(?=\\?>))`, 'uy')
const SPACE_ONLY = /^[ \t\r\n]*$/

class Parser {
  readonly #text: string
  /** Whether text beside elements is refused: none of libvirt's documents has it, outside <metadata>. */
  readonly #elementsOnly: boolean
  readonly #open: XmlElement[] = []
  /** Where the first text of each open element is that is not white space; -1 for none. */
  readonly #texts: number[] = []
  readonly #outside: (XmlComment | XmlInstruction)[][] = [[], []]
  readonly #namespaces = new Namespaces()
  #elements = 0
  #root: XmlElement | undefined

  constructor(text: string, elementsOnly: boolean) {
    this.#text = text
    this.#elementsOnly = elementsOnly
  }

  run(): XmlDocument {
    const text = this.#text
    const forbidden = findForbiddenCharacter(text)
    if (forbidden >= 0) throw this.#error(forbidden, 'a character that XML 1.0 does not allow')
    let at = 0
    while (at < text.length) at = this.#token(at)
    if (this.#open.length > 0) throw this.#error(at, 'the document ends inside an element')
    if (this.#root === undefined) throw this.#error(at, 'there is no element')
    const document = new XmlDocument(this.#root)
    document.prolog.push(...(this.#outside[0] ?? []))
    document.epilog.push(...(this.#outside[1] ?? []))
    return document
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
      const section = text.slice(at + 9, end)
      if (!SPACE_ONLY.test(section)) this.#checkText(at)
      this.#append(new XmlCData(section))
      return end + 3
    }
    if (text.startsWith('<!', at)) throw this.#error(at, 'a document type declaration is refused')
    if (text.startsWith('<?', at)) {
      if (at > 0 || !/^<\?xml[ \t\n?]/.test(text)) return this.#instruction(at)
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

  /** Text is joined with text before it, and dropped outside the root, where it is white space. */
  #append(node: XmlNode): void {
    const children = this.#open.at(-1)?.children
    if (children === undefined) {
      if (node instanceof XmlComment || node instanceof XmlInstruction)
        this.#outside[this.#root === undefined ? 0 : 1]?.push(node)
      return
    }
    if (node === '') return
    const last = children.length - 1
    if (typeof node === 'string' && typeof children[last] === 'string') children[last] += node
    else children.push(node)
  }

  /** Text that is not white space stands in the innermost element. */
  #checkText(at: number): void {
    const last = this.#texts.length - 1
    if (this.#texts[last] !== -1) return
    this.#texts[last] = at
    this.#checkMixed()
  }

  #checkMixed(): void {
    const at = this.#texts.at(-1) ?? -1
    if (!this.#elementsOnly || at < 0 || this.#open.some(({ name }) => name === 'metadata')) return
    if (this.#open.at(-1)?.children.some((child) => child instanceof XmlElement))
      throw this.#error(at, "text beside elements; XML has no '#' comments, only <!-- -->")
  }

  #instruction(at: number): number {
    INSTRUCTION.lastIndex = at
    const target = INSTRUCTION.exec(this.#text)?.[1]
    if (target === undefined || target.includes(':') || /^xml$/i.test(target))
      throw this.#error(at, 'a processing instruction that is not well-formed')
    const from = INSTRUCTION.lastIndex
    const end = this.#find('?>', from, at, 'a processing instruction without an end')
    this.#append(new XmlInstruction(target, this.#text.slice(from, end)))
    return end + 2
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
    const text = this.#resolve(run, at)
    const first = run.search(/[^ \t\n]/)
    // An element that has ended before it is already there.
    if (first >= 0 && this.#open.length > 0) this.#checkText(at + first)
    this.#append(text)
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
    if (this.#root !== undefined) this.#append(element)
    this.#root ??= element
    if ((this.#texts.at(-1) ?? -1) >= 0) this.#checkMixed()
    if (match[1] === '') {
      this.#open.push(element)
      this.#texts.push(-1)
    } else this.#namespaces.leave()
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
    this.#texts.pop()
    this.#namespaces.leave()
    return END_TAG.lastIndex
  }
}

function read(text: string, elementsOnly: boolean): XmlDocument {
  if (typeof text !== 'string') throw invalidArgType('text', 'of type string', text)
  if (text.length > MAX_LENGTH)
    throw new XmlError(`Not a valid XML document: longer than ${MAX_LENGTH} characters`)
  return new Parser(text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n'), elementsOnly).run()
}

/**
 * Reads one document and gives its root. Elements, attributes, comments, CDATA, processing instructions and text in it
 * survive in their order, whatever their names; what is outside the root is in {@link parseDocument}.
 *
 * @throws {@link XmlError} `ERR_INVALID_XML` if it is not well-formed, has a DTD, or exceeds the limits
 * @since 0.1.0
 */
export function parse(text: string): XmlElement {
  return read(text, false).root
}

/**
 * {@link parse}, with the comments and processing instructions outside the root. The XML declaration is not kept: the
 * encoding that it names is not that of a string.
 *
 * @throws {@link XmlError} `ERR_INVALID_XML` if it is not well-formed, has a DTD, or exceeds the limits
 * @since 0.1.0
 */
export function parseDocument(text: string): XmlDocument {
  return read(text, false)
}

/**
 * {@link parseDocument}, for one of libvirt's documents: its root has one of these names, and no text is beside
 * elements (such as a shell's comment, which libvirt would overlook).
 */
export function parseNamed(text: string, names: readonly string[]): XmlDocument {
  const document = read(text, true)
  if (names.includes(document.root.name)) return document
  throw new XmlError(`The document is not a <${names.join('> or <')}>`)
}

/** The root of {@link parseNamed}. */
export function parseRoot(text: string, ...names: string[]): XmlElement {
  return parseNamed(text, names).root
}
