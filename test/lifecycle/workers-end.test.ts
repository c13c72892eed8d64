import t from 'tap'
import { tryAll, workerCases } from './matrix.js'
import { testPool } from './pool.js'

t.setTimeout(900_000)

t.test('workers end at any step while the main thread goes on, or with it', async (t) => {
  const cases = [
    ...workerCases(['terminate']),
    ...workerCases(['natural', 'exit', 'throw'], ['connecting', 'open', 'writing', 'closing']),
    ...workerCases(['main-exit'], ['connecting', 'writing']),
  ]
  await tryAll(t, await testPool(), cases)
})
