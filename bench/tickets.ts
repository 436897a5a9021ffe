import { join } from "node:path";
import { mustRun } from "../lab/command";
import { corp } from "../lab/domain-controller";
import { password } from "../lab/passwords";
import { delegatedUser } from "../lab/people";

/** A credential cache in a folder, with the logon of the lab's administrator of Exchange. */
export async function freshTickets(folder: string): Promise<string> {
  const cache = `FILE:${join(folder, "ccache")}`;
  const input = `${password(`${delegatedUser}@${corp.dnsName}`)}\n`;
  await mustRun("kinit", ["-c", cache, `${delegatedUser}@${corp.realm}`], { input });
  return cache;
}
