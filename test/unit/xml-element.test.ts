/** The strict parser, the serialiser, and that nothing put into a tree can change its structure. */

import fc from 'fast-check'
import t from 'tap'
import { xml } from '../../lib/libvirt/xml/index.js'

const {
  parse,
  parseDocument,
  serialize,
  XmlCData,
  XmlComment,
  XmlDocument,
  XmlElement,
  XmlError,
  XmlInstruction,
} = xml

/** A tree as plain data, adjacent texts joined as a parser sees them. */
function plain(node: xml.XmlNode): unknown {
  if (typeof node === 'string') return node
  if (node instanceof XmlComment) return { comment: node.text }
  if (node instanceof XmlCData) return { cdata: node.text }
  if (node instanceof XmlInstruction) return { target: node.target, text: node.text }
  const children: unknown[] = []
  for (const child of node.children.map(plain)) {
    const last = children.at(-1)
    if (typeof child === 'string' && typeof last === 'string') children[children.length - 1] = last + child
    else if (child !== '') children.push(child)
  }
  return { name: node.name, attributes: [...node.attributes], children }
}

t.test('what is not well-formed is refused', async (t) => {
  const documents = [
    [
      '',
      ' ',
      'x',
      '<a>',
      '<a',
      '<a></a',
      '<a></b>',
      '<a><b></a></b>',
      '<a></a></a>',
      '</a>',
      '<a/><b/>',
      '<a/>x',
      'x<a/>',
    ],
    [
      '<a b=1/>',
      '<a b/>',
      '<a b="1" b="2"/>',
      '<a b="<"/>',
      '<a b="1"c="2"/>',
      '<a / >',
      '< a/>',
      '</ a>',
      '<1a/>',
      '<a b="',
    ],
    [
      '<a>&foo;</a>',
      '<a b="&foo;"/>',
      '<a>&</a>',
      '<a>& b</a>',
      '<a b="&"/>',
      '<a>&lt</a>',
      '<a>&nbsp;</a>',
      '<a>&#;</a>',
    ],
    [
      '<a>&#0;</a>',
      '<a>&#1;</a>',
      '<a>&#xD800;</a>',
      '<a>&#xFFFE;</a>',
      '<a>&#x110000;</a>',
      '<a>&#99999999999999999999;</a>',
    ],
    [
      '<a>\0</a>',
      '<a>\x01</a>',
      '<a b="\x1f"/>',
      '<a>\ud800</a>',
      '<a>\udc00\ud800</a>',
      '<a>\uffff</a>',
      '<a\x0b b="1"/>',
    ],
    [
      '<a\u00a0b="1"/>',
      '<a>]]></a>',
      '<a><!-- -- --></a>',
      '<a><!--a---></a>',
      '<a><!-- </a>',
      '<a><!--></a>',
    ],
    [
      '<a><![CDATA[x</a>',
      '<![CDATA[x]]><a/>',
      '<a/><![CDATA[x]]>',
      ' <?xml version="1.0"?><a/>',
      '<?xml?><a/>',
    ],
    [
      '<?xml version="1.0"?><?xml version="1.0"?><a/>',
      '<?xml version="2.0"?><a/>',
      '<a><?xml version="1.0"?></a>',
    ],
    [
      '<a><?pi x></a>',
      '<?pi?',
      '<a><?a:b x?></a>',
      '<a><?XML x?></a>',
      '<a><? x?></a>',
      '<a><?1 x?></a>',
      '<?pi"?><a/>',
      '<a/><?',
      '&#32;<a/>',
      '<a/>\0',
      '<a><</a>',
      '<a>x<1</a>',
    ],
    [
      '<p:a/>',
      '<a p:b="1"/>',
      '<a:b:c xmlns:a="u"/>',
      '<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>',
      '<:a/>',
      '<a:/>',
    ],
  ].flat()
  for (const document of documents)
    t.throws(() => parse(document), { name: 'XmlError', code: 'ERR_INVALID_XML' }, JSON.stringify(document))
})

t.test('every prefix of a document is refused', async (t) => {
  const document = `<?xml version="1.0"?><domain a='1'><!-- c --><name>x &amp; y</name><b c="d"/><![CDATA[e]]></domain>`
  parse(document)
  for (let end = 0; end < document.length; end++) t.throws(() => parse(document.slice(0, end)), XmlError)
})

t.test('a DTD is refused, so entities cannot be defined, expanded or fetched', async (t) => {
  const billion = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join(
    '',
  )
  for (const document of [
    '<!DOCTYPE a><a/>',
    `<!DOCTYPE a [<!ENTITY l0 "lol">${billion}]><a>&l9;</a>`,
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    '<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><a/>',
    '<a><!ELEMENT a></a>',
    '<a/><!DOCTYPE a>',
  ]) {
    t.throws(() => parse(document), { code: 'ERR_INVALID_XML', message: /document type declaration/ })
  }
})

t.test('what parse refuses, serialize does not write', async (t) => {
  const wrong = { code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' }
  for (const name of ['', '1a', 'a b', 'a>', 'a/', 'a"', ':a', 'a:', 'a:b', 'a:b:c', '\ud800', 'a\n']) {
    t.throws(() => serialize(new XmlElement(name)), wrong, JSON.stringify(name))
    t.throws(() => serialize(new XmlElement('a', { [name]: '1' })), wrong, JSON.stringify(name))
  }
  for (const text of ['\0', '\x08', '\x7f\x1b', '\ud800', 'a\udfff', '\ufffe']) {
    t.throws(() => serialize(new XmlElement('a', {}, [text])), wrong)
    t.throws(() => serialize(new XmlElement('a', { b: text })), wrong)
    t.throws(() => serialize(new XmlElement('a', {}, [new XmlComment(text)])), wrong)
  }
  for (const text of ['--', 'a-', '-->', 'a\rb'])
    t.throws(() => serialize(new XmlElement('a', {}, [new XmlComment(text)])), wrong)
  for (const text of [']]>', 'a]]>b', '\r', '\0'])
    t.throws(() => serialize(new XmlElement('a', {}, [new XmlCData(text)])), wrong)
  for (const text of ['?>', ' a', '\r', '\0'])
    t.throws(() => serialize(new XmlElement('a', {}, [new XmlInstruction('b', text)])), wrong)
  for (const target of ['', 'xml', 'XmL', 'a:b', '1', 'a b', 'a?>'])
    t.throws(() => serialize(new XmlElement('a', {}, [new XmlInstruction(target)])), wrong)
  const document = new XmlDocument(new XmlElement('a'))
  document.prolog.push('<b/>' as unknown as xml.XmlComment)
  t.throws(() => serialize(document), { code: 'ERR_INVALID_ARG_TYPE' })
  for (const name of ['xmlns', 'xmlns:a']) t.throws(() => serialize(new XmlElement(name)), wrong)
  for (const declaration of ['xmlns:xml', 'xmlns:xmlns'])
    t.throws(() => serialize(new XmlElement('a', { [declaration]: 'u' })), wrong)
  t.throws(() => serialize(new XmlElement('a', { 'xmlns:p': '' })), wrong)
  t.throws(
    () => serialize(new XmlElement('a', { 'xmlns:p': 'u', 'xmlns:q': 'u', 'p:b': 1, 'q:b': 2 })),
    wrong,
  )
  const loop = new XmlElement('a')
  loop.children.push(loop)
  t.throws(() => serialize(loop), wrong)
  t.throws(() => serialize('<a/>' as unknown as xml.XmlElement), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => serialize(new XmlElement('a', {}, [7 as unknown as string])), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  t.throws(() => parse(7 as unknown as string), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test(
  'a document survives: unknown elements, namespaces, mixed text, comments, CDATA, line ends',
  async (t) => {
    const text = [
      `\ufeff<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- before -->\n<domain type='kvm' xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">`,
      '<unknown future="yes &lt;&amp;&gt;&quot;&apos;&#10;&#9;&#13;&#x1F600;"><deeper/></unknown>',
      '<qemu:commandline><qemu:arg value="-x"/></qemu:commandline>mixed\r\ntext\u0085\u2028<![CDATA[<raw> & ]]>&#13;<!--note-->',
      '<__proto__ constructor="1" toString="2" __proto__="3"/>',
      '<app:a xmlns:app="urn:a" app:b="1" xml:lang="en">  </app:a></domain>\n<!-- after -->\n',
    ].join('')
    const root = parse(text)
    t.equal(root.find('unknown')?.attribute('future'), 'yes <&>"\'\n\t\r\u{1F600}')
    t.equal(root.text, 'mixed\ntext\u0085\u2028<raw> & \r')
    t.same(
      [...(root.find('__proto__')?.attributes ?? [])],
      [
        ['constructor', '1'],
        ['toString', '2'],
        ['__proto__', '3'],
      ],
    )
    t.same(plain(parse(serialize(root))), plain(root))
    t.match(serialize(root), '<!--note-->')
    t.equal(serialize(parse(serialize(root))), serialize(root))
  },
)

t.test('comments and instructions outside the element, and CDATA, are written as they were', async (t) => {
  const text =
    '<!-- WARNING -->\n<?one two?>\n<a><?three four="5"?>x<![CDATA[<b> & ]]>y<![CDATA[]]><?six?></a>\n<!--seven-->\n<?eight?>\n'
  const document = parseDocument(`<?xml version="1.0" encoding="UTF-16"?>\n${text}`)
  t.equal(serialize(document), text)
  t.equal(document.root.text, 'x<b> & y')
  t.same(document.prolog.map(plain), [{ comment: ' WARNING ' }, { target: 'one', text: 'two' }])
  t.same(document.epilog.map(plain), [{ comment: 'seven' }, { target: 'eight', text: '' }])
  t.equal(serialize(parse(text)), text.split('\n')[2], 'an element is written without what is outside')
})

t.test('the tree: find, elements, text, and changing it', async (t) => {
  const root = parse('<a><b i="1">x<c>y</c>z</b><b i="2"/>t</a>')
  t.equal(root.find('b', 'c')?.text, 'y')
  t.equal(root.find('b')?.text, 'xz')
  t.same(
    root.elements('b').map((b) => b.attribute('i')),
    ['1', '2'],
  )
  t.equal(root.find('b', 'nothing', 'c'), undefined)
  t.equal(root.find(), root)
  root.find('b')?.attributes.set('i', '<3>')
  root.children.push(new XmlElement('d', { n: 7n, absent: undefined }, ['1 < 2', undefined]))
  t.equal(serialize(root), '<a><b i="&lt;3&gt;">x<c>y</c>z</b><b i="2"/>t<d n="7">1 &lt; 2</d></a>')
})

t.test('an error says where, and does not quote the document', async (t) => {
  try {
    parse('<a>\n  <graphics passwd="hunter2" passwd="hunter2"/>\n  <hunter2 &/>\n</a>')
    t.fail('must throw')
  } catch (error) {
    t.match(error, { name: 'XmlError', line: 2, column: 3, message: /an attribute is there twice/ })
    t.notMatch(String((error as Error).stack), /hunter2/)
  }
  try {
    parse('<a passwd="hunter2" passwd="hunter2" hunter2="1"/>')
    t.fail('must throw')
  } catch (error) {
    t.notMatch(JSON.stringify(error, Object.getOwnPropertyNames(error)), /hunter2/)
    t.equal((error as Error).cause, undefined)
  }
})

// Characters that XML treats specially, more often than chance would bring them.
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom(...`<>&"'/=![]-?;#:x \t\n\r\0`, '\ud800', '\udc00', '\u0085', '\u2028'),
    maxLength: 20,
  }),
  fc.constantFrom(
    ']]>',
    '-->',
    '<!--',
    '<![CDATA[',
    '&amp;',
    '&#0;',
    '"/><evil/>',
    "'/><evil/>",
    '</name><evil/>',
    'xmlns',
    'xmlns:a',
    'http://www.w3.org/XML/1998/namespace',
    'http://www.w3.org/2000/xmlns/',
    'xml:id',
    '__proto__',
    'a:b',
  ),
)

const tree = fc.letrec<{ node: xml.XmlNode; element: xml.XmlElement }>((tie) => ({
  element: fc
    .tuple(
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom('a', 'b', 'ns:c') }, { weight: 1, arbitrary: nasty }),
      fc.array(
        fc.tuple(
          fc.oneof(
            { weight: 4, arbitrary: fc.constantFrom('k', 'l', 'xmlns:ns', 'ns:m') },
            { weight: 1, arbitrary: nasty },
          ),
          nasty,
        ),
        { maxLength: 3 },
      ),
      fc.array(tie('node'), { maxLength: 4 }),
    )
    .map(([name, attributes, children]) => {
      const element = new XmlElement(name, {}, children)
      for (const [key, value] of attributes) element.attributes.set(key, value)
      return element
    }),
  node: fc.oneof(
    { depthSize: 'small' },
    nasty,
    nasty.map((text) => new XmlComment(text)),
    nasty.map((text) => new XmlCData(text)),
    fc
      .tuple(fc.oneof(fc.constant('p'), nasty), nasty)
      .map(([target, text]) => new XmlInstruction(target, text)),
    tie('element'),
  ),
}))

t.test('property: any tree is refused or comes back equal', async (t) => {
  let written = 0
  fc.assert(
    fc.property(tree.element, (element) => {
      let text: string
      try {
        text = serialize(element)
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_INVALID_ARG_VALUE') throw error
        return
      }
      written += 1
      t.same(plain(parse(text)), plain(element))
    }),
    { numRuns: 3000 },
  )
  t.ok(written > 300, `${written} trees were written`)
})

t.test('property: text and attribute values that are characters of XML always come back equal', async () => {
  const legal = nasty.filter((text) => !/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text))
  fc.assert(
    fc.property(legal, legal, (value, text) => {
      const back = parse(serialize(new XmlElement('a', { value }, [text])))
      return back.attribute('value') === value && back.text === text && back.children.length <= 1
    }),
    { numRuns: 3000 },
  )
})

t.test('property: arbitrary text either parses to a tree that survives, or is refused as such', async () => {
  const pieces = fc.array(
    fc.oneof(
      nasty,
      fc.constantFrom(
        '<a>',
        '</a>',
        '<a/>',
        '<b c="',
        '"',
        '>',
        '/>',
        '<?xml version="1.0"?>',
        '<!DOCTYPE a>',
        '<?p ',
        '?>',
        ']]>',
      ),
    ),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(fc.boolean(), pieces, (wrap, parts) => {
      const text = wrap ? `<r>${parts.join('')}</r>` : parts.join('')
      try {
        const root = parse(text)
        return JSON.stringify(plain(parse(serialize(root)))) === JSON.stringify(plain(root))
      } catch (error) {
        return error instanceof XmlError
      }
    }),
    { numRuns: 5000 },
  )
})
