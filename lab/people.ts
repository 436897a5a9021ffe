import { join } from "node:path";
import { mustRun } from "./command";
import { configurationFile, corp, dc1, sambaTool, users, usersDc } from "./domain-controller";
import { password } from "./passwords";

/** Where the examples put the account. */
export const exchangeUnit = `OU=Exchange,${corp.baseDn}`;

/** A mailbox user of each forest: clients of Exchange, and nobodies in the directory. */
export const corpUser = "wendy";
export const contosoUser = "pavel";
/** May do everything below `exchangeUnit`, see what was deleted, and nothing elsewhere. */
export const delegatedUser = "svc-pulumi";

const passwordOf = (user: string, domain = corp) => password(`${user}@${domain.dnsName}`);

export async function createCorpPeople(): Promise<void> {
  await sambaTool(dc1, ["ou", "create", exchangeUnit]);
  for (const user of [corpUser, delegatedUser]) {
    await sambaTool(dc1, ["user", "create", user, passwordOf(user)]);
  }
  const sid = /^objectSid: (.+)$/m.exec(
    await sambaTool(dc1, ["user", "show", delegatedUser, "--attributes=objectSid"]),
  )?.[1];
  if (sid === undefined) throw new Error(`${delegatedUser} has no SID.`);
  // Generic all, on the unit and on what is below it.
  await sambaTool(dc1, ["dsacl", "set", `--objectdn=${exchangeUnit}`, `--sddl=(A;CI;GA;;;${sid})`]);
  await seeDeleted(sid);
}

/** As SECURITY.md has it for who runs `check`. */
async function seeDeleted(sid: string): Promise<void> {
  const script = join(__dirname, "show-deleted.py");
  const object = `CN=Deleted Objects,${corp.baseDn}`;
  await mustRun("/usr/bin/python3", [script, configurationFile(dc1), object, sid]);
}

export async function createContosoPeople(): Promise<void> {
  await sambaTool(usersDc, ["user", "create", contosoUser, passwordOf(contosoUser, users)]);
}
