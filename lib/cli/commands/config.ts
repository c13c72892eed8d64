/** This file is the command `rbdkit config`, which is about the settings of librbd that an image or a pool overrides. */

import { Command, InvalidArgumentError } from 'commander'
import { printable } from '../../internal/text.js'
import type { Cluster } from '../../rados/cluster.js'
import type { ConfigOption } from '../../rbd/config.js'
import { aboutImage, type Operand, withOperands } from '../one-image.js'
import { addFormatOption, addOptions } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

/** `image.config`, or that of a pool, or what the monitors keep for all pools. */
interface Config {
  list(): Promise<Pick<ConfigOption, 'name' | 'value' | 'source'>[] | GlobalOption[]>
  set(name: string, value: string): Promise<void>
  remove(name: string): Promise<void>
}

const key: Operand = ['key', 'as in ceph.conf: rbd_qos_iops_limit']
const value: Operand = ['value', 'what it is set to']

type Verb = readonly [
  command: () => Command,
  operands: readonly Operand[],
  readOnly: boolean,
  work: (config: Config, name: string, to: string) => Promise<Report>,
]

const verbs: readonly Verb[] = [
  [
    () =>
      addFormatOption(
        new Command('ls').alias('list').description('list settings, and where each comes from'),
      ),
    [],
    true,
    async (config) => {
      const list = await config.list()
      return {
        json: list,
        text: table([['NAME', 'VALUE', 'SOURCE'], ...list.map((one) => [one.name, one.value, one.source])]),
      }
    },
  ],
  [
    () => new Command('get').description('what a setting is'),
    [key],
    true,
    async (config, name) => {
      const found = (await config.list()).find((one) => one.name === name)
      if (found === undefined) throw new Error(`there is no setting '${printable(name)}'`)
      return { json: { [name]: found.value }, text: `${printable(found.value)}\n` }
    },
  ],
  [
    () => new Command('set').description('override a setting'),
    [key, value],
    false,
    async (config, name, to) => {
      await config.set(name, to)
      return { json: { set: { [name]: to } }, text: '' }
    },
  ],
  [
    () => new Command('rm').alias('remove').description('let a setting be again what it is for others'),
    [key],
    false,
    async (config, name) => {
      await config.remove(name)
      return { json: { removed: name }, text: '' }
    },
  ],
]

/** What the monitors keep for a kind of daemon or client, which may be one: `global`, `client`, `client.glance`. */
interface GlobalOption {
  name: string
  value: string
  source: string
}

/** Of all that the monitors keep, librbd's. */
class GlobalConfig implements Config {
  readonly #cluster: Cluster
  readonly #who: string

  constructor(cluster: Cluster, who: string) {
    if (!/^(global|client(\.[^\s/]+)?)$/.test(who))
      throw new InvalidArgumentError(`'${printable(who)}' is not global, client or client.<name>`)
    this.#cluster = cluster
    this.#who = who
  }

  async list(): Promise<GlobalOption[]> {
    const all = await this.#cluster.monitorCommand<{ section: string; name: string; value: string }[]>({
      prefix: 'config dump',
    })
    return all
      .filter(({ section, name }) => section === this.#who && isLibrbds(name))
      .map(({ section, name, value: set }) => ({ name, value: set, source: section }))
  }

  async set(name: string, to: string): Promise<void> {
    checkName(name)
    await this.#cluster.monitorCommand({ prefix: 'config set', who: this.#who, name, value: to })
  }

  async remove(name: string): Promise<void> {
    checkName(name)
    await this.#cluster.monitorCommand({ prefix: 'config rm', who: this.#who, name })
  }
}

const isLibrbds = (name: string): boolean => name.startsWith('rbd_')

function checkName(name: string): void {
  if (!isLibrbds(name)) throw new InvalidArgumentError(`'${printable(name)}' does not begin with rbd_`)
}

async function ofPool(session: Session, pool: string | undefined): Promise<Config> {
  const { PoolConfig } = await import('../../rbd/pool-settings.js')
  const spec = await session.poolSpec(pool)
  return new PoolConfig(await session.ioctx({ ...spec, namespace: '' }))
}

/** The settings that images and pools override. */
export function command(): Command {
  const image = new Command('image').description('settings that an image overrides')
  const pool = new Command('pool').description('settings that a pool overrides for its images')
  for (const [make, operands, readOnly, work] of verbs) {
    image.addCommand(
      aboutImage(make(), { snapshot: 'none', operands, readOnly }, (one, _, __, name = '', to = '') =>
        work(one.config, name, to),
      ),
    )
    pool.addCommand(
      withOperands(
        addOptions(make()).argument('[pool]', 'the pool (default: --pool)'),
        operands,
        async (session, text, name = '', to = '') => work(await ofPool(session, text), name, to),
        readOnly,
      ),
    )
  }
  const global = new Command('global').description('settings of librbd that the monitors keep for all pools')
  for (const [make, operands, readOnly, work] of verbs) {
    global.addCommand(
      withOperands(
        addOptions(make()).argument('[config-entity]', 'global, client or client.<name>'),
        operands,
        async (session, who, name = '', to = '') => {
          if (who === undefined) throw new InvalidArgumentError("missing required argument 'config-entity'")
          return work(new GlobalConfig(await session.cluster(), who), name, to)
        },
        readOnly,
      ),
    )
  }
  return new Command('config')
    .description('list, get, set, remove settings of librbd of an image, a pool or all of them')
    .addCommand(global)
    .addCommand(image)
    .addCommand(pool)
}
