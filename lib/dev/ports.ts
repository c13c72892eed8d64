/** This file finds ports for monitors, which must be known before the daemon starts. */

import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Below the kernel's usual range for outgoing connections, so that none takes the port before the daemon does. */
const FIRST_PORT = 16_000
const LAST_PORT = 32_000

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT)
    if (await isFree(port)) return port
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Waits until somebody listens on the port; `check` throws when waiting makes no sense any more. */
export async function waitForPort(port: number, check: () => Promise<void>): Promise<void> {
  while (!(await accepts(port))) {
    await check()
    await sleep(20)
  }
}
