// Sets of the host's CPUs, as libvirt takes them: a bit each, or a text of ranges.
import { invalidArgType, invalidArgValue, toSize } from '../internal/validate.js'

/** No host has more; a daemon takes no longer maps. */
const mostCpus = 16_384

export function toCpus(name: string, value: unknown): number[] {
  if (!Array.isArray(value)) throw invalidArgType(name, 'an array of numbers', value)
  if (value.length === 0) throw invalidArgValue(name, 'must name a CPU')
  return value.map((cpu, index) => toSize(`${name}[${index}]`, cpu, 0, mostCpus - 1))
}

/** The map, as long as it has to be. */
export function toCpuMap(name: string, value: unknown): Uint8Array {
  const cpus = toCpus(name, value)
  const map = new Uint8Array(Math.floor(Math.max(...cpus) / 8) + 1)
  for (const cpu of cpus) map[cpu >> 3] = (map[cpu >> 3] ?? 0) | (1 << (cpu & 7))
  return map
}

/** `'0-3,^2'` as it comes in typed parameters: the numbers. */
export function cpusOfText(text: string): number[] {
  const cpus = new Set<number>()
  for (const part of text.split(',')) {
    const [, without, first, last] = /^(\^?)(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? []
    if (first === undefined) continue
    for (let cpu = Number(first); cpu <= Number(last ?? first) && cpu < mostCpus; cpu++) {
      if (without) cpus.delete(cpu)
      else cpus.add(cpu)
    }
  }
  return [...cpus].sort((a, b) => a - b)
}
