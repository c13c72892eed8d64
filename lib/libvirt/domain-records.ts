/**
 * This file makes objects of what native code packed of domains' statistics, on JavaScript's thread. Where each parameter
 * goes is found out once for domains that are alike; for each domain, values are put there.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { vcpuStates } from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeStats } from '../internal/native/libvirt.js'
import { type DomainStats, toStatus } from './domain-stats.js'
import { type Tree, toTree } from './told.js'

type Item = Record<string, unknown>

/** The records of a slice, one after the other. */
class Reader {
  readonly numbers: Float64Array
  readonly texts: string[]
  /** Where the record's own begin. */
  number = 0
  text = 0

  constructor({ numbers, texts }: NativeStats['slices'][number]) {
    this.numbers = numbers
    this.texts = texts.split('\0')
  }
}

/** How to make a part of one record: a value, an object or a list. */
interface Plan {
  make(reader: Reader): unknown
}

/** A number: so far from the record's first, in units of `unit`. */
class NumberPlan implements Plan {
  readonly at: number
  readonly unit: number

  constructor(at: number, unit = 1) {
    this.at = at
    this.unit = unit
  }

  make({ numbers, number }: Reader): number {
    return (numbers[number + this.at] as number) * this.unit
  }
}

class BooleanPlan implements Plan {
  readonly #at: number

  constructor(at: number) {
    this.#at = at
  }

  make({ numbers, number }: Reader): boolean {
    return numbers[number + this.#at] === 1
  }
}

class TextPlan implements Plan {
  readonly #at: number

  constructor(at: number) {
    this.#at = at
  }

  make({ texts, text }: Reader): string | undefined {
    return texts[text + this.#at]
  }
}

const nothing: Plan = { make: () => undefined }

/** What is made of another part's value. */
const converted = (plan: Plan, convert: (value: unknown) => unknown): Plan => ({
  make: (reader) => convert(plan.make(reader)),
})

/** Runs for each record, and mostly before anything is compiled: so it iterates over nothing but arrays. */
class ObjectPlan implements Plan {
  /** All keys in their order. As they are its own, even `__proto__` is set as any other. */
  readonly #empty: Item
  readonly #numbers: { key: string; at: number; unit: number }[] = []
  readonly #others: { key: string; plan: Plan }[] = []

  constructor(parts: ReadonlyMap<string, Plan>, constants: Item = {}) {
    const undefinedParts = [...parts.keys()].map((key) => [key, undefined] as const)
    this.#empty = Object.fromEntries([...Object.entries(constants), ...undefinedParts])
    for (const [key, plan] of parts) {
      if (plan instanceof NumberPlan) this.#numbers.push({ key, at: plan.at, unit: plan.unit })
      else this.#others.push({ key, plan })
    }
  }

  make(reader: Reader): Item {
    const item = { ...this.#empty }
    const { numbers, number } = reader
    const counts = this.#numbers
    for (let i = 0; i < counts.length; i++) {
      const { key, at, unit } = counts[i] as (typeof counts)[number]
      item[key] = (numbers[number + at] as number) * unit
    }
    const others = this.#others
    for (let i = 0; i < others.length; i++) {
      const { key, plan } = others[i] as (typeof others)[number]
      item[key] = plan.make(reader)
    }
    return item
  }
}

class ListPlan implements Plan {
  readonly #items: Plan[]

  constructor(items: Plan[]) {
    this.#items = items
  }

  make(reader: Reader): unknown[] {
    const list: unknown[] = []
    const items = this.#items
    for (let i = 0; i < items.length; i++) list.push((items[i] as Plan).make(reader))
    return list
  }
}

const domainPlan: Plan = {
  make: ({ texts, text }) => ({ name: texts[text], uuid: texts[text + 1] }),
}

/** `rd.bytes` and `poll-max-ns`. */
const camel = (name: string): string =>
  name.replace(/[._-](\w)/g, (_, letter: string) => letter.toUpperCase())

/** Parameters of one group: what is numbered, by its number, and the rest. */
class Group {
  readonly own = new Map<string, Plan>()
  readonly items = new Map<number, Map<string, Plan>>()

  add(rest: string, plan: Plan): void {
    const [, index, name] = /^(\d+)\.(.+)$/.exec(rest) ?? []
    if (index === undefined || name === undefined) {
      this.own.set(camel(rest), plan)
      return
    }
    const item = this.items.get(Number(index)) ?? new Map<string, Plan>()
    this.items.set(Number(index), item)
    item.set(camel(name), plan)
  }

  list(numberName?: string): ListPlan {
    const items = [...this.items].sort(([a], [b]) => a - b)
    return new ListPlan(
      items.map(
        ([number, item]) =>
          new ObjectPlan(item, numberName === undefined ? undefined : { [numberName]: number }),
      ),
    )
  }
}

const counted = new Set(['majorFault', 'minorFault', 'hugetlbPgalloc', 'hugetlbPgfail'])

function balloonValue(key: string, plan: Plan): Plan {
  if (key === 'lastUpdate') return converted(plan, (seconds) => new Date(1000 * Number(seconds)))
  const unit = counted.has(key) ? 1 : 1024
  if (plan instanceof NumberPlan) return new NumberPlan(plan.at, unit)
  return converted(plan, (value) => Number(value) * unit)
}

function balloonPlan({ own }: Group): Plan {
  const parts = new Map([...own].map(([key, plan]) => [key, balloonValue(key, plan)]))
  const told = new ObjectPlan(parts)
  const lastUpdate = own.get('lastUpdate')
  if (lastUpdate === undefined) return told
  parts.delete('lastUpdate')
  const untold = new ObjectPlan(parts)
  // 0: it has never told.
  return { make: (reader) => (lastUpdate.make(reader) === 0 ? untold : told).make(reader) }
}

function statePlan({ own }: Group): Plan {
  const state = own.get('state') ?? nothing
  const reason = own.get('reason') ?? nothing
  return { make: (reader) => toStatus(Number(state.make(reader)), Number(reason.make(reader))) }
}

const toVcpuState = (state: unknown): string | undefined =>
  state === undefined ? state : nameOf(vcpuStates, Number(state))

function vcpuPlan(group: Group): Plan {
  for (const item of group.items.values()) {
    const state = item.get('state')
    if (state !== undefined) item.set('state', converted(state, toVcpuState))
  }
  return new ObjectPlan(new Map([...group.own, ['vcpus', group.list('number')]]))
}

const groupPlans: Record<string, [key: keyof DomainStats, toPlan: (group: Group) => Plan]> = {
  state: ['state', statePlan],
  cpu: ['cpu', ({ own }) => new ObjectPlan(own)],
  balloon: ['balloon', balloonPlan],
  vcpu: ['vcpu', vcpuPlan],
  net: ['interfaces', (group) => group.list()],
  block: ['blocks', (group) => group.list()],
  iothread: ['ioThreads', (group) => group.list('id')],
  perf: ['perf', ({ own }) => new ObjectPlan(own)],
}

function toldPlan(tree: Tree<Plan>): Plan {
  if (Array.isArray(tree)) return new ListPlan(tree.map(toldPlan))
  if (!(tree instanceof Map)) return tree
  return new ObjectPlan(new Map([...tree].map(([key, part]) => [key, toldPlan(part)])))
}

/** How to make a `DomainStats` of records of one shape, and how much of the slice each takes. */
class RecordPlan {
  /** After the number of the shape. */
  #numbers = 1
  /** After name and UUID. */
  #texts = 2
  readonly #plan: Plan

  constructor(shape: string) {
    const groups = new Map<string, Group>()
    const others: [path: string, plan: Plan][] = []
    for (const parameter of shape.split('\0').slice(0, -1)) {
      const plan = this.#parameter(parameter.charAt(0))
      const path = parameter.slice(1)
      const dot = path.indexOf('.')
      const title = path.slice(0, Math.max(dot, 0))
      const rest = path.slice(dot + 1)
      if (!Object.hasOwn(groupPlans, title) || rest.startsWith('cache.') || rest.startsWith('haltpoll.')) {
        others.push([path, plan])
        continue
      }
      const group = groups.get(title) ?? new Group()
      groups.set(title, group)
      group.add(rest, plan)
    }
    const parts = new Map([['domain', domainPlan]])
    for (const [title, group] of groups) {
      const [key, toPlan] = groupPlans[title] as (typeof groupPlans)[string]
      parts.set(key, toPlan(group))
    }
    if (others.length > 0) parts.set('other', toldPlan(toTree(others)))
    this.#plan = new ObjectPlan(parts)
  }

  #parameter(kind: string): Plan {
    switch (kind) {
      case 'n':
        return new NumberPlan(this.#numbers++)
      case 'b':
        return new BooleanPlan(this.#numbers++)
      case 's':
        return new TextPlan(this.#texts++)
      default:
        return nothing
    }
  }

  /** The next record's object. */
  next(reader: Reader): DomainStats {
    const made = this.#plan.make(reader)
    reader.number += this.#numbers
    reader.text += this.#texts
    return made as DomainStats
  }
}

/** The plans of shapes that have come, the oldest first. A host has few. */
const plans = new Map<string, RecordPlan>()
const mostPlans = 200

function planOf(shape: string): RecordPlan {
  const known = plans.get(shape)
  if (known !== undefined) return known
  const plan = new RecordPlan(shape)
  if (plans.size === mostPlans) plans.delete(plans.keys().next().value as string)
  plans.set(shape, plan)
  return plan
}

/** What `domainStats()` gives, in libvirt's order. With many domains it leaves other work its turns. */
export async function toStats({ shapes, slices }: NativeStats): Promise<DomainStats[]> {
  const all: DomainStats[] = []
  const planned: RecordPlan[] = []
  for (const [number, slice] of slices.entries()) {
    if (number > 0) await nextTurn()
    makeAll(new Reader(slice), shapes, planned, all)
  }
  return all
}

function makeAll(reader: Reader, shapes: string[], planned: RecordPlan[], all: DomainStats[]): void {
  const end = reader.numbers.length
  while (reader.number < end) {
    const shape = reader.numbers[reader.number] as number
    const plan = planned[shape] ?? planOf(shapes[shape] as string)
    planned[shape] = plan
    all.push(plan.next(reader))
  }
}
