import t from 'tap'
import {
  toBoolean,
  toOneOf,
  toOptions,
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
  t.throws(() => toText('s', Buffer.from('a')), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /an instance of Buffer/,
  })
  t.end()
})

t.test('options, booleans, choices, signals', (t) => {
  t.same(toOptions('o', undefined), {})
  const options = { a: 1 }
  t.equal(toOptions('o', options), options)
  for (const value of [null, [], 'x', 5]) {
    t.throws(
      () => toOptions('o', value as unknown as object),
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
