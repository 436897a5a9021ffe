import { encryptionTypesOf } from "../directory/encryption-types";
import { spnHolders } from "../directory/spn-holders";
import { ProviderError } from "../error";
import type { Check, CheckResult } from "./check";
import type { AccountSummary, CheckReport, NameSummary, ServerSummary } from "./report";
import { runbook } from "./runbook";
import { Subject } from "./subject";
import type { Selection, World } from "./world";

/**
 * Runs the runbook, or the part of it that was asked for. Nothing is written anywhere. What a check cannot see is a result
 * of its own, `unknown`, and keeps no other check from its work.
 * @throws ProviderError `input-invalid` for a check that is not in the runbook.
 */
export async function runChecks(world: World, selection: Selection): Promise<CheckReport> {
  const at = new Date().toISOString();
  const chosen = chosenChecks(selection);
  const subject = new Subject(world, selection);
  const found = new Map(
    await Promise.all(chosen.map(async (check) => [check, await resultsOf(check, subject)] as const)),
  );
  const missed = missedChecks(found, selection);
  const results = [...found].flatMap(([check, own]) => (missed.has(check) ? [nothingToLookAt(check, subject)] : own));
  return {
    at,
    domain: world.settings.domain,
    problem: await problemOf(subject),
    account: await accountSummary(subject),
    names: await nameSummaries(subject),
    servers: await serverSummaries(subject),
    results: results.map((result) => explained(result, results)),
  };
}

function meets({ id }: Check, word: string): boolean {
  return id === word || id.startsWith(`${word}-`);
}

function chosenChecks({ only, skip = [] }: Selection): readonly Check[] {
  const strange = [...(only ?? []), ...skip].find((word) => !runbook.some((check) => meets(check, word)));
  if (strange !== undefined) {
    throw new ProviderError("input-invalid", `There is no check ${strange}.`, {
      hint: `The checks are ${runbook.map(({ id }) => id).join(", ")}.`,
    });
  }
  const chosen = runbook.filter(
    (check) => (only?.some((word) => meets(check, word)) ?? true) && !skip.some((word) => meets(check, word)),
  );
  if (chosen.length > 0) return chosen;
  throw new ProviderError("input-invalid", "No check is left to run.", {
    hint: "What is to be run alone must not be left out as well.",
  });
}

/**
 * A check that finds nothing to look at leaves the word to the others. Where all that were asked for in one word, an id or an area,
 * found nothing, or all that were run, somebody waits for an answer: silence would pass for a pass.
 */
function missedChecks(found: ReadonlyMap<Check, readonly CheckResult[]>, { only = [] }: Selection): ReadonlySet<Check> {
  const all = [...found.keys()];
  const askedFor = [all, ...only.map((word) => all.filter((check) => meets(check, word)))];
  return new Set(askedFor.filter((checks) => checks.every((check) => found.get(check)?.length === 0)).flat());
}

function nothingToLookAt({ id, name, heading }: Check, { world, selection }: Subject): CheckResult {
  const what = { check: id, name, heading, outcome: "unknown", object: world.settings.domain } as const;
  if (/^trust-|-user-forest$/.test(id) && world.userForests.length === 0) {
    return { ...what, seen: "no forest of users is named.", remedy: "Name the connection to it (--user-forest)." };
  }
  if (id === "proof-accepted" && selection.connect !== true) {
    return { ...what, seen: "no server is to be asked with a ticket.", remedy: "Ask for it (--connect)." };
  }
  return {
    ...what,
    seen: "there is nothing for this check to look at.",
    remedy: "Run it with the others, which say why, or name what it looks at (--account, --server, --host-name).",
  };
}

async function resultsOf(check: Check, subject: Subject): Promise<CheckResult[]> {
  const { id, name, heading } = check;
  try {
    const findings = await check.run(subject);
    return findings.map((finding) => ({ check: id, name, heading, ...finding }));
  } catch (thrown) {
    const { message } = ProviderError.from(thrown);
    const object = subject.world.settings.domain;
    return [{ check: id, name, heading, outcome: "unknown", object, seen: message }];
  }
}

/**
 * One cause, one failure: what another check has found already is not said twice. A failure of the account, or of the
 * domain as a whole, explains that of any object.
 */
function explained(result: CheckResult, all: readonly CheckResult[]): CheckResult {
  if (result.outcome !== "fail") return result;
  const needs = runbook.find(({ id }) => id === result.check)?.needs ?? [];
  const cause = all.find(
    ({ check, object, outcome }) =>
      outcome === "fail" && needs.includes(check) && (object === result.object || check.startsWith("account-")),
  );
  if (cause === undefined) return result;
  const { remedy: _, ...rest } = result;
  return { ...rest, outcome: "unknown", seen: `${result.seen} That is what ${cause.check} leads to.` };
}

async function problemOf(subject: Subject): Promise<string | undefined> {
  const settled = await Promise.allSettled([subject.organization(), subject.hostNames()]);
  const [refused] = settled.filter((one) => one.status === "rejected");
  return refused && ProviderError.from(refused.reason).message;
}

/** What a summary shows is no more than the checks could see. */
function orNone<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch(() => undefined);
}

async function accountSummary(subject: Subject): Promise<AccountSummary | undefined> {
  const [name, account] = await Promise.all([orNone(subject.accountName()), orNone(subject.account())]);
  if (name === undefined || account === undefined) return undefined;
  const { distinguishedName, enabled, keyVersion, passwordLastSet, servicePrincipalNames } = account;
  const encryptionTypes = encryptionTypesOf(account.encryptionTypeBits);
  return {
    qualifiedName: name,
    distinguishedName,
    enabled,
    encryptionTypes,
    keyVersion,
    passwordLastSet,
    servicePrincipalNames,
  };
}

async function nameSummaries(subject: Subject): Promise<NameSummary[]> {
  const [plan, names] = await Promise.all([orNone(subject.namePlan()), orNone(subject.hostNames())]);
  return Promise.all(
    (names ?? []).map(async (hostName): Promise<NameSummary> => {
      const planned = plan?.names.find((one) => one.hostName === hostName);
      const servicePrincipalName = `http/${hostName}`;
      const holders = await orNone(spnHolders(subject.world.directory, servicePrincipalName));
      return {
        hostName,
        servicePrincipalName,
        sites: planned?.sites ?? [],
        servers: planned?.servers ?? [],
        holders: holders?.map(({ distinguishedName }) => distinguishedName),
      };
    }),
  );
}

async function serverSummaries(subject: Subject): Promise<ServerSummary[]> {
  const [survey, organization] = await Promise.all([orNone(subject.servers()), orNone(subject.organization())]);
  if (survey === undefined || organization === undefined) return [];
  return organization.flatMap((server): ServerSummary[] => {
    const found = survey.answered.find(({ fqdn }) => fqdn === server.fqdn);
    const problem = survey.silent.get(server.fqdn);
    if (found === undefined && problem === undefined) return [];
    return [{ ...server, alternateAccount: found?.alternate, problem: problem?.message }];
  });
}
