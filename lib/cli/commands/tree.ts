/** This file is the command `rbdkit tree`, which is about an image with its clones and theirs. */

import { Command } from 'commander'
import { formatBytes, printable } from '../../internal/text.js'
import type { LinkedImage } from '../../rbd/relations.js'
import type { CloneTree, CloneTreeChangeOptions } from '../../rbd/tree/types.js'
import { action } from '../action.js'
import { integer } from '../options/fio-values.js'
import { formatImageSpec, type ImageSpec } from '../options/image-spec.js'
import {
  addFormatOption,
  addImageOptions,
  addOptions,
  addProgressOption,
  type Flags,
} from '../options/options.js'
import type { Report, Session } from '../session.js'

type FlattenFlags = Flags & { readonly maxDepth: number }
type RemoveFlags = Flags & { readonly force?: boolean }

/** Where a clone hangs is told beside its name, not in it. */
function specOf({ pool, namespace, image }: LinkedImage): string {
  return formatImageSpec({ pool, namespace, image })
}

function toJson({ clones, ...one }: CloneTree): object {
  return {
    pool: one.pool,
    pool_namespace: one.namespace,
    image: one.image,
    id: one.id,
    trash: one.trash,
    size: one.size,
    depth: one.depth,
    ...(one.snapshot === undefined ? {} : { parent_snapshot: one.snapshot.name }),
    ...(one.error === undefined ? {} : { error: one.error.message }),
    clones: clones.map(toJson),
  }
}

/** A line an image, with rules from each to its clones. */
function draw(tree: CloneTree): string {
  const lines: string[] = []
  const add = (one: CloneTree, first: string, rest: string): void => {
    const notes = [
      ...(one.error === undefined ? [formatBytes(one.size)] : [one.error.message]),
      ...(one.snapshot === undefined ? [] : [`of @${one.snapshot.name}`]),
      ...(one.depth === 0 ? [] : [`depth ${one.depth}`]),
      ...(one.trash ? [`in the trash: ${one.id}`] : []),
    ]
    lines.push(`${first}${printable(`${specOf(one)}  ${notes.join(', ')}`)}\n`)
    one.clones.forEach((clone, i) => {
      const isLast = i === one.clones.length - 1
      add(clone, `${rest}${isLast ? '└─ ' : '├─ '}`, `${rest}${isLast ? '   ' : '│  '}`)
    })
  }
  add(tree, '', '')
  return lines.join('')
}

function errorsOf({ error, clones }: CloneTree): string[] {
  return [...(error === undefined ? [] : [error.message]), ...clones.flatMap(errorsOf)]
}

async function show(session: Session, spec: ImageSpec): Promise<Report> {
  const { cloneTree } = await import('../../rbd/tree/walk.js')
  const tree = await cloneTree(await session.ioctx(spec), spec.image, { signal: session.signal })
  return { json: toJson(tree), text: () => draw(tree), troubles: errorsOf(tree) }
}

/** Options of a change of a tree: shown as `phase`, ended by Ctrl-C. */
function changing(session: Session, phase: string): CloneTreeChangeOptions {
  return {
    signal: session.signal,
    onProgress: ({ imagesDone, imagesTotal }) => {
      if (session.signal.aborted || imagesTotal === 0) return
      const figures = `${imagesDone} of ${imagesTotal} images`
      session.progress.update({ phase, share: imagesDone / imagesTotal, figures, left: '' })
    },
  }
}

async function flatten(session: Session<FlattenFlags>, spec: ImageSpec): Promise<Report> {
  const { flattenTree } = await import('../../rbd/tree/change.js')
  const { maxDepth } = session.flags
  const options = { ...changing(session, 'flattening'), maxDepth }
  const done = await flattenTree(await session.ioctx(spec), spec.image, options)
  return { json: { flattened: done.map(specOf) }, text: lines(done) }
}

async function remove(session: Session<RemoveFlags>, spec: ImageSpec): Promise<Report> {
  const { removeTree } = await import('../../rbd/tree/change.js')
  const { force = false } = session.flags
  const options = { ...changing(session, 'removing'), force }
  const done = await removeTree(await session.ioctx(spec), spec.image, options)
  return { json: { removed: done.map(specOf) }, text: lines(done) }
}

function lines(images: readonly LinkedImage[]): string {
  return images.map((one) => `${printable(specOf(one))}\n`).join('')
}

/** A command about the image at a tree's root. */
function aboutTree<F extends Flags>(
  command: Command,
  work: (session: Session<F>, spec: ImageSpec) => Promise<Report>,
  readOnly: boolean,
): Command {
  return addOptions(addImageOptions(command, { snapshot: false }))
    .argument('[image-spec]', '[pool/[namespace/]]image')
    .action(
      action<F, [string | undefined]>(
        async (session, text) => work(session, await session.imageSpec(text, 'none')),
        1,
        readOnly,
      ),
    )
}

/** Images with their clones. */
export function command(): Command {
  const listing = addFormatOption(
    new Command('ls').alias('list').description('show an image with its clones, in all pools, and theirs'),
  )
  const flattening = addProgressOption(new Command('flatten'))
    .description('flatten the images that lie too deep')
    .requiredOption('--max-depth <n>', 'how many images may lie below one', integer(0, 1024))
  const removing = addProgressOption(new Command('rm').alias('remove'))
    .description('remove an image with all its clones and their snapshots, unless one of them is in use')
    .option('--force', 'also what is in the trash until a later time')
  return new Command('tree')
    .description('an image with its clones and theirs')
    .addCommand(aboutTree(listing, show, true))
    .addCommand(aboutTree(flattening, flatten, false))
    .addCommand(aboutTree(removing, remove, false))
}
