import t from 'tap'
import { toNativeLayout } from '../../lib/rbd/layout.js'

t.test('layouts', (t) => {
  t.same(toNativeLayout({}), {})
  t.same(toNativeLayout({ objectSize: 4096 }), { order: 12 })
  t.same(toNativeLayout({ objectSize: 2 ** 25 }), { order: 25 })
  t.same(
    toNativeLayout({
      objectSize: 2 ** 22,
      features: ['layering'],
      stripeUnit: 65_536,
      stripeCount: 4,
      dataPool: 'd',
    }),
    { order: 22, features: 1n, stripeUnit: 65_536, stripeCount: 4, dataPool: 'd' },
  )
  for (const objectSize of [2048, 2 ** 26, 4096.5]) {
    t.throws(() => toNativeLayout({ objectSize }), { code: 'ERR_OUT_OF_RANGE' })
  }
  t.throws(() => toNativeLayout({ objectSize: 5000 }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => toNativeLayout({ stripeCount: 4 }), { code: 'ERR_INVALID_ARG_VALUE' })
  for (const [stripeUnit, stripeCount] of [
    [0, 4],
    [511, 4],
    [2 ** 26, 4],
    [65_536, 0],
    [65_536, 4097],
  ] as const) {
    t.throws(() => toNativeLayout({ stripeUnit, stripeCount }), { code: 'ERR_OUT_OF_RANGE' })
  }
  t.throws(() => toNativeLayout({ dataPool: 'a\0' }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.end()
})
