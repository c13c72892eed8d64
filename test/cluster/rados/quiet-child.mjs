// Tries to connect with each of the options given as JSON and sends how it ended; prints nothing itself.
import { inspect } from 'node:util'
import { Cluster } from 'rbdkit'

const cases = JSON.parse(process.argv[2])
const answers = {}
for (const [name, options] of Object.entries(cases)) {
  try {
    const cluster = await Cluster.connect(options)
    await cluster.close()
    answers[name] = { code: 'connected', text: '' }
  } catch (error) {
    const text = [
      error.message,
      error.stack,
      JSON.stringify(error),
      inspect(error, { depth: 9, showHidden: true }),
    ]
    answers[name] = { code: error.code, text: text.join('\n') }
  }
}
process.send(answers, () => process.disconnect())
