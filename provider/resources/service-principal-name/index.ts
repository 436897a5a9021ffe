import { type Account, readAccount, readAccountTogether } from "../../directory/accounts";
import type { Directory } from "../../directory/directory";
import { findQualified, requireServed } from "../../directory/qualified-name";
import { sameSpn } from "../../directory/service-principal-name";
import { ProviderError } from "../../error";
import { accountMoves, isOwnAccount } from "../account-fates";
import { requireCredential } from "../asa-deployment/presence";
import { type Context, type ResourceHandler, unknown } from "../handler";
import { check } from "./check";
import { claimName, hasName, releaseName } from "./holders";
import { claimedTwice, claimsOf } from "./program-claims";
import { type SpnInputs, type SpnOutputs, schema } from "./schema";

/**
 * One service principal name on the alternate service account (article, "Associate Service Principal Names (SPNs) with
 * the ASA credential"). One value is added or removed; the others of the account are never touched.
 * Its id is the name in lower case, which a forest can have only once.
 */
export const servicePrincipalName: ResourceHandler<SpnInputs, SpnOutputs> = {
  schema,
  check,

  async diff(_id, olds, news, context) {
    const { directory } = context.connection(news.connection);
    const replace = news.spn === unknown || !sameSpn(olds.spn, news.spn) ? ["spn"] : [];
    const moves = accountMoves(directory, olds, news.account);
    // The other inputs say what may be done to get the name; once it is there they change nothing.
    return { changed: [...replace, ...(moves ? ["account"] : [])], replace };
  },

  async create(inputs, context) {
    const { directory } = context.connection(inputs.connection);
    const { spn } = inputs;
    const id = spn.toLowerCase();
    const claims = claimsOf(directory);
    if (!claims.takes(spn)) {
      // The resource may also be its own rival, where Pulumi makes the replacement before it deletes what is replaced.
      throw new ProviderError("refused", claimedTwice(spn), {
        hint: "Where it is one, which Pulumi was told to replace, give it the option deleteBeforeReplace: true.",
      });
    }
    try {
      return await onOwner(directory, inputs, async (account) => {
        if (hasName(account, spn)) {
          const adopted = !claims.inherits(spn) && !isOwnAccount(directory, account.guid);
          const whose = adopted ? "it is adopted, and stays on destroy" : "it is the stack's, and goes on destroy";
          context.progress(`${account.samAccountName} has ${spn} already: ${whose}`);
          return { id, outputs: outputsOf(inputs, account, adopted) };
        }
        await afterDeployment(inputs, account, context);
        const incomplete = await claim(directory, account, inputs);
        return { id, outputs: outputsOf(inputs, account, false), incomplete };
      });
    } catch (thrown) {
      claims.gaveUp(spn);
      throw thrown;
    }
  },

  async read(_id, olds, context) {
    const { directory } = context.connection(olds.connection);
    const account = await readAccountTogether(directory, olds.accountGuid);
    if (account === undefined) await requireServed(directory, olds.account);
    if (account === undefined || !hasName(account, olds.spn)) return undefined;
    const { accountGuid: _, distinguishedName: __, adopted, ...inputs } = olds;
    return { outputs: outputsOf(inputs, account, adopted), inputs };
  },

  /** The name goes to another account: taken off the old one first, as no two may have it. */
  async update(_id, olds, news, context) {
    const { directory } = context.connection(news.connection);
    return onOwner(directory, news, async (account) => {
      if (!hasName(account, news.spn)) {
        await afterDeployment(news, account, context);
        const former = account.guid === olds.accountGuid ? undefined : await readAccount(directory, olds.accountGuid);
        const takeFrom = former === undefined ? news.takeFrom : [...news.takeFrom, former.distinguishedName];
        await claimName(directory, account, { ...news, takeFrom });
      }
      const adopted = olds.adopted && account.guid === olds.accountGuid;
      return { outputs: outputsOf(news, account, adopted) };
    });
  },

  async delete(_id, olds, context) {
    const { directory } = context.connection(olds.connection);
    const { accountGuid, distinguishedName, spn, adopted } = olds;
    await directory.locks.run(accountGuid, async () => {
      if (!claimsOf(directory).releases(spn, !adopted)) {
        context.progress(`${spn} stays on ${distinguishedName}: another resource of the program has it now`);
      } else if (adopted) {
        context.progress(
          `warning: ${distinguishedName} had ${spn} before the stack, and keeps it. Remove it (setspn -D) if no server has ` +
            "the credential any more, or clients get tickets that nobody can read.",
        );
      } else {
        await requireServed(directory, olds.account);
        await releaseName(directory, accountGuid, spn);
      }
    });
  },
};

/**
 * Works on the account of a name alone among the resources of this run. If it has the name, that is looked at once more then:
 * another resource may just have been taking it off.
 */
async function onOwner<T>(directory: Directory, inputs: SpnInputs, work: (account: Account) => Promise<T>): Promise<T> {
  const found = await ownerOf(directory, inputs);
  return directory.locks.run(found.guid, async () =>
    work(hasName(found, inputs.spn) ? await ownerOf(directory, inputs) : found),
  );
}

/**
 * The account did not have the name a moment ago: if it has it now, it is ours. A claim whose outcome is not known goes into
 * state, or the next run would take the name for a stranger's and leave it there on destroy.
 * @returns why it is not known; `undefined` where the account has the name
 */
async function claim(directory: Directory, account: Account, inputs: SpnInputs): Promise<ProviderError | undefined> {
  try {
    await claimName(directory, account, inputs);
    return undefined;
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    if (error.code !== "directory-unclear") throw error;
    return error;
  }
}

async function ownerOf(directory: Directory, { account }: SpnInputs): Promise<Account> {
  const found = await findQualified(directory, account);
  if (found !== undefined) return found;
  throw new ProviderError("directory-not-found", `There is no account ${account}.`, {
    hint: "Take the qualifiedName of an AsaAccount, or write DOMAIN\\name$.",
  });
}

/** "Don't associate SPNs with an ASA credential until you have deployed that credential to at least one Exchange Server" (article). */
async function afterDeployment(inputs: SpnInputs, { guid: accountGuid }: Account, context: Context): Promise<void> {
  const { deployment, account, connection, allowBeforeDeployment } = inputs;
  if (deployment === undefined || allowBeforeDeployment) return;
  await requireCredential({ connection, deployment, account, accountGuid }, context);
}

function outputsOf(inputs: SpnInputs, account: Account, adopted: boolean): SpnOutputs {
  return { ...inputs, accountGuid: account.guid, distinguishedName: account.distinguishedName, adopted };
}
