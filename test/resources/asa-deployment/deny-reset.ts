import { Attribute, Change, type Client } from "ldapts";
import { dc1, sambaTool } from "../../../lab/domain-controller";

/** The right "Reset password" (MS-ADTS 5.1.3.2.1). */
const resetPassword = "00299570-246d-11d0-a768-00aa006e0529";

/** Takes from the administrator the right to set the password of an account. @returns what gives it back */
export async function denyReset(admin: Client, distinguishedName: string): Promise<() => Promise<void>> {
  const type = "nTSecurityDescriptor";
  const options = { scope: "base" as const, attributes: [type], explicitBufferAttributes: [type] };
  const before = (await admin.search(distinguishedName, options)).searchEntries[0]?.[type];
  const administrator = await sambaTool(dc1, ["user", "show", "Administrator", "--attributes=objectSid"]);
  const [, sid] = /^objectSid: (.+)$/m.exec(administrator) ?? [];
  const sddl = `--sddl=(OD;;CR;${resetPassword};;${sid})`;
  await sambaTool(dc1, ["dsacl", "set", `--objectdn=${distinguishedName}`, sddl]);
  return async () => {
    const modification = new Attribute({ type, values: [before as Buffer] });
    await admin.modify(distinguishedName, new Change({ operation: "replace", modification }));
  };
}
