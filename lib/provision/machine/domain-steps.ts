/** This file defines and starts a machine, as steps that are undone. */

import type { Connection } from '../../libvirt/index.js'
import { orNone } from '../libvirt/none.js'
import type { Step } from '../steps.js'

/** The steps of the domain with that UUID, by which they find it again: nobody else has it. */
export function domainSteps(
  connection: Connection,
  uuid: string,
  defineIt: () => Promise<unknown>,
  { start: isStarted }: { readonly start: boolean },
): Step[] {
  const find = () => orNone(connection.domainByUuid(uuid), 'VIR_ERR_NO_DOMAIN')
  const define: Step = {
    name: 'domain',
    async run() {
      await defineIt()
      return 'made'
    },
    async undo() {
      const domain = await find()
      await domain?.undefine({ nvram: true })
      return domain !== undefined
    },
  }
  const start: Step = {
    name: 'start',
    async run() {
      await (await find())?.create()
      return 'changed'
    },
    async undo() {
      const domain = await find()
      if (domain === undefined || !(await domain.isActive())) return false
      await domain.destroy()
      return true
    },
  }
  return isStarted ? [define, start] : [define]
}
