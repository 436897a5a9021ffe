import {
  type Account,
  addAccount,
  changeAccount,
  deleteAccount,
  findAccount,
  findContainer,
  moveAccount,
  readAccount,
  readAccountTogether,
  samAccountNameOf,
  setPassword,
} from "../../directory/accounts";
import type { Directory } from "../../directory/directory";
import { commonName, parentOf, sameDistinguishedName } from "../../directory/distinguished-name";
import { encryptionTypeBits, encryptionTypesOf } from "../../directory/encryption-types";
import { randomPassword } from "../../directory/password";
import { qualifiedNameOf, requireServed } from "../../directory/qualified-name";
import { awaitReplication, chosenControllers, type DomainController } from "../../directory/replication";
import { ProviderError } from "../../error";
import {
  accountHasMovedOn,
  accountIsOwn,
  accountWasAdopted,
  accountWasMade,
  accountWill,
  isOfProgram,
} from "../account-fates";
import { changedProperties } from "../compare";
import {
  type Context,
  type Difference,
  type PreviewInputs,
  type ResourceHandler,
  unknown,
  type Written,
} from "../handler";
import { planFor, sameText, sameTypes, type Wanted, wantedOf } from "./changes";
import { adoptionReport, check, noSuchContainer, ofProgram, taken } from "./check";
import { adoptionRefusal, adoptionWarnings } from "./existing-account";
import { passwordVerifier, verifies } from "./password-verifier";
import { type AsaAccountInputs, type AsaAccountOutputs, schema } from "./schema";

type Inputs = AsaAccountInputs;
type Outputs = AsaAccountOutputs;

/**
 * The alternate service account (article, "Create the alternate service account credential").
 * Its id is the objectGUID, so that it is found again wherever it was moved and however it was renamed.
 */
export const asaAccount: ResourceHandler<Inputs, Outputs> = {
  schema,
  secrets: ["password"],
  check,

  async diff(id, olds, news, context): Promise<Difference> {
    const replace = [
      ...(news.name === unknown || !sameText(olds.name, news.name) ? ["name"] : []),
      ...changedProperties(olds, news, ["accountType"]),
    ];
    const changed = [
      ...replace,
      ...(replace.includes("name") || !renamedByHand(olds) ? [] : ["name"]),
      ...(placeDiffers(olds, news) ? ["organizationalUnit"] : []),
      ...(news.description === unknown || (news.description ?? "") !== (olds.description ?? "") ? ["description"] : []),
      ...changedProperties(olds, news, ["enabled"]),
      ...(typesDiffer(olds, news) ? ["encryptionTypes"] : []),
      ...((await passwordDiffers(olds, news)) ? ["password"] : []),
      ...(olds.replicated || news.replication === false ? [] : ["replication"]),
    ];
    const { directory } = context.connection(news.connection);
    // Another name of the connection is a change as well, which nobody but the runtime speaks of.
    const changes = changed.length > 0 || olds.connection !== news.connection;
    accountWill(directory, olds.qualifiedName, replace.length > 0 ? "goes" : changes ? "changes" : "unchanged");
    if (olds.adopted) accountWasAdopted(directory, id);
    else accountIsOwn(directory, id);
    return { changed, replace };
  },

  async create(inputs, context) {
    const { directory } = context.connection(inputs.connection);
    const { replication } = inputs;
    const samAccountName = samAccountNameOf(inputs.name, inputs.accountType);
    return directory.locks.run(samAccountName.toLowerCase(), async () => {
      // Whatever may be wrong with the inputs is found before anything is written.
      const controllers = await controllersOf(directory, replication);
      const container = await containerOf(directory, inputs);
      const existing = await findAccount(directory, samAccountName);
      const adopted = existing !== undefined;
      const account = adopted ? await adopt(existing, inputs, context) : await add(directory, inputs, container);
      if (adopted) accountWasAdopted(directory, account.guid);
      const verifier = inputs.password === undefined ? undefined : await passwordVerifier(inputs.password);
      const written = await settle(directory, account, controllers, { inputs, adopted, verifier, context });
      accountWasMade(directory, written.outputs.qualifiedName, account.guid);
      return { id: account.guid, ...written };
    });
  },

  async read(id, olds, context) {
    const { directory } = context.connection(olds.connection);
    const account = await readAccountTogether(directory, id);
    if (account === undefined) {
      await requireServed(directory, olds.qualifiedName);
      return undefined;
    }
    const { name, accountType, adopt, connection, replication } = olds;
    const found = {
      connection,
      accountType,
      replication,
      adopt,
      enabled: account.enabled,
      encryptionTypes: encryptionTypesOf(account.encryptionTypeBits),
      // Where the program says nothing about it, it is not ours to look at.
      ...(olds.description !== undefined && account.description !== undefined && { description: account.description }),
    };
    const { passwordVerifier: verifier, adopted, replicated } = olds;
    const place = parentOf(account.distinguishedName);
    const facts = await factsOf(directory, account, accountType);
    const outputs: Outputs = {
      ...found,
      ...facts,
      name,
      adopted,
      replicated,
      organizationalUnit: olds.organizationalUnit && place,
      passwordVerifier: verifier,
    };
    const strayed = !adopted && !sameDistinguishedName(place, facts.defaultContainer);
    const inputs: Inputs = {
      ...found,
      name: sameText(account.samAccountName, samAccountNameOf(name, accountType))
        ? name
        : account.samAccountName.replace(/\$$/, ""),
      ...((olds.organizationalUnit !== undefined || strayed) && { organizationalUnit: place }),
    };
    return { outputs, inputs };
  },

  async update(id, olds, news, context) {
    const { directory } = context.connection(news.connection);
    return directory.locks.run(id, async () => {
      const controllers = await controllersOf(directory, news.replication);
      const before = await readAccount(directory, id);
      if (before === undefined) {
        throw new ProviderError("directory-not-found", `The account ${olds.distinguishedName} is gone.`, {
          hint: "Run pulumi refresh, then pulumi up makes it anew.",
        });
      }
      const container = olds.adopted && !news.organizationalUnit ? undefined : await containerOf(directory, news);
      // Left out now, asked for before: it is taken off again.
      const description = news.description ?? (olds.description === undefined ? undefined : "");
      await apply(directory, before, wantedOf({ ...news, description }, container, olds.adopted));
      const newPassword = (await passwordDiffers(olds, news)) ? news.password : undefined;
      if (newPassword !== undefined) await setPassword(directory, before, newPassword);
      const verifier = newPassword === undefined ? olds.passwordVerifier : await passwordVerifier(newPassword);
      const account = (await readAccount(directory, id)) ?? before;
      const pending = newPassword !== undefined || !olds.replicated;
      return settle(directory, account, pending ? controllers : undefined, {
        inputs: news,
        adopted: olds.adopted,
        verifier,
        context,
      });
    });
  },

  async delete(id, olds, context) {
    if (olds.adopted) {
      context.progress(`${olds.distinguishedName} was there before the stack, and stays`);
      return;
    }
    const { directory } = context.connection(olds.connection);
    if (accountHasMovedOn(directory, id)) {
      context.progress(`${olds.distinguishedName} stays: another resource of the program has it now`);
      return;
    }
    await directory.locks.run(id, async () => {
      const account = await readAccount(directory, id);
      if (account === undefined) await requireServed(directory, olds.qualifiedName);
      else await deleteAccount(directory, account);
    });
  },
};

async function add(directory: Directory, inputs: Inputs, container: string): Promise<Account> {
  return addAccount(directory, {
    name: inputs.name,
    accountType: inputs.accountType,
    container,
    description: inputs.description,
    enabled: inputs.enabled,
    encryptionTypeBits: encryptionTypeBits(inputs.encryptionTypes),
    password: inputs.password ?? randomPassword(),
  });
}

/** Takes over an account that is there, without a new password: servers may be using the present one. */
async function adopt(account: Account, inputs: Inputs, context: Context): Promise<Account> {
  const { distinguishedName, guid } = account;
  const { directory } = context.connection(inputs.connection);
  if (!inputs.adopt) {
    throw new ProviderError(
      "directory-conflict",
      isOfProgram(directory, guid) ? ofProgram(account.samAccountName) : taken(account),
    );
  }
  const refusal = adoptionRefusal(account, inputs.accountType);
  if (refusal !== undefined) throw new ProviderError("refused", refusal);
  for (const warning of await adoptionWarnings(directory, account)) context.progress(warning);
  const container = inputs.organizationalUnit && (await containerOf(directory, inputs));
  const lines = await apply(directory, account, wantedOf(inputs, container, true));
  context.progress(adoptionReport(distinguishedName, lines, "adopted"));
  return (await readAccount(directory, guid)) ?? account;
}

/** Makes an account as it is wanted, writing only what differs. */
async function apply(directory: Directory, account: Account, wanted: Wanted): Promise<readonly string[]> {
  const { change, move, lines } = planFor(account, wanted);
  await changeAccount(directory, account, change);
  if (move !== undefined) await moveAccount(directory, account, move.container, move.name);
  return lines;
}

/** Waits for the other domain controllers, and makes the state of what there is. */
async function settle(
  directory: Directory,
  account: Account,
  controllers: readonly DomainController[] | undefined,
  made: { inputs: Inputs; adopted: boolean; verifier: string | undefined; context: Context },
): Promise<Written<Outputs>> {
  const { inputs, adopted, verifier, context } = made;
  const { password, ...asked } = inputs;
  const { replication } = inputs;
  const late =
    controllers === undefined || replication === false
      ? undefined
      : await awaitReplication(directory, account, controllers, {
          timeoutSeconds: replication.timeoutSeconds,
          signal: context.signal,
          progress: (line) => context.progress(line),
          // What was written is in the directory: a controller that cannot be asked must not keep it out of state.
        }).catch((thrown: unknown) => ProviderError.from(thrown));
  const outputs: Outputs = {
    ...asked,
    ...(await factsOf(directory, account, inputs.accountType)),
    adopted,
    // Not to wait is an answer too: nothing is left to be done.
    replicated: late === undefined,
    passwordVerifier: verifier,
  };
  return { outputs, incomplete: late };
}

async function factsOf(directory: Directory, account: Account, accountType: Inputs["accountType"]) {
  const { computersContainer, usersContainer } = await directory.forest();
  return {
    qualifiedName: await qualifiedNameOf(directory, account.samAccountName),
    distinguishedName: account.distinguishedName,
    samAccountName: account.samAccountName,
    objectSid: account.sid,
    keyVersion: account.keyVersion ?? 0,
    passwordLastSet: account.passwordLastSet ?? "",
    defaultContainer: accountType === "computer" ? computersContainer : usersContainer,
  };
}

/** Where a new account goes, as the directory spells it. */
async function containerOf(directory: Directory, inputs: Inputs): Promise<string> {
  const { organizationalUnit, accountType } = inputs;
  if (organizationalUnit === undefined) {
    const { computersContainer, usersContainer } = await directory.forest();
    return accountType === "computer" ? computersContainer : usersContainer;
  }
  const found = await findContainer(directory, organizationalUnit);
  if (found === undefined) throw new ProviderError("directory-not-found", noSuchContainer(organizationalUnit));
  return found;
}

async function controllersOf(
  directory: Directory,
  replication: Inputs["replication"],
): Promise<readonly DomainController[] | undefined> {
  return replication === false ? undefined : chosenControllers(directory, replication.domainControllers);
}

/** Whether somebody has given the account another name since; it gets the old one back, it is not made anew. */
function renamedByHand(olds: Outputs): boolean {
  const { name, accountType, adopted, samAccountName, distinguishedName } = olds;
  return (
    !sameText(samAccountName, samAccountNameOf(name, accountType)) ||
    (!adopted && !sameText(commonName(distinguishedName), name))
  );
}

function placeDiffers(olds: Outputs, news: PreviewInputs<Inputs>): boolean {
  const { organizationalUnit } = news;
  if (organizationalUnit === unknown) return true;
  if (organizationalUnit === undefined && olds.adopted) return false;
  return !sameDistinguishedName(parentOf(olds.distinguishedName), organizationalUnit ?? olds.defaultContainer);
}

function typesDiffer(olds: Outputs, news: PreviewInputs<Inputs>): boolean {
  const { encryptionTypes } = news;
  if (encryptionTypes === unknown || encryptionTypes.includes(unknown)) return true;
  return !sameTypes(olds.encryptionTypes, encryptionTypes as Inputs["encryptionTypes"]);
}

/** A password that is left out is nobody's business any more, and stays. */
async function passwordDiffers(olds: Outputs, news: Pick<PreviewInputs<Inputs>, "password">): Promise<boolean> {
  if (news.password === unknown) return true;
  return news.password !== undefined && !(await verifies(olds.passwordVerifier, news.password));
}
