import t from 'tap'
import { nearest } from '../../lib/internal/nearest.js'
import {
  type Known,
  toBoolean,
  toOneOf,
  toOptions,
  toRecord,
  toSignal,
  toSize,
  toText,
  toUint64,
} from '../../lib/internal/validate.js'

t.test('sizes', (t) => {
  t.equal(toSize('n', 0), 0)
  t.equal(toSize('n', 5n), 5)
  t.equal(toSize('n', Number.MAX_SAFE_INTEGER), 2 ** 53 - 1)
  t.equal(toSize('n', 2n ** 53n - 1n), 2 ** 53 - 1)
  for (const value of [-1, -1n, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2n ** 53n]) {
    t.throws(
      () => toSize('n', value),
      { name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: /"n"/ },
      String(value),
    )
  }
  for (const value of ['5', null, undefined, {}, true, Symbol('x')]) {
    t.throws(() => toSize('n', value), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, String(value))
  }
  t.throws(() => toSize('n', 3, 4, 8), { code: 'ERR_OUT_OF_RANGE', message: />= 4 and <= 8/ })
  t.throws(() => toSize('n', 9n, 4, 8), { code: 'ERR_OUT_OF_RANGE' })
  t.end()
})

t.test('64-bit ids', (t) => {
  t.equal(toUint64('n', 5), 5n)
  t.equal(toUint64('n', 2n ** 64n - 1n), 2n ** 64n - 1n)
  t.throws(() => toUint64('n', 2n ** 64n), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => toUint64('n', -1), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => toUint64('n', 2 ** 53), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => toUint64('n', '5'), { code: 'ERR_INVALID_ARG_TYPE' })
  t.end()
})

t.test('texts', (t) => {
  t.equal(toText('s', 'a'), 'a')
  t.equal(toText('s', '', { empty: true }), '')
  t.throws(() => toText('s', ''), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => toText('s', 'a\0b'), { code: 'ERR_INVALID_ARG_VALUE' })
  for (const lone of ['\ud800', 'a\udc00b', '\udc00\ud800', '\ud83dx']) {
    t.throws(() => toText('s', lone), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: /surrogate/,
    })
  }
  t.equal(toText('s', 'a \u{1f600} b'), 'a \u{1f600} b')
  t.throws(() => toText('s', Buffer.from('a')), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /an instance of Buffer/,
  })
  t.end()
})

t.test('options, booleans, choices, signals', (t) => {
  const known: Known<{ a?: number }> = { a: true }
  t.same(toOptions('o', undefined, known), {})
  const options = { a: 1 }
  t.equal(toOptions('o', options, known), options)
  t.same(toRecord('o', { anything: 1 }), { anything: 1 })
  for (const value of [null, [], 'x', 5]) {
    t.throws(
      () => toOptions('o', value as unknown as object, {}),
      { code: 'ERR_INVALID_ARG_TYPE' },
      String(value),
    )
  }
  t.equal(toBoolean('b', undefined, true), true)
  t.equal(toBoolean('b', false, true), false)
  t.throws(() => toBoolean('b', 0, true), { code: 'ERR_INVALID_ARG_TYPE' })
  t.equal(toOneOf('c', 'x', ['x', 'y']), 'x')
  t.throws(() => toOneOf('c', 'z', ['x', 'y']), { code: 'ERR_INVALID_ARG_VALUE', message: /'x', 'y'/ })
  t.equal(toSignal(undefined), undefined)
  const { signal } = new AbortController()
  t.equal(toSignal(signal), signal)
  t.throws(() => toSignal({ aborted: false }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.end()
})

t.test('an option that is not known is refused, and what was probably meant is said', (t) => {
  interface Options {
    confFile?: string
    deep?: boolean
    objectSize?: number
    readOnly?: boolean
  }
  const known: Known<Options> = { confFile: ['conf', 'c'], deep: true, objectSize: ['order'], readOnly: true }
  // @ts-expect-error: an option is missing in the list
  const short: Known<Options> = { confFile: true, deep: true, objectSize: true }
  // @ts-expect-error: an option in the list is none
  const long: Known<Options> = { ...known, shallow: true }
  t.ok(short && long)

  const meant = {
    conf: 'confFile',
    C: 'confFile',
    conf_file: 'confFile',
    confFiel: 'confFile',
    deeep: 'deep',
  }
  const others = { order: 'objectSize', readonly: 'readOnly', 'object-size': 'objectSize', deepCopy: 'deep' }
  for (const [given, name] of Object.entries({ ...meant, ...others })) {
    t.throws(() => toOptions('options', { [given]: undefined } as Options, known), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: `The argument "options.${given}" is invalid: there is no such option; did you mean '${name}'?`,
    })
  }
  t.throws(() => toOptions('options', { xyzzy: 1 } as Options, known), {
    message: /there is no such option; known are 'confFile', 'deep', 'objectSize', 'readOnly'$/,
  })
  for (const name of ['toString', '__proto__', 'constructor', '']) {
    const given = JSON.parse(JSON.stringify({ x: 1 }).replace('x', name))
    t.throws(() => toOptions('options', given, known), { code: 'ERR_INVALID_ARG_VALUE' }, `'${name}'`)
  }
  // A value in the wrong place may be a secret, or speak to a terminal.
  for (const odd of ['AQBsZWNyZXQgb2YgdGhlIGtpbmQ=', 'a\u001b[2Jb', 'x'.repeat(100_000)]) {
    t.throws(() => toOptions('options', { [odd]: 1 }, known), { message: /"options\.\.\.\." is invalid/ })
  }
  t.equal(nearest('x'.repeat(100_000), { [`${'x'.repeat(99_999)}y`]: true }), undefined)
  t.equal(nearest('-', known), undefined)
  t.end()
})
