/** This file asks the manager's module for block devices, and says when the manager runs without it. */

import { addDetail, CephError } from '../errors.js'
import type { Cluster } from '../rados/cluster.js'
import type { Command, CommandOptions } from '../rados/command.js'

/** Runs a command of the module `rbd_support`. */
export async function moduleCommand<T>(
  cluster: Cluster,
  command: Command,
  options: CommandOptions,
): Promise<T> {
  try {
    return await cluster.managerCommand<T>(command, options)
  } catch (error) {
    // The manager knows the command, since it is in the module's list, and has nobody to run it.
    if (error instanceof CephError && error.message.includes('No handler found'))
      addDetail(error, "the manager could not load its module rbd_support: 'ceph health detail' says why")
    throw error
  }
}
