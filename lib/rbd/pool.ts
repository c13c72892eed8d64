import { native } from '../internal/addon.js'
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
export async function poolInit(ioctx: IoCtx, options?: { force?: boolean }): Promise<void> {
  await toIoCtx('ioctx', ioctx).call(
    native.rbd_pool_init,
    toBoolean('options.force', toOptions('options', options, { force: true }).force, false),
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
export async function namespaceCreate(ioctx: IoCtx, name: string): Promise<void> {
  await toIoCtx('ioctx', ioctx).call(native.rbd_namespace_create, toName('name', name))
}

/**
 * Removes an empty namespace.
 *
 * Errors: `ENOENT`; `EBUSY` it has images.
 *
 * Implements: rbd_namespace_remove.
 * @since 0.1.0
 */
export async function namespaceRemove(ioctx: IoCtx, name: string): Promise<void> {
  await toIoCtx('ioctx', ioctx).call(native.rbd_namespace_remove, toText('name', name))
}

/**
 * The pool's namespaces, without the default one.
 *
 * Implements: rbd_namespace_list.
 * @since 0.1.0
 */
export async function namespaceList(ioctx: IoCtx): Promise<string[]> {
  return toIoCtx('ioctx', ioctx).call(native.rbd_namespace_list)
}
