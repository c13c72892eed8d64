/** `import { xml } from 'rbdkit/libvirt'`. */

export * as xml from './builders.js'
