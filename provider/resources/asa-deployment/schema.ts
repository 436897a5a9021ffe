import { z } from "zod";
import { defaultConnection } from "../../settings";
import { holdsUnknown } from "../compare";
import type { Preview } from "../handler";
import { serverName } from "../server-name";
import { rotationWindow } from "./rotation-window";

const serverNames = z
  .array(serverName, { error: "Give a list of servers" })
  .refine((names) => new Set(names).size === names.length, { error: "A server is named twice" });

export const schema = z.strictObject({
  connection: z.string().default(defaultConnection),
  account: z
    .string({ error: "Give the account as DOMAIN\\name$, which is AsaAccount's qualifiedName" })
    .max(512, { error: "An account's qualified name has at most 512 characters" })
    // The form that both Exchange and its script take: no spaces, one backslash.
    .regex(/^[^\s\\/]+\\[^\s\\/]+$/, {
      error: "Give the account as DOMAIN\\name$, without spaces, which is AsaAccount's qualifiedName",
    }),
  servers: serverNames.refine((names) => names.length > 0, { error: "Name at least one server" }),
  method: z.enum(["script", "cmdlet"], { error: 'Use "script" or "cmdlet"' }).default("script"),
  mayBeAbsent: serverNames.default([]),
  adopt: z.boolean({ error: "Use true or false" }).default(false),
  rotation: z
    .strictObject({
      maxPasswordAgeDays: z
        .number({ error: "Give a number of days" })
        .int("Give whole days")
        .min(1, "Give at least one day")
        .optional(),
      trigger: z.string({ error: "Give a text; another text rolls the password" }).optional(),
      window: rotationWindow.optional(),
    })
    .optional(),
});

export type AsaDeploymentInputs = z.output<typeof schema>;

/** Inputs of which nothing is still to be made; `undefined` for others. */
export function known<T extends object>(inputs: { readonly [K in keyof T]: Preview<T[K]> }): T | undefined {
  return holdsUnknown(inputs) ? undefined : (inputs as T);
}

/** What one server has. */
export const serverConditions = [
  /** Our account is its newest credential, and its password is the present one. */
  "deployed",
  /** Our account is its newest credential; whether its password is the present one is not known. */
  "unconfirmed",
  /** The account got another password since, and the server did not. */
  "stale",
  /** Another account is the newest. */
  "other-account",
  /** It has no credential, or nothing is known of it. */
  "missing",
  /** It could not be reached, which `mayBeAbsent` allows. */
  "absent",
] as const;
export type ServerCondition = (typeof serverConditions)[number];

export interface ServerState {
  readonly server: string;
  readonly version: string;
  readonly condition: ServerCondition;
  /** Newest credential's account; empty where there is none. */
  readonly account: string;
  /** When the server got it, as the server tells it. */
  readonly added: string;
  readonly hasPrevious: boolean;
  /** Whose credentials it has besides. */
  readonly otherAccounts: readonly string[];
  /** When the account had got its password, at the time of this look: ISO 8601. */
  readonly passwordLastSet: string;
}

/** What state holds; never a password. */
export interface AsaDeploymentOutputs extends AsaDeploymentInputs {
  readonly accountGuid: string;
  /** When the account got its present password: ISO 8601. */
  readonly passwordLastSet: string;
  /** The servers wanted, and those that still have to lose the credential. */
  readonly deployed: readonly ServerState[];
  /** Accounts that this resource deployed before; theirs is ours to remove. */
  readonly formerAccounts: readonly string[];
  /** The credentials were there before the stack, and stay on destroy. */
  readonly adopted: boolean;
}
