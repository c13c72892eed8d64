/**
 * Reading XML text strictly. The parser is `@xmldom/xmldom`; with every warning made an error it still takes a bare
 * `&`, `&#0;`, control characters, a second `</a>` and a DTD, and drops one of two attributes that differ in the
 * prefix only. So the tokens are checked first, and what the parser made of them is counted after.
 */

import { DOMParser, type Node, onWarningStopParsing, type Document as XmlDocument } from '@xmldom/xmldom'
import { invalidArgType } from '../../internal/validate.js'
import { findForbiddenCharacter, MAX_DEPTH, QNAME, XmlComment, XmlElement, type XmlNode } from './element.js'

/** Characters; libvirt's own protocol carries no longer string (`REMOTE_STRING_MAX`). */
const MAX_LENGTH = 4 * 1024 * 1024

/** Attributes of one element; the parser's time grows with their square. */
const MAX_ATTRIBUTES = 1024

/**
 * The text is not a well-formed document, or holds what is refused: a DTD, a processing instruction, more than 256
 * levels, more than 1024 attributes on an element or more than 4 Mi characters. The message never quotes the
 * document, which may hold a password.
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

const VALUE = `"[^<"]*"|'[^<']*'`
const ATTRIBUTE = `[ \\t\\n]+${QNAME}[ \\t\\n]*=[ \\t\\n]*(?:${VALUE})`
const START_TAG = new RegExp(`<(${QNAME})((?:${ATTRIBUTE})*)[ \\t\\n]*(/?)>`, 'uy')
const END_TAG = new RegExp(`</(${QNAME})[ \\t\\n]*>`, 'uy')
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#([0-9]+)|#x([0-9a-fA-F]+));/y
const ATTRIBUTES = new RegExp(ATTRIBUTE, 'gu')

/** How many of each the tokens hold; the tree must hold as many. */
interface Count {
  elements: number
  attributes: number
}

class TokenCheck {
  readonly count: Count = { elements: 0, attributes: 0 }
  private readonly open: string[] = []
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  run(): Count {
    const { text } = this
    const forbidden = findForbiddenCharacter(text)
    if (forbidden >= 0) throw this.error(forbidden, 'a character that XML 1.0 does not allow')
    let at = 0
    while (at < text.length) at = this.token(at)
    if (this.open.length > 0) throw this.error(at, 'the document ends inside an element')
    if (this.count.elements === 0) throw this.error(at, 'there is no element')
    return this.count
  }

  private error(offset: number, reason: string): XmlError {
    return errorAt(this.text, offset, `Not a valid XML document: ${reason}`)
  }

  /** Checks the token at an offset and returns the offset after it. */
  private token(at: number): number {
    const { text } = this
    if (text[at] !== '<') return this.characters(at)
    if (text.startsWith('<!--', at)) return this.until(at, 4, '-->', 'a comment without an end')
    if (text.startsWith('<![CDATA[', at)) {
      if (this.open.length === 0) throw this.error(at, 'text outside the element')
      return this.until(at, 9, ']]>', 'a CDATA section without an end')
    }
    if (text.startsWith('<!', at)) throw this.error(at, 'a document type declaration is refused')
    if (text.startsWith('<?', at)) {
      if (at > 0 || !/^<\?xml[ \t\n]/.test(text)) throw this.error(at, 'a processing instruction is refused')
      return this.until(at, 5, '?>', 'an XML declaration without an end')
    }
    return text.startsWith('</', at) ? this.endTag(at) : this.startTag(at)
  }

  private until(at: number, skip: number, end: string, reason: string): number {
    const found = this.text.indexOf(end, at + skip)
    if (found < 0) throw this.error(at, reason)
    return found + end.length
  }

  private characters(at: number): number {
    const next = this.text.indexOf('<', at)
    const end = next < 0 ? this.text.length : next
    const run = this.text.slice(at, end)
    if (this.open.length === 0 && /[^ \t\n]/.test(run)) throw this.error(at, 'text outside the element')
    if (run.includes(']]>')) throw this.error(at + run.indexOf(']]>'), "']]>' in text")
    this.references(run, at)
    return end
  }

  /** Checks the references in a token, or a part of one, that starts at an offset. */
  private references(token: string, offset: number): void {
    for (let at = token.indexOf('&'); at >= 0; at = token.indexOf('&', at + 1)) {
      REFERENCE.lastIndex = at
      const match = REFERENCE.exec(token)
      if (match === null) throw this.error(offset + at, "an '&' that starts no known reference")
      const [, named, decimal, hexadecimal] = match
      if (named !== undefined) continue
      const point =
        decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number.parseInt(decimal, 10)
      if (!(point <= 0x10ffff) || findForbiddenCharacter(String.fromCodePoint(point)) >= 0) {
        throw this.error(offset + at, 'a reference to a character that XML 1.0 does not allow')
      }
    }
  }

  private startTag(at: number): number {
    START_TAG.lastIndex = at
    const match = START_TAG.exec(this.text)
    if (match === null) throw this.error(at, 'a start tag that is not well-formed')
    const [tag, name = '', attributes = '', empty] = match
    this.references(tag, at)
    if (this.open.length === 0 && this.count.elements > 0) throw this.error(at, 'a second root element')
    const number = attributes.match(ATTRIBUTES)?.length ?? 0
    if (number > MAX_ATTRIBUTES) throw this.error(at, `more than ${MAX_ATTRIBUTES} attributes on an element`)
    this.count.elements += 1
    this.count.attributes += number
    if (this.open.length >= MAX_DEPTH)
      throw this.error(at, `more than ${MAX_DEPTH} elements inside each other`)
    if (empty === '') this.open.push(name)
    return at + tag.length
  }

  private endTag(at: number): number {
    END_TAG.lastIndex = at
    const match = END_TAG.exec(this.text)
    if (match === null) throw this.error(at, 'an end tag that is not well-formed')
    const [tag, name] = match
    if (this.open.pop() !== name) throw this.error(at, 'an end tag that closes another element')
    return at + tag.length
  }
}

function toDocument(text: string): XmlDocument {
  // The parser's own line end rule is that of XML 1.1 and would turn U+0085 and U+2028 into line feeds.
  const parser = new DOMParser({ onError: onWarningStopParsing, normalizeLineEndings: (source) => source })
  try {
    return parser.parseFromString(text, 'text/xml')
  } catch {
    // Its error is not passed on: the message quotes the document.
    throw new XmlError('Not a valid XML document: an attribute, a namespace or the XML declaration is wrong')
  }
}

function toElement(node: NonNullable<XmlDocument['documentElement']>, found: Count): XmlElement {
  const element = new XmlElement(node.nodeName)
  found.elements += 1
  for (const attribute of Array.from(node.attributes)) {
    element.attributes.set(attribute.name, attribute.value)
    found.attributes += 1
  }
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    append(element.children, child, found)
  }
  return element
}

function append(children: XmlNode[], node: Node, found: Count): void {
  const text = node.nodeValue ?? ''
  if (node.nodeType === node.ELEMENT_NODE) {
    children.push(toElement(node as NonNullable<XmlDocument['documentElement']>, found))
  } else if (node.nodeType === node.COMMENT_NODE) {
    children.push(new XmlComment(text))
  } else if (text !== '') {
    const last = children.at(-1)
    if (typeof last === 'string') children[children.length - 1] = last + text
    else children.push(text)
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
  const source = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  const expected = new TokenCheck(source).run()
  const root = toDocument(source).documentElement
  const found: Count = { elements: 0, attributes: 0 }
  const element = root === null ? undefined : toElement(root, found)
  if (
    element === undefined ||
    found.elements !== expected.elements ||
    found.attributes !== expected.attributes
  ) {
    throw new XmlError('Not a valid XML document: an attribute is there twice')
  }
  return element
}

/** {@link parse}, for a document whose root must have a certain name. */
export function parseRoot(text: string, ...names: string[]): XmlElement {
  const element = parse(text)
  if (names.includes(element.name)) return element
  throw new XmlError(`The document is not a <${names.join('> or <')}>`)
}
