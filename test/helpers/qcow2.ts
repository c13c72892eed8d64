/** qcow2 images by QEMU's own tools (Debian package qemu-utils). */

import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Runs `qemu-img`; throws when it fails. */
export function qemuImg(...args: string[]): void {
  run('qemu-img', args)
}

/** Makes an empty qcow2 image; `options` as in `qemu-img create -o`. */
export function createQcow2(file: string, size: number, ...options: string[]): void {
  qemuImg('create', '-q', '-f', 'qcow2', ...options.flatMap((option) => ['-o', option]), file, String(size))
}

/** Makes a qcow2 image of a raw file. `flags` such as `-c`. */
export function convertToQcow2(raw: string, file: string, flags: readonly string[], options: string): void {
  const chosen = options === '' ? [] : ['-o', options]
  qemuImg('convert', '-q', '-f', 'raw', '-O', 'qcow2', ...flags, ...chosen, raw, file)
}

/** Does commands of qemu-io (`write -P 1 0 4k`, `write -z ...`, `discard ...`) to a qcow2 image. */
export function qemuIo(file: string, ...commands: string[]): void {
  run('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), file])
}

/** What QEMU reads of a qcow2 image, and its backing files. */
export function rawByQemu(file: string): Buffer {
  const raw = `${file}.by-qemu`
  qemuImg('convert', '-q', '-f', 'qcow2', '-O', 'raw', file, raw)
  const content = readFileSync(raw)
  rmSync(raw)
  return content
}
