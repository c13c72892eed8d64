/** What capabilities() says of functions that not every release has: as the release that is here has them. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { capabilities } from 'rbdkit'
import t from 'tap'
import { root } from '../../helpers/package.js'
import { cephHas, cephVersion } from '../../helpers/releases.js'

for (const library of ['librados', 'librbd'] as const) {
  t.test(library, async (t) => {
    const table = readFileSync(join(root, `native/sys/generated/${library}.h`), 'utf8')
    const told = capabilities()[library]
    if (typeof told === 'string') throw new Error(told)
    const newer = [...table.matchAll(/F\((\w+), "(.+?)"\)/g)]
    t.ok(newer.length > 2)
    for (const [, name = '', since = ''] of newer) {
      const releases = [...since.matchAll(/Ceph ([\d.]+)|, ([\d.]+)/g)].map(
        ([, one, more]) => one ?? more ?? '',
      )
      t.equal(
        told[name],
        cephHas(...releases),
        `${name}: since ${since}, and this is ${cephVersion.join('.')}`,
      )
    }
    const always = [...table.matchAll(/F\((\w+), nullptr\)/g)].map(([, name = '']) => name)
    t.same(
      always.filter((name) => told[name] !== true),
      [],
      'the others are there',
    )
  })
}
