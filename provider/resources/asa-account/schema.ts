import { z } from "zod";
import { isDistinguishedName } from "../../directory/distinguished-name";
import type { EncryptionType } from "../../directory/encryption-types";
import { defaultConnection } from "../../settings";
import { halfCharacter, isWhole } from "../whole-text";

const replicationSchema = z.strictObject(
  {
    /** Host names of domain controllers, or names of sites; together they say whom to wait for. */
    domainControllers: z
      .union([z.literal("all"), z.array(z.string().min(1)).min(1, { error: 'Name at least one, or use "all"' })], {
        error: 'domainControllers is "all" or a list of host names of domain controllers or of names of sites',
      })
      .default("all"),
    timeoutSeconds: z
      .number({ error: "timeoutSeconds is a number of seconds" })
      .positive({ error: "timeoutSeconds is more than zero; replication: false does not wait at all" })
      .max(86_400, { error: "timeoutSeconds is at most a day, 86400" })
      .default(900),
  },
  { error: "Give false, or an object with domainControllers and timeoutSeconds" },
);

export const schema = z.strictObject({
  connection: z.string().default(defaultConnection),
  name: z.string({ error: "The account's name is a text" }),
  accountType: z.enum(["computer", "user"], { error: 'Use "computer" or "user"' }).default("computer"),
  organizationalUnit: z
    .string({ error: "Give the distinguished name of an organizational unit" })
    .refine(isDistinguishedName, {
      error: "This is not a distinguished name, as OU=Exchange,DC=corp,DC=tailspintoys,DC=com is one",
    })
    .optional(),
  description: z
    .string({ error: "The description is a text" })
    .max(1024, { error: "Active Directory takes at most 1024 characters" })
    .refine(isWhole, { error: halfCharacter })
    .optional(),
  enabled: z.boolean({ error: "Use true or false" }).default(true),
  encryptionTypes: z
    .array(z.enum(["rc4", "aes128", "aes256"], { error: 'Use "rc4", "aes128" and "aes256"' }), {
      error: 'Give a list of "rc4", "aes128" and "aes256"',
    })
    .refine((types) => types.some((type) => type !== "rc4"), {
      error: 'Without "aes128" or "aes256" current domain controllers and clients have no Kerberos for this account',
    })
    .refine((types) => new Set(types).size === types.length, { error: "Name each type once" })
    .default(["rc4", "aes128", "aes256"]),
  password: z
    .string({ error: "The password is a text" })
    .min(1, { error: "Leave the password out for a random one: an empty one is refused" })
    .max(256, { error: "Active Directory takes at most 256 characters" })
    .optional(),
  replication: z
    .union([z.literal(false), replicationSchema], {
      error: (issue) => {
        const branches = issue.code === "invalid_union" ? issue.errors : [];
        return branches.at(-1)?.[0]?.message ?? "Give false, or an object with domainControllers and timeoutSeconds";
      },
    })
    .default({ domainControllers: "all", timeoutSeconds: 900 }),
  adopt: z.boolean({ error: "Use true or false" }).default(false),
});

export type AsaAccountInputs = z.output<typeof schema>;

/**
 * What state holds. Properties with the name of an input are as they were asked for, after a refresh as they were found;
 * `name` is always as asked, and what was found of it is in `samAccountName` and `distinguishedName`.
 */
export interface AsaAccountOutputs extends Omit<AsaAccountInputs, "password"> {
  readonly encryptionTypes: EncryptionType[];
  /** `TAILSPIN\EXCH2016ASA$` */
  readonly qualifiedName: string;
  readonly distinguishedName: string;
  /** With the `$` of a computer. */
  readonly samAccountName: string;
  readonly objectSid: string;
  /** `msDS-KeyVersionNumber`; 0 where the domain controller does not tell. */
  readonly keyVersion: number;
  /** ISO 8601; an empty text where the password was never set. */
  readonly passwordLastSet: string;
  /** It was there before, and stays there on destroy. */
  readonly adopted: boolean;
  /** Where the domain keeps accounts of this type that have no `organizationalUnit`. */
  readonly defaultContainer: string;
  /** Every chosen domain controller was seen to have the account with its password. */
  readonly replicated: boolean;
  /** Tells whether a password given later is the one that was set; see password-verifier.ts. */
  readonly passwordVerifier?: string | undefined;
}
