import type { ManagementRole } from "../model/organization";
import type { Product } from "../model/product";
import { clientAccessCmdlets } from "./client-access";
import type { Cmdlet } from "./cmdlet";
import { exchangeServerCmdlets } from "./exchange-server";
import { mapiCmdlets } from "./mapi";
import { outlookAnywhereCmdlets } from "./outlook-anywhere";
import { switchedDirectoryCmdlets } from "./switched-directories";

export const exchangeCmdlets: readonly Cmdlet[] = [
  ...clientAccessCmdlets,
  ...exchangeServerCmdlets,
  ...outlookAnywhereCmdlets,
  ...mapiCmdlets,
  ...switchedDirectoryCmdlets,
];

/** The cmdlet as this person's session on this version shows it; undefined when it does not. */
export function findCmdlet(name: string, product: Product, roles: ReadonlySet<ManagementRole>): Cmdlet | undefined {
  const asked = name.toLowerCase();
  return exchangeCmdlets.find(
    (cmdlet) =>
      cmdlet.name.toLowerCase() === asked &&
      (cmdlet.on?.(product) ?? true) &&
      cmdlet.roles.some((role) => roles.has(role)),
  );
}
