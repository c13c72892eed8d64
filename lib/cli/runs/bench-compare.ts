/**
 * This file does `rbdkit bench compare`, which shows results beside each other, rbdkit's own and fio's. It needs no
 * cluster and no addon.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { comparePage, MAX_COMPARED } from '../../bench/report/compare-page.js'
import { runOfFile } from '../../bench/report/read.js'
import type { Run } from '../../bench/report/run.js'
import { comparisonText } from '../../bench/report/text.js'
import { checkOutput } from '../terminal/output.js'
import { print } from '../terminal/terminal.js'

/** The files' names without their folders, unless two are the same then. */
function labelsOf(files: readonly string[]): string[] {
  const names = files.map((file) => basename(file))
  return new Set(names).size === names.length ? names : [...files]
}

/** Throws commander's error for a wrong command line, `BenchFileError` for a wrong file. */
export function compareFiles(files: readonly string[], options: { readonly html?: string }): void {
  if (files.length < 2 || files.length > MAX_COMPARED) {
    throw new InvalidArgumentError(`give two to ${MAX_COMPARED} files`)
  }
  if (options.html !== undefined) checkOutput('--html', options.html)
  const labels = labelsOf(files)
  const runs: Run[] = files.map((file, i) => runOfFile(readFileSync(file, 'utf8'), file, labels[i] ?? file))
  print(comparisonText(runs))
  if (options.html !== undefined) writeFileSync(options.html, comparePage(runs))
}
