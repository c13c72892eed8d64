import t from 'tap'
import { type MainEnding, mainEndings, mainEnds, steps } from './matrix.js'
import { testPool } from './pool.js'

t.setTimeout(600_000)

t.test('the main thread ends at any step, without a crash or a hang', async (t) => {
  const place = await testPool()
  for (const ending of Object.keys(mainEndings) as MainEnding[]) {
    for (const step of steps) await mainEnds(t, place, step, ending)
  }
})
