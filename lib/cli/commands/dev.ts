/** This file is the command line of `rbdkit dev`; the work is in ../runs/dev.ts, which is loaded when there is some. */

import { Command, InvalidArgumentError, Option } from 'commander'
import type * as actions from '../runs/dev.js'

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 16) {
    throw new InvalidArgumentError('must be an integer from 1 to 16')
  }
  return count
}

function parseName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(text)) {
    throw new InvalidArgumentError('must be 1 to 32 letters, digits, - or _')
  }
  return text
}

/** Turns what an action throws into a message and exit status 1. */
function action<Options>(
  choose: (all: typeof actions) => (options: Options) => void | Promise<void>,
): (options: Options) => Promise<void> {
  return async (options) => {
    const all = await import('../runs/dev.js')
    try {
      await choose(all)(options)
    } catch (error) {
      all.fail(error instanceof Error ? error.message : String(error))
    }
  }
}

/**
 * The `dev` command: `up`, `status`, `env`, `down`. Exit status 0 on success, 1 on failure, 2 for a bad option, 3 when nothing of the name
 * is up, 128 and the signal's number when `up` was interrupted.
 *
 * @since 0.1.0
 */
export function command(): Command {
  const name = () =>
    new Option('--name <name>', 'which one, when several are up').argParser(parseName).default('default')
  const dev = new Command('dev').description('a local Ceph and libvirtd for tests and trials')
  dev
    .command('up')
    .description('start a cluster that stays until it is taken down')
    .addOption(name())
    .option('--osds <count>', 'number of OSDs', parseCount, 1)
    .addOption(
      new Option('--objectstore <store>', 'where OSDs keep data')
        .choices(['bluestore', 'memstore'])
        .default('bluestore'),
    )
    .option('--directory <path>', 'an empty or new directory for the cluster; it is left in place at the end')
    .option('--hypervisor', 'start libvirtd too (needs root)', false)
    .action(action((all) => all.up))
  dev
    .command('status')
    .description('show what is up')
    .addOption(new Option('--name <name>', 'only this one').argParser(parseName))
    .option('--json', 'as JSON, with process ids and environment', false)
    .action(action((all) => all.status))
  dev
    .command('env')
    .description('print the environment for eval: CEPH_CONF, LIBVIRT_DEFAULT_URI')
    .addOption(name())
    .action(action((all) => all.env))
  dev
    .command('down')
    .description('end it and remove its data')
    .addOption(name())
    .action(action((all) => all.down))
  return dev
}
