/** This file writes files that may hold keys: whole or not at all, and never for others to read in between. */

import { type FileHandle, open, realpath, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

async function orNone<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/**
 * Puts the text in the place of a file, or makes it with the mode. A file that is there keeps its owner, and its mode as far as
 * a file of this kind may have it: of one that only its owner may read, others are given nothing.
 */
export async function writeFileSafely(path: string, text: string, mode: number): Promise<void> {
  // What others find through a link must go on being one.
  const target = (await orNone(realpath(path))) ?? path
  const before = await orNone(stat(target))
  const temporary = `${target}.rbdkit-new`
  await rm(temporary, { force: true }) // of a process that was killed
  let file: FileHandle | undefined
  try {
    file = await open(temporary, 'wx', 0o600)
    await file.writeFile(text)
    const own = await file.stat()
    if (before && (before.uid !== own.uid || before.gid !== own.gid)) await file.chown(before.uid, before.gid)
    // The owner's group may read a key where somebody has allowed it.
    await file.chmod(before ? before.mode & (mode === 0o600 ? 0o660 : 0o777) : mode)
    await file.sync()
    await file.close()
    file = undefined
    await rename(temporary, target)
  } catch (error) {
    await file?.close()
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(target)
}

/** Removes it, not what a link leads to. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path)
  await syncDirectory(path)
}
