import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { toBoolean, toOptions, toText } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { toName } from './names.js'

/**
 * Readies a pool for images: sets its application to rbd.
 *
 * Errors: `EPERM` it serves another application (`force` overrides), or not allowed.
 *
 * Implements: rbd_pool_init.
 * @since 0.1.0
 */
export async function poolInit(ioctx: IoCtx, options?: CallOptions & { force?: boolean }): Promise<void> {
  const given = toOptions('options', options, { force: true, signal: true })
  await toIoCtx('ioctx', ioctx).callWith(
    native.rbd_pool_init,
    toTaskOptions({ signal: given.signal }),
    toBoolean('options.force', given.force, false),
  )
}

/**
 * Creates a namespace in the pool.
 *
 * Errors: `EEXIST`.
 *
 * Implements: rbd_namespace_create.
 * @since 0.1.0
 */
export async function namespaceCreate(ioctx: IoCtx, name: string, options?: CallOptions): Promise<void> {
  await toIoCtx('ioctx', ioctx).callWith(
    native.rbd_namespace_create,
    toTaskOptions(options),
    toName('name', name),
  )
}

/**
 * Removes an empty namespace.
 *
 * Errors: `ENOENT`; `EBUSY` it has images.
 *
 * Implements: rbd_namespace_remove.
 * @since 0.1.0
 */
export async function namespaceRemove(ioctx: IoCtx, name: string, options?: CallOptions): Promise<void> {
  await toIoCtx('ioctx', ioctx).callWith(
    native.rbd_namespace_remove,
    toTaskOptions(options),
    toText('name', name),
  )
}

/**
 * Whether the pool has a namespace of that name.
 *
 * Implements: rbd_namespace_exists.
 * @since 0.1.0
 */
export async function namespaceExists(ioctx: IoCtx, name: string, options?: CallOptions): Promise<boolean> {
  return toIoCtx('ioctx', ioctx).callWith(
    native.rbd_namespace_exists,
    toTaskOptions(options),
    toText('name', name),
  )
}

/**
 * The pool's namespaces, without the default one.
 *
 * Implements: rbd_namespace_list.
 * @since 0.1.0
 */
export async function namespaceList(ioctx: IoCtx, options?: CallOptions): Promise<string[]> {
  return toIoCtx('ioctx', ioctx).callWith(native.rbd_namespace_list, toTaskOptions(options))
}
