import { type CheckResult, type Outcome, worst } from "../../provider/checks/check";
import { day } from "../../provider/checks/finding";
import type { AccountSummary, CheckReport, NameSummary, ServerSummary } from "../../provider/checks/report";
import { sameAccount } from "../../provider/directory/qualified-name";

/** Something that checks look at, with what they say of it. */
export interface Judged {
  readonly outcome: Outcome;
  /** What is not a pass. */
  readonly problems: readonly CheckResult[];
}

export interface NameStatus extends NameSummary {
  /** The name itself: its DNS, its tickets. */
  readonly name: Judged;
  /** Its SPN: who has it. */
  readonly spn: Judged;
}

export interface AccountStatus extends AccountSummary, Judged {
  /** Whole days; `undefined` where the password must be changed first. */
  readonly passwordAgeDays: number | undefined;
  /** When the password is to be rolled next, ISO 8601. */
  readonly rollDue: string | undefined;
  /** Whole days until then; negative once it is over. */
  readonly daysToRoll: number | undefined;
}

export interface ServerStatus extends ServerSummary, Judged {
  /** Whether its newest credential is that of the account; `undefined` where it did not answer, or no account is known. */
  readonly hasCredential: boolean | undefined;
  /** The way from the account to the server: its credential, and whether it answers. */
  readonly credential: Judged;
}

/** The estate at a glance: names → SPNs → account → servers, and what the checks say of each. */
export interface Estate {
  readonly at: string;
  readonly domain: string;
  /** Why the organization could not be read: names, account and servers are then not known, whatever there is. */
  readonly problem: string | undefined;
  readonly outcome: Outcome;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly names: readonly NameStatus[];
  readonly account: AccountStatus | undefined;
  readonly servers: readonly ServerStatus[];
  /** What is about none of them: trusts, the domain. */
  readonly other: Judged;
  readonly results: readonly CheckResult[];
}

/** Checks of a server that are about the credential, not about how clients log on to it. */
const credentialChecks = ["server-reachable", "server-credential", "server-generation", "server-previous"];

export function estateOf(report: CheckReport, maxPasswordAgeDays: number): Estate {
  const { at, domain, problem, results } = report;
  const byObject = Map.groupBy(results, ({ object }) => object.toLowerCase());
  const about = (object: string) => byObject.get(object.toLowerCase()) ?? [];
  const names = report.names.map((name): NameStatus => {
    const isSpn = ({ check }: CheckResult) => check.startsWith("spn-");
    const all = [...about(name.hostName), ...about(name.servicePrincipalName)];
    const spn = judged(all.filter(isSpn));
    // Whether the account has it is not all: nobody knows who else has.
    const unseen = name.holders === undefined && spn.outcome === "pass";
    return {
      ...name,
      name: judged(all.filter((one) => !isSpn(one))),
      spn: unseen ? { ...spn, outcome: "unknown" } : spn,
    };
  });
  const servers = report.servers.map((server): ServerStatus => {
    const all = about(server.fqdn);
    return {
      ...server,
      ...judged(all),
      hasCredential: hasCredential(server, report.account),
      credential: judged(all.filter(({ check }) => credentialChecks.includes(check))),
    };
  });
  const known = new Set(
    [
      ...report.names.flatMap((name) => [name.hostName, name.servicePrincipalName]),
      ...report.servers.map(({ fqdn }) => fqdn),
      ...(report.account === undefined ? [] : [report.account.qualifiedName]),
    ].map((object) => object.toLowerCase()),
  );
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  return {
    at,
    domain,
    problem,
    outcome: worst(results.map(({ outcome }) => outcome)),
    counts: { pass: count("pass"), warn: count("warn"), fail: count("fail"), unknown: count("unknown") },
    names,
    account:
      report.account && accountStatus(report.account, about(report.account.qualifiedName), at, maxPasswordAgeDays),
    servers,
    other: judged(results.filter(({ object }) => !known.has(object.toLowerCase()))),
    results,
  };
}

function accountStatus(account: AccountSummary, results: CheckResult[], at: string, maximum: number): AccountStatus {
  const now = Date.parse(at);
  const set = account.passwordLastSet === undefined ? undefined : Date.parse(account.passwordLastSet);
  const due = set === undefined ? undefined : set + maximum * day;
  return {
    ...account,
    ...judged(results),
    passwordAgeDays: set === undefined ? undefined : Math.max(0, Math.floor((now - set) / day)),
    rollDue: due === undefined ? undefined : new Date(due).toISOString(),
    daysToRoll: due === undefined ? undefined : wholeDays(due - now),
  };
}

/** Rounded towards now; what is over is over by one day at least. */
function wholeDays(time: number): number {
  return time >= 0 ? Math.floor(time / day) : Math.min(-1, Math.ceil(time / day));
}

function hasCredential(server: ServerSummary, account: AccountSummary | undefined): boolean | undefined {
  if (server.alternateAccount === undefined || account === undefined) return undefined;
  const [newest] = server.alternateAccount.credentials;
  return newest !== undefined && sameAccount(newest.account, account.qualifiedName);
}

function judged(results: readonly CheckResult[]): Judged {
  return {
    outcome: worst(results.map(({ outcome }) => outcome)),
    problems: results.filter(({ outcome }) => outcome !== "pass"),
  };
}

/** One trouble and all objects that have it in common. */
export interface Trouble {
  readonly results: readonly [CheckResult, ...CheckResult[]];
  readonly objects: readonly string[];
}

const order: readonly Outcome[] = ["fail", "warn", "unknown"];

/** What is not well, the worst first, said once for all objects that have it in common. */
export function troubles(results: readonly CheckResult[]): Trouble[] {
  const alike = Map.groupBy(
    results.filter(({ outcome }) => outcome !== "pass"),
    ({ check, outcome, seen, remedy }) => JSON.stringify([check, outcome, seen, remedy]),
  );
  return [...alike.values()]
    .map((group) => ({
      results: group as [CheckResult, ...CheckResult[]],
      objects: [...new Set(group.map(({ object }) => object))],
    }))
    .sort((one, other) => order.indexOf(one.results[0].outcome) - order.indexOf(other.results[0].outcome));
}

/** What is to be said where there is no account: a failure where somebody has looked and found none, and else not known. */
export function withoutAccount({ problem, results }: Estate): {
  readonly outcome: Outcome;
  readonly said: readonly [string, string];
} {
  if (results.some(({ check, outcome }) => check === "account-exists" && outcome === "fail"))
    return { outcome: "fail", said: ["no server holds a credential,", "or it does not exist"] };
  return {
    outcome: "unknown",
    said: [problem === undefined ? "the account" : "the organization", "could not be read"],
  };
}
