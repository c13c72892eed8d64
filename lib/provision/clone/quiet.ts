/** This file holds a machine still for a moment, so that snapshots of several disks are of the same one. */

import { type Domain, LibvirtError } from '../../libvirt/index.js'

/**
 * What state the clone's disks are in.
 *
 * - `'shut-off'`: the machine did not run
 * - `'frozen'`: its guest agent had frozen the file systems
 * - `'paused'`: there was no agent to do so; the clone finds what a machine finds after a loss of power
 *
 * @since 0.1.0
 */
export type CloneConsistency = 'shut-off' | 'frozen' | 'paused'

/** That there is no guest agent, or that it does not answer. */
const WITHOUT_AGENT = [
  'VIR_ERR_AGENT_UNRESPONSIVE',
  'VIR_ERR_AGENT_UNSYNCED',
  'VIR_ERR_ARGUMENT_UNSUPPORTED',
  'VIR_ERR_CONFIG_UNSUPPORTED',
  'VIR_ERR_OPERATION_UNSUPPORTED',
]

async function whilePaused(domain: Domain, use: () => Promise<void>): Promise<void> {
  await domain.suspend()
  try {
    await use()
  } finally {
    await domain.resume()
  }
}

/** Runs `use` while the machine writes nothing. `begin` is told before the machine is held. */
export async function whileQuiet(
  domain: Domain,
  begin: (how: CloneConsistency) => Promise<void>,
  use: () => Promise<void>,
): Promise<CloneConsistency> {
  const { state } = await domain.state()
  if (state === 'shutoff' || state === 'paused') {
    await use()
    return state === 'paused' ? 'paused' : 'shut-off'
  }
  let isUsed = false
  try {
    await begin('frozen')
    await domain.guest.whileFrozen(() => {
      isUsed = true
      return use()
    })
    return 'frozen'
  } catch (error) {
    // Once its file systems were frozen, what fails is no lack of an agent.
    if (isUsed || !(error instanceof LibvirtError && WITHOUT_AGENT.includes(error.code))) throw error
  }
  await begin('paused')
  await whilePaused(domain, use)
  return 'paused'
}

/** Lets a machine go on that a killed call has held. */
export async function letGo(domain: Domain, how: string): Promise<void> {
  if (how === 'frozen') await domain.guest.fsThaw().catch(() => {})
  if (how !== 'paused') return
  const { state, reason } = await domain.state()
  if (state === 'paused' && reason === 'user') await domain.resume()
}
