import { account } from "./account";
import { dns } from "./dns";
import type { Fault } from "./fault";
import { server } from "./server";
import { spn } from "./spn";
import { trust } from "./trust";

export const faults: readonly Fault[] = [...dns, ...account, ...spn, ...trust, ...server];

/** What the other domain controller has to hear of: it is asked for passwords and for host names. */
export function replicated({ check }: Fault): "domain" | "dns" | undefined {
  if (check.startsWith("dns-")) return "dns";
  const passwords = /^account-(exists|kind|usable|aes-keys|clean-up|password-age|replicated)$/;
  return passwords.test(check) ? "domain" : undefined;
}

/** Faults of replication itself. */
export function isLag({ check }: Fault): boolean {
  return check === "dns-same-answer" || check === "account-replicated";
}
