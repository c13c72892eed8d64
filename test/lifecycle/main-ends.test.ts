import t from 'tap'
import { mainCases, tryAll } from './matrix.js'
import { testPool } from './pool.js'

t.setTimeout(900_000)

t.test('the main thread ends at any step, without a crash or a hang', async (t) => {
  const cases = [
    ...mainCases(['natural', 'exit', 'throw']),
    ...mainCases(['throw-later', 'sigterm'], ['writing']),
  ]
  await tryAll(t, await testPool(), cases)
})
