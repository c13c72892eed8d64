/** Waits for what nobody tells of. */

import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves once the condition holds; rejects when it does not in time. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs / 1000} s: ${condition}`)
    await sleep(20)
  }
}
