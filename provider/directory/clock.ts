import { text } from "./attributes";
import { generalizedTimeText } from "./identifiers";
import type { LdapSession } from "./ldap-session";

/** Milliseconds that a domain controller's clock, in whole seconds, is ahead of ours; `undefined` where it does not show it. */
export async function clockAhead(dc: LdapSession): Promise<number | undefined> {
  const [root] = await dc.search("read the clock", "", { scope: "base", attributes: ["currentTime"] });
  const shown = root && generalizedTimeText(text(root, "currentTime") ?? "");
  return shown === undefined ? undefined : Date.parse(shown) - Date.now();
}
