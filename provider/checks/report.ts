import type { AlternateAccount } from "../exchange/alternate-account";
import type { ExchangeServer } from "../exchange/exchange-servers";
import type { CheckResult } from "./check";

/** The account as the directory has it. */
export interface AccountSummary {
  /** `TAILSPIN\EXCH2016ASA$` */
  readonly qualifiedName: string;
  readonly distinguishedName: string;
  readonly enabled: boolean;
  /** Empty where the attribute is not set. */
  readonly encryptionTypes: readonly string[];
  /** `msDS-KeyVersionNumber` */
  readonly keyVersion: number | undefined;
  /** ISO 8601; `undefined` where the password must be changed first. */
  readonly passwordLastSet: string | undefined;
  readonly servicePrincipalNames: readonly string[];
}

/** A name that clients use. */
export interface NameSummary {
  /** `mail.corp.tailspintoys.com` */
  readonly hostName: string;
  readonly servicePrincipalName: string;
  /** Active Directory sites whose servers give it to clients; empty for a name that was asked for by hand. */
  readonly sites: readonly string[];
  /** Full names of the servers that give it to clients. */
  readonly servers: readonly string[];
  /** Distinguished names of the accounts that answer to the SPN now; `undefined` where that could not be seen. */
  readonly holders: readonly string[] | undefined;
}

export interface ServerSummary extends ExchangeServer {
  /** What it holds, newest first; `undefined` where it did not answer. */
  readonly alternateAccount: AlternateAccount | undefined;
  /** Why it did not answer. */
  readonly problem: string | undefined;
}

/** What was there, and what the checks say of it. */
export interface CheckReport {
  /** When the checks were run, ISO 8601. */
  readonly at: string;
  readonly domain: string;
  /** Why the organization's servers or names could not be read; what is missing below may be there then. */
  readonly problem: string | undefined;
  /** `undefined` where it does not exist, or none is named and no server holds one. */
  readonly account: AccountSummary | undefined;
  readonly names: readonly NameSummary[];
  readonly servers: readonly ServerSummary[];
  /** In the order of the runbook. */
  readonly results: readonly CheckResult[];
}
