/**
 * This file tells which namespaces are declared where an element stands. Reading and writing go by the same rules:
 * those of Namespaces in XML 1.0.
 */

const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'
const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'

function prefixOf(name: string): string | undefined {
  const colon = name.indexOf(':')
  return colon < 0 ? undefined : name.slice(0, colon)
}

/**
 * The prefixes in scope, as an element is entered and left. What an element costs goes by its own declarations and
 * attributes, not by how many are in scope.
 */
export class Namespaces {
  /** What each prefix means, the innermost declaration last; the default namespace needs no check and is not in it. */
  readonly #meanings = new Map<string, string[]>([['xml', [XML_NAMESPACE]]])
  /** The prefixes that each element that is entered has declared. */
  readonly #declared: string[][] = []

  /** Enters an element. The reason when its name or one of its attributes is not allowed. */
  enter(name: string, attributes: ReadonlyMap<string, string>): string | undefined {
    const declared: string[] = []
    this.#declared.push(declared)
    let prefixes = 0
    for (const [attribute, value] of attributes) {
      if (attribute.includes(':')) prefixes++
      if (attribute !== 'xmlns' && !attribute.startsWith('xmlns:')) continue
      const prefix = attribute.slice(6)
      // The two reserved prefixes and their namespaces belong together; only the default namespace can be none.
      const reserved = prefix === 'xml' || prefix === 'xmlns'
      if (
        reserved ||
        value === XML_NAMESPACE ||
        value === XMLNS_NAMESPACE ||
        (prefix !== '' && value === '')
      ) {
        return 'a namespace cannot be declared so'
      }
      if (prefix === '') continue
      const meanings = this.#meanings.get(prefix)
      if (meanings) meanings.push(value)
      else this.#meanings.set(prefix, [value])
      declared.push(prefix)
    }
    const own = prefixOf(name)
    if (name === 'xmlns' || own === 'xmlns') return "no element can be called 'xmlns'"
    if (own !== undefined && this.#meaning(own) === undefined) return 'a prefix is not declared'
    return prefixes === 0 ? undefined : this.#checkAttributes(attributes)
  }

  leave(): void {
    for (const prefix of this.#declared.pop() ?? []) this.#meanings.get(prefix)?.pop()
  }

  #meaning(prefix: string): string | undefined {
    return this.#meanings.get(prefix)?.at(-1)
  }

  /** Two prefixes may mean the same: then two attributes that look different are one. */
  #checkAttributes(attributes: ReadonlyMap<string, string>): string | undefined {
    const seen = new Set<string>()
    for (const name of attributes.keys()) {
      const prefix = prefixOf(name)
      if (prefix === undefined || prefix === 'xmlns') continue
      const meaning = this.#meaning(prefix)
      if (meaning === undefined) return 'a prefix is not declared'
      const full = `{${meaning}}${name.slice(prefix.length + 1)}`
      if (seen.has(full)) return 'an attribute is there twice'
      seen.add(full)
    }
    return undefined
  }
}
