import { type Account, findAccount, findContainer, samAccountNameOf } from "../../directory/accounts";
import type { Directory } from "../../directory/directory";
import { chosenControllers } from "../../directory/replication";
import { ProviderError } from "../../error";
import { accountWillBeAdopted } from "../account-fates";
import { changedProperties } from "../compare";
import { type Context, type PreviewInputs, type Refusal, unknown } from "../handler";
import { isSecondAbout } from "../new-in-program";
import { perDomain } from "../per-domain";
import { nameRefusal, nameWarning } from "./account-name";
import { planFor, wantedOf } from "./changes";
import { adoptionRefusal, adoptionWarnings } from "./existing-account";
import type { AsaAccountInputs } from "./schema";

/**
 * Accounts that state has, by sAMAccountName. Before a replacement `check` is called again as if for a new resource, and
 * must then not mistake the account that is about to be replaced for a stranger's.
 */
const inState = perDomain(() => new Set<string>());

type Checked = PreviewInputs<AsaAccountInputs>;

/** Asks the directory only about what the program has changed, so that a preview without changes does not need it. */
export async function check(inputs: Checked, olds: Partial<AsaAccountInputs>, context: Context): Promise<Refusal[]> {
  const { name, accountType, organizationalUnit, password, adopt, replication } = inputs;
  const refusals: Refusal[] = [];
  const refuse = (property: keyof AsaAccountInputs | `replication.${string}`, reason: string | undefined) => {
    if (reason !== undefined) refusals.push({ property, reason });
  };
  const directory = () => context.connection(inputs.connection).directory;

  if (olds.name !== undefined) {
    inState(directory()).add(samAccountNameOf(olds.name, olds.accountType ?? "computer").toLowerCase());
  }
  if (name !== unknown && accountType !== unknown) refuse("name", nameRefusal(name, accountType));
  if (adopt === true && password !== undefined) {
    refuse("password", "An account that is adopted keeps its password: leave this out.");
  }
  if (refusals.length > 0) return refusals;

  const changed = changedProperties(olds, inputs, ["name", "accountType", "organizationalUnit", "replication"]);
  if (changed.includes("organizationalUnit") && typeof organizationalUnit === "string") {
    if ((await findContainer(directory(), organizationalUnit)) === undefined) {
      refuse("organizationalUnit", noSuchContainer(organizationalUnit));
    }
  }
  if (changed.includes("replication") && replication !== unknown && replication !== false) {
    const { domainControllers } = replication;
    if (Array.isArray(domainControllers) && !domainControllers.includes(unknown)) {
      refuse("replication.domainControllers", await strangeController(directory(), domainControllers));
    }
  }
  const another = changed.includes("name") || changed.includes("accountType");
  if (another && name !== unknown && accountType !== unknown && refusals.length === 0) {
    const samAccountName = samAccountNameOf(name, accountType);
    const warning = nameWarning(name);
    if (warning !== undefined) context.progress(warning);
    const isSecond = olds.name === undefined && isSecondAbout(directory(), `account ${samAccountName}`);
    refuse("name", isSecond ? ofProgram(samAccountName) : await existingAccount(inputs, name, accountType, context));
  }
  return refusals;
}

export function noSuchContainer(distinguishedName: string): string {
  return `There is no organizational unit or container ${distinguishedName}, or it may not be read.`;
}

async function strangeController(directory: Directory, names: readonly string[]): Promise<string | undefined> {
  try {
    await chosenControllers(directory, names);
    return undefined;
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    if (error.code !== "input-invalid") throw error;
    return error.message;
  }
}

/** Why the account that has this name stands in the way. With `adopt` it does not: then this tells what would change. */
async function existingAccount(
  inputs: Checked,
  name: string,
  accountType: "computer" | "user",
  context: Context,
): Promise<string | undefined> {
  const { directory } = context.connection(inputs.connection);
  const samAccountName = samAccountNameOf(name, accountType);
  if (inState(directory).has(samAccountName.toLowerCase())) return undefined;
  const account = await findAccount(directory, samAccountName);
  if (account === undefined) return undefined;
  if (inputs.adopt === unknown) return undefined;
  if (!inputs.adopt) return taken(account);
  const refusal = adoptionRefusal(account, accountType);
  if (refusal !== undefined) return refusal;
  accountWillBeAdopted(directory, account.guid);
  const { organizationalUnit, description, enabled, encryptionTypes } = inputs;
  if (enabled === unknown || encryptionTypes === unknown || encryptionTypes.includes(unknown)) return undefined;
  const wanted = wantedOf(
    {
      name,
      accountType,
      description: description === unknown ? undefined : description,
      enabled,
      encryptionTypes: encryptionTypes as AsaAccountInputs["encryptionTypes"],
    },
    organizationalUnit === unknown ? undefined : organizationalUnit,
    true,
  );
  const { lines } = planFor(account, wanted);
  context.progress(adoptionReport(account.distinguishedName, lines, "would adopt"));
  for (const warning of await adoptionWarnings(directory, account)) context.progress(warning);
  return undefined;
}

/** A run that was killed when it had just made the account could not write that down; nobody else can tell whose it is. */
export function taken({ samAccountName, distinguishedName, created, servicePrincipalNames }: Account): string {
  const leftover =
    servicePrincipalNames.length > 0
      ? ""
      : ` It was made at ${created ?? "an unknown time"} and has no service principal names: if that was a run which broke ` +
        "off, delete it and run pulumi up again.";
  return (
    `The name ${samAccountName} is taken by ${distinguishedName}. If a resource of this program has it under its former name, give ` +
    "that as an alias. If it was there before, and is meant, take it over with adopt: true; its password stays, and so does it on " +
    `destroy.${leftover}`
  );
}

/** Nobody is to delete an account, or to take it over, that a resource beside this one has. */
export function ofProgram(samAccountName: string): string {
  return (
    `The name ${samAccountName} is that of another AsaAccount of this program. Use the outputs of that one in both places, or ` +
    "give this one another name."
  );
}

export function adoptionReport(distinguishedName: string, lines: readonly string[], verb: string): string {
  return `${verb} ${distinguishedName}: ${lines.length === 0 ? "nothing to change" : lines.join("; ")}; its password stays`;
}
