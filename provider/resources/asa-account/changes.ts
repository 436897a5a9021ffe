import { type Account, type AccountChange, samAccountNameOf } from "../../directory/accounts";
import { commonName, parentOf, sameDistinguishedName } from "../../directory/distinguished-name";
import { type EncryptionType, encryptionTypeBits, encryptionTypesOf } from "../../directory/encryption-types";
import type { AsaAccountInputs } from "./schema";

/** What is to become of an account. A property that is `undefined` is not ours to set. */
export interface Wanted {
  readonly samAccountName: string;
  /** Its name among its siblings. */
  readonly commonName: string | undefined;
  readonly container: string | undefined;
  readonly description: string | undefined;
  readonly enabled: boolean;
  readonly encryptionTypes: readonly EncryptionType[];
}

/** An adopted account keeps its place and its name in the tree unless told otherwise; ours is where the program says. */
export function wantedOf(
  inputs: Pick<AsaAccountInputs, "name" | "accountType" | "description" | "enabled" | "encryptionTypes">,
  container: string | undefined,
  adopted: boolean,
): Wanted {
  return {
    samAccountName: samAccountNameOf(inputs.name, inputs.accountType),
    commonName: adopted ? undefined : inputs.name,
    container,
    description: inputs.description,
    enabled: inputs.enabled,
    encryptionTypes: inputs.encryptionTypes,
  };
}

export function sameText(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

export function sameTypes(one: readonly EncryptionType[], other: readonly EncryptionType[]): boolean {
  return one.length === other.length && one.every((type) => other.includes(type));
}

export interface Plan {
  readonly change: AccountChange;
  readonly move: { readonly container: string; readonly name: string } | undefined;
  /** One line each: `enabled: false → true`. */
  readonly lines: readonly string[];
}

/** What has to be done to an account as it is now. Nothing, where nothing differs. */
export function planFor(account: Account, wanted: Wanted): Plan {
  const lines: string[] = [];
  const differs = (what: string, old: string, now: string, different: boolean) => {
    if (different) lines.push(`${what}: ${old} → ${now}`);
    return different;
  };
  const types = encryptionTypesOf(account.encryptionTypeBits);
  const oldDescription = account.description ?? "";
  const { description, enabled, encryptionTypes, samAccountName } = wanted;
  const change: AccountChange = {
    ...(differs(
      "sAMAccountName",
      account.samAccountName,
      samAccountName,
      !sameText(account.samAccountName, samAccountName),
    ) && { samAccountName }),
    ...(description !== undefined &&
      differs("description", `"${oldDescription}"`, `"${description}"`, oldDescription !== description) && {
        description,
      }),
    ...(differs("enabled", String(account.enabled), String(enabled), account.enabled !== enabled) && { enabled }),
    ...(differs(
      "encryption types",
      types.join(", ") || "not set",
      encryptionTypes.join(", "),
      !sameTypes(types, encryptionTypes),
    ) && { encryptionTypeBits: encryptionTypeBits(encryptionTypes, account.encryptionTypeBits) }),
  };
  const place = parentOf(account.distinguishedName);
  const ownName = commonName(account.distinguishedName);
  const container = wanted.container ?? place;
  const name = wanted.commonName ?? ownName;
  const moved = differs("place", place, container, !sameDistinguishedName(place, container));
  const renamed = differs("name", ownName, name, !sameText(ownName, name));
  return { change, move: moved || renamed ? { container, name } : undefined, lines };
}
