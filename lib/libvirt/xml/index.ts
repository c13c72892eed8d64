/** This module gives `import { xml } from 'rbdkit/libvirt'` its `xml`. */

export * as xml from './builders.js'
