import t from 'tap'
import { steps, workerEndings, workersEnd } from './matrix.js'
import { testPool } from './pool.js'

t.setTimeout(600_000)

t.test('workers end at any step while the main thread goes on', async (t) => {
  const place = await testPool()
  for (const ending of workerEndings) {
    for (const step of steps) await workersEnd(t, place, step, ending)
  }
})
