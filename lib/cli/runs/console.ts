/** This file joins a terminal to a guest's console, until the escape character or the console's end. */

import type { Duplex } from 'node:stream'
import type { ReadStream } from 'node:tty'

/** Control and `]`, as telnet and virsh have it. */
const ESCAPE = 0x1d
/** How long what was typed before the escape character is given to arrive. */
const LEAVE_MS = 1000

/** What is typed on: a terminal, or something else, which has no modes. */
export type Keyboard = NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>

/**
 * Types what comes from `keyboard` on the console `guest` and shows what it prints. A terminal is in raw mode meanwhile, so that
 * Ctrl-C is the guest's, and is put back whatever happens, also when the process is ended.
 */
export async function joinConsole(
  guest: Duplex,
  keyboard: Keyboard,
  screen: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<void> {
  const restore = (): void => {
    if (keyboard.isTTY) keyboard.setRawMode?.(false)
  }
  const leave = (): void => void guest.destroy()
  let leaving: NodeJS.Timeout | undefined
  const type = (data: Buffer): void => {
    const at = data.indexOf(ESCAPE)
    if (at !== 0) guest.write(at < 0 ? data : data.subarray(0, at))
    if (at < 0) return
    keyboard.off('data', type)
    // What was typed before is the guest's, but a guest that reads nothing keeps nobody.
    leaving = setTimeout(leave, LEAVE_MS)
    guest.end(leave)
  }
  process.once('exit', restore)
  try {
    if (keyboard.isTTY) keyboard.setRawMode?.(true)
    signal.throwIfAborted()
    signal.addEventListener('abort', leave)
    await new Promise<void>((resolve, reject) => {
      guest.on('data', (data: Buffer) => screen.write(data))
      guest.on('error', reject)
      guest.on('close', resolve)
      guest.on('end', () => guest.destroy())
      keyboard.on('data', type)
    })
    signal.throwIfAborted()
  } finally {
    clearTimeout(leaving)
    keyboard.off('data', type)
    keyboard.pause()
    signal.removeEventListener('abort', leave)
    guest.destroy()
    restore()
    process.off('exit', restore)
  }
}
