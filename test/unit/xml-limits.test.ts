/** What a document may cost: its limits, and that the work grows with its length and with nothing else. */

import { xml } from 'rbdkit/libvirt'
import t from 'tap'

const { parse, serialize, XmlError } = xml

t.test('large documents end in bounded time', async (t) => {
  const start = process.cpuUsage()
  const deep = '<a>'.repeat(150_000)
  t.throws(() => parse(deep), { message: /more than 256 elements inside each other \(line 1, column 769\)/ })
  t.throws(() => parse(`${deep}${'</a>'.repeat(150_000)}`), { message: /more than 256/ })
  t.throws(() => parse(`<a>${'x'.repeat(16 << 20)}</a>`), { message: /longer than 16777216/ })
  const attributes = Array.from({ length: 100_000 }, (_, i) => ` a${i}="1"`).join('')
  t.throws(() => parse(`<a${attributes}/>`), { message: /more than 1024 attributes/ })
  for (const open of ['<!--', '<![CDATA[', '<a ', '<a b="', '&#', '</', '<a b="1"']) {
    t.throws(() => parse(`<a>${open.repeat(200_000)}`), XmlError, `${open} repeated`)
  }
  const value = 'x&lt;'.repeat(700_000)
  t.equal(parse(`<a>${value}</a>`).text.length, 1_400_000)
  t.equal(parse(`<a b="${value}"/>`).attribute('b')?.length, 1_400_000)
  t.equal(parse(`<a>${'<b/>'.repeat(99_999)}</a>`).children.length, 99_999)
  t.throws(() => parse(`<a>${'<b/>'.repeat(600_000)}</a>`), { message: /more than 500000 elements/ })
  t.equal(parse(`${'<a>'.repeat(256)}${'</a>'.repeat(256)}`).name, 'a')
  const { user } = process.cpuUsage(start)
  t.ok(user < 20e6, `took ${user / 1e6} s of CPU`)
})

/** How often what looks things up is called meanwhile. */
function countLookups(run: () => void): number {
  let count = 0
  const spied = [
    [Map.prototype, 'get'],
    [Map.prototype, 'set'],
    [Set.prototype, 'add'],
    [RegExp.prototype, 'exec'],
    [String.prototype, 'indexOf'],
    [String.prototype, 'startsWith'],
  ] as const
  const before = spied.map(([prototype, name]) => {
    const own = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor
    const value = function (this: unknown, ...args: unknown[]) {
      count++
      return own.value.apply(this, args)
    }
    Object.defineProperty(prototype, name, { ...own, value })
    return () => Object.defineProperty(prototype, name, own)
  })
  try {
    run()
  } finally {
    for (const restore of before) restore()
  }
  return count
}

t.test('twice the document is twice the work, however many namespaces are in scope', async (t) => {
  const list = (n: number, make: (i: number) => string) =>
    Array.from({ length: n }, (_, i) => make(i)).join('')
  const documents: Record<string, (n: number) => string> = {
    elements: (n) => `<a>${'<b/>'.repeat(10 * n)}</a>`,
    namespaces: (n) =>
      `<a${list(n, (i) => ` xmlns:n${i}="u${i}"`)}>${list(n, (i) => `<n${i}:b n${i}:c="1"/>`)}</a>`,
    'declarations everywhere': (n) =>
      `<a${list(n, (i) => ` xmlns:n${i}="u${i}"`)}>${list(n, (i) => `<b xmlns:m${i}="u"/>`)}</a>`,
    references: (n) => `<a b="${'&lt;'.repeat(n)}">${'&#65;'.repeat(n)}</a>`,
  }
  for (const [name, make] of Object.entries(documents)) {
    const [once, twice] = [make(500), make(1000)]
    const counts = [once, twice].map((text) => countLookups(() => parse(text))) as [number, number]
    t.ok(counts[0] > 500 && counts[1] < 2.1 * counts[0], `${name}: parse ${counts}`)
    const trees = [parse(once), parse(twice)]
    const written = trees.map((tree) => countLookups(() => serialize(tree))) as [number, number]
    t.ok(written[1] < 2.1 * written[0], `${name}: serialize ${written}`)
  }
  // A prefix means again what it meant before, once the element that redeclared it has ended.
  t.throws(() => parse('<a><b xmlns:p="u"/><p:c/></a>'), XmlError)
  t.throws(
    () =>
      parse(
        '<a xmlns:p="u" xmlns:q="v"><b xmlns:q="u"/><c p:d="1" q:d="2"><e xmlns:q="u" p:d="1" q:d="2"/></c></a>',
      ),
    XmlError,
  )
  parse('<a xmlns:p="u" xmlns:q="v"><b xmlns:q="u"/><c p:d="1" q:d="2"/></a>')
})

t.test('an XML declaration is one', async (t) => {
  for (const rest of [
    'version="1.0"',
    "version = '1.1' encoding='utf-8'",
    'version="1.0"\n standalone="yes" ',
  ]) {
    t.equal(parse(`<?xml ${rest}?><a/>`).name, 'a')
  }
  for (const rest of [
    '',
    'version="1"',
    'encoding="utf-8"',
    'version="1.0" standalone="maybe"',
    'version="1.0" x="y"',
  ]) {
    t.throws(() => parse(`<?xml ${rest}?><a/>`), XmlError, rest)
  }
})
