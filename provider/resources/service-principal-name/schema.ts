import { z } from "zod";
import { isDistinguishedName } from "../../directory/distinguished-name";
import { parseServicePrincipalName } from "../../directory/service-principal-name";
import { defaultConnection } from "../../settings";
import { deploymentId } from "../asa-deployment/presence";

const yesOrNo = z.boolean({ error: "Use true or false" }).default(false);

export const schema = z.strictObject({
  connection: z.string().default(defaultConnection),
  account: z
    .string({ error: "Give the account as DOMAIN\\name$, which is AsaAccount's qualifiedName" })
    .max(512, { error: "An account's qualified name has at most 512 characters" })
    .regex(/^[^\\/\s][^\\/]*[\\/][^\\/]*[^\\/\s]$/, {
      error: "Give the account as DOMAIN\\name$, which is AsaAccount's qualifiedName",
    }),
  spn: z
    .string({ error: "Give the service principal name as a text: http/mail.corp.tailspintoys.com" })
    .max(1024, { error: "A service principal name has at most 1024 characters" })
    .refine((text) => parseServicePrincipalName(text) !== undefined, {
      error: "A service principal name has the form class/host[:port][/name], as http/mail.corp.tailspintoys.com",
    }),
  /** It puts this resource behind the deployment, of which a server must have the credential. */
  deployment: z
    .string({ error: "Give the id of an AsaDeployment" })
    .regex(deploymentId, "Give the id of an AsaDeployment")
    .optional(),
  allowBeforeDeployment: yesOrNo,
  takeFrom: z
    .array(
      z.string().refine(isDistinguishedName, {
        error: "This is not a distinguished name, as CN=OLDASA,CN=Computers,DC=corp,DC=tailspintoys,DC=com is one",
      }),
      { error: "Give a list of distinguished names" },
    )
    .default([]),
  allowShortName: yesOrNo,
  allowIpAddress: yesOrNo,
  allowServerName: yesOrNo,
});

export type SpnInputs = z.output<typeof schema>;

/** What state holds: the inputs, and on which object the name is. */
export interface SpnOutputs extends SpnInputs {
  /** objectGUID of the account, by which it is found after a move or a new name. */
  readonly accountGuid: string;
  readonly distinguishedName: string;
  /** The account had the name before, and keeps it on destroy. */
  readonly adopted: boolean;
}
