/** `npm run fuzz [-- [parser] [seconds]]`: all parsers, or one, for so many seconds each (60). */
import { fuzz, parsers } from './fuzzers.js'

const args = process.argv.slice(2)
const seconds = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 60)
const chosen = args.filter((arg) => !/^\d+$/.test(arg))
const all = parsers()
const unknown = chosen.find((name) => !all.includes(name))
if (unknown !== undefined) throw new Error(`no such parser: ${unknown}; there are ${all.join(', ')}`)
process.exitCode = fuzz(chosen.length > 0 ? chosen : all, seconds, false).failed > 0 ? 1 : 0
