import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { Attribute, Change } from "ldapts";
import { ProviderError } from "../error";
import { type Account, readAccount } from "./accounts";
import { text, texts } from "./attributes";
import { clockAhead } from "./clock";
import type { Directory } from "./directory";
import { parentOf } from "./distinguished-name";
import { byGuid } from "./identifiers";
import { ldapResult, resultCode } from "./ldap-failure";
import type { LdapSession } from "./ldap-session";
import { awaitReplication, type ReplicationWait } from "./replication";

/**
 * `extensionName` is on every class of object (MS-ADSC 2.1, top), has many values, and means nothing to Windows. The lock
 * is one fixed value, which the directory adds only once; the value beside it says whose it is, and until when.
 */
const attribute = "extensionName";
const lockValue = "exchange-kerberos: a roll of the password is under way";

/** A run that died without giving the lock back blocks others for so long at most. */
const lifetime = 5 * 60_000;
const renewEvery = 60_000;

interface Holder {
  readonly host: string;
  /** Where its process number means something. */
  readonly place: string;
  readonly pid: number;
  /** By the clock of the PDC emulator. */
  readonly until: string;
  readonly run: string;
}

const holderText = ({ host, place, pid, until, run }: Holder) =>
  `exchange-kerberos: roll by ${host}, process ${pid} of ${place}, until ${until}, run ${run}`;

function parseHolder(value: string): Holder | undefined {
  const [, host, pid, place, until, run] =
    /^exchange-kerberos: roll by (\S+), process (\d+) of (\S+), until (\S+), run (\S+)$/.exec(value) ?? [];
  if (host === undefined || place === undefined || until === undefined || run === undefined) return undefined;
  return { host, place, pid: Number(pid), until, run };
}

/** Containers may share the name of their host, and have numbers of their own for their processes. */
function thisPlace(): string {
  if (process.platform !== "linux") return "this-machine";
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}/${readlinkSync("/proc/self/ns/pid")}`;
}

/** A dead process on this machine, or one that has not renewed its lock. */
function isAbandoned(holder: Holder, now: number): boolean {
  if (Date.parse(holder.until) < now) return true;
  if (holder.host !== hostname() || holder.place !== thisPlace()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** While the work of {@link withRollLock} goes on. */
export interface RollLock {
  /** @throws ProviderError `refused` where the lock was lost: nothing may be written to the account any more. */
  assertHeld(): Promise<void>;
}

/**
 * Does work that sets an account's password, alone among all runs in the forest. The lock is on the account, on the one
 * controller that all runs agree on: the PDC emulator, which is also where Windows takes new passwords first.
 * @param wait for an account so new that the PDC emulator does not have it yet. Default: not at all.
 * @throws ProviderError `refused`, naming who holds the lock and until when; `replication-late` where the wait was in vain.
 */
export async function withRollLock<T>(
  directory: Directory,
  account: Account,
  work: (lock: RollLock) => Promise<T>,
  wait: ReplicationWait = { timeoutSeconds: 0, signal: new AbortController().signal, progress: () => {} },
): Promise<T> {
  const pdc = await pdcEmulator(directory);
  const place = new LockPlace(pdc, account, (await clockOf(pdc)) ?? 0);
  let mine = place.newHolder(randomUUID());
  await place.take(mine).catch(async (thrown: unknown) => {
    if (!isMissing(thrown)) throw thrown;
    await arrival(directory, account, pdc, wait, thrown);
    mine = place.newHolder(mine.run);
    await place.take(mine);
  });
  const renew = async () => {
    const next = place.newHolder(mine.run);
    await place.exchange([holderText(mine)], [holderText(next)]);
    mine = next;
  };
  // Renewals and checks one after the other: each replaces the value that the one before it wrote.
  let renewed: Promise<void> = Promise.resolve();
  let lost: unknown;
  const inTurn = () => {
    renewed = renewed.then(renew).catch((thrown: unknown) => {
      lost ??= thrown;
    });
    return renewed;
  };
  const timer = setInterval(inTurn, renewEvery);
  try {
    return await work({
      async assertHeld() {
        await inTurn();
        if (lost === undefined) return;
        const { code, message } = ProviderError.from(lost);
        if (!isGone(lost)) {
          throw new ProviderError(
            code,
            `Whether the lock on ${account.distinguishedName} is still ours is not known, so nothing more is written to ` +
              `that account. ${message}`,
            { cause: lost },
          );
        }
        throw new ProviderError(
          "refused",
          `The lock on ${account.distinguishedName} is not ours any more. ${message}`,
          {
            hint: "Let a run that has it now come to its end; then look again (in a stack, pulumi refresh).",
            cause: lost,
          },
        );
      },
    });
  } finally {
    clearInterval(timer);
    await renewed;
    // What the work came to is what counts: a lock that cannot be given back runs out by itself.
    await place.give(mine).catch(() => undefined);
  }
}

/** The first that is asked of the PDC emulator, which need not be the controller that all else was read from. */
async function clockOf(pdc: LdapSession): Promise<number | undefined> {
  try {
    return await clockAhead(pdc);
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    if (error.code !== "directory-unreachable") throw error;
    throw new ProviderError(error.code, `A roll needs the PDC emulator of the domain: ${error.message}`, {
      cause: error,
    });
  }
}

/**
 * An account was made on another controller a moment ago, and the PDC emulator need not be among those that `AsaAccount` waits for.
 * @param missing the PDC emulator's own words: they are right where nobody has the account
 */
async function arrival(
  directory: Directory,
  { guid }: Account,
  pdc: LdapSession,
  wait: ReplicationWait,
  missing: unknown,
): Promise<void> {
  const account = await readAccount(directory, guid);
  if (account === undefined) throw missing;
  const late = await awaitReplication(directory, account, [{ host: pdc.host, site: "" }], wait);
  if (late === undefined) return;
  throw new ProviderError(late.code, `A roll locks the account on the PDC emulator of the domain. ${late.message}`, {
    cause: late,
  });
}

class LockPlace {
  constructor(
    private readonly pdc: LdapSession,
    private readonly account: Account,
    /** Milliseconds: all holders go by the clock of the PDC emulator. */
    private readonly ahead: number,
  ) {}

  newHolder(run: string): Holder {
    const until = new Date(Date.now() + this.ahead + lifetime).toISOString();
    return { host: hostname(), place: thisPlace(), pid: process.pid, until, run };
  }

  async take(mine: Holder): Promise<void> {
    try {
      await this.exchange([], [lockValue, holderText(mine)]);
    } catch (thrown) {
      if (!isTaken(thrown)) throw thrown;
      const found = await this.holder();
      if (found === undefined || !isAbandoned(found, Date.now() + this.ahead)) throw this.refusal(found, thrown);
      await this.exchange([holderText(found)], [holderText(mine)]).catch(async (quicker: unknown) => {
        throw isGone(quicker) ? this.refusal(await this.holder(), quicker) : quicker;
      });
    }
  }

  async give(mine: Holder): Promise<void> {
    await this.exchange([lockValue, holderText(mine)], []);
  }

  private refusal(found: Holder | undefined, cause: unknown): ProviderError {
    const who = found === undefined ? "another run" : `process ${found.pid} on ${found.host}`;
    return new ProviderError(
      "refused",
      `The password of ${this.account.distinguishedName} is being rolled by ${who}.`,
      {
        hint:
          found === undefined
            ? `Try again. If that stays so and no run is under way, take the value "${lockValue}" off its ${attribute}.`
            : `Wait until it is done; it holds its lock until ${found.until} at the longest.`,
        cause,
      },
    );
  }

  /** Takes values off and puts others on, all or nothing. */
  async exchange(off: readonly string[], on: readonly string[]): Promise<void> {
    const change = (operation: "add" | "delete", values: readonly string[]) =>
      values.length === 0
        ? []
        : [new Change({ operation, modification: new Attribute({ type: attribute, values: [...values] }) })];
    await this.pdc.modify(
      {
        what: `lock ${this.account.distinguishedName} for a roll of its password`,
        object: this.account.distinguishedName,
        right: `"Write ${attribute}" on ${this.account.distinguishedName}`,
      },
      byGuid(this.account.guid),
      [...change("delete", off), ...change("add", on)],
      async () => {
        const values = await this.values();
        return on.every((value) => values.includes(value)) && !off.some((value) => values.includes(value));
      },
    );
  }

  /** Who renewed it last: an earlier value stays where somebody took the lock off by hand, and that one alone. */
  private async holder(): Promise<Holder | undefined> {
    const holders = (await this.values()).flatMap((value) => parseHolder(value) ?? []);
    return holders.sort((one, other) => Date.parse(other.until) - Date.parse(one.until))[0];
  }

  private async values(): Promise<string[]> {
    const what = `read the lock on ${this.account.distinguishedName}`;
    const [entry] = await this.pdc.search(what, byGuid(this.account.guid), { scope: "base", attributes: [attribute] });
    return entry === undefined ? [] : texts(entry, attribute);
  }
}

function isTaken(thrown: unknown): boolean {
  return thrown instanceof ProviderError && resultCode(thrown.cause) === ldapResult.attributeOrValueExists;
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof ProviderError && resultCode(thrown.cause) === ldapResult.noSuchObject;
}

function isGone(thrown: unknown): boolean {
  const code = thrown instanceof ProviderError ? resultCode(thrown.cause) : undefined;
  return code === ldapResult.noSuchAttribute || code === ldapResult.noSuchObject;
}

/** The holder of the PDC emulator role of the domain (MS-ADTS 3.1.1.1.11). */
async function pdcEmulator(directory: Directory): Promise<LdapSession> {
  const [dc, { domain }] = await Promise.all([directory.domainController(), directory.forest()]);
  const what = "find the PDC emulator of the domain";
  const [root] = await dc.search(what, domain, { scope: "base", attributes: ["fSMORoleOwner"] });
  const owner = root === undefined ? undefined : text(root, "fSMORoleOwner");
  const [server] =
    owner === undefined ? [] : await dc.search(what, parentOf(owner), { scope: "base", attributes: ["dNSHostName"] });
  const host = server === undefined ? undefined : text(server, "dNSHostName");
  if (host === undefined) {
    throw new ProviderError("directory-failed", `${dc.host}: the PDC emulator of the domain is not known.`, {
      hint: "A roll needs it: see netdom query fsmo.",
    });
  }
  return directory.at(host);
}
