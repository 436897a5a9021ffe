import { corp, dc1, sambaTool, users, usersDc } from "./domain-controller";
import { password } from "./passwords";

/** Where the examples put the account. */
export const exchangeUnit = `OU=Exchange,${corp.baseDn}`;

/** A mailbox user of each forest: clients of Exchange, and nobodies in the directory. */
export const corpUser = "wendy";
export const contosoUser = "pavel";
/** May do everything below `exchangeUnit`, and nothing elsewhere. */
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
  // Generic all, on the unit and on what is below it.
  await sambaTool(dc1, ["dsacl", "set", `--objectdn=${exchangeUnit}`, `--sddl=(A;CI;GA;;;${sid})`]);
}

export async function createContosoPeople(): Promise<void> {
  await sambaTool(usersDc, ["user", "create", contosoUser, passwordOf(contosoUser, users)]);
}
