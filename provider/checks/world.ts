import type { Directory } from "../directory/directory";
import type { ExchangeOrganization } from "../exchange/organization";
import type { Settings } from "../settings";

/** Where the checks look. */
export interface World {
  readonly settings: Settings;
  readonly directory: Directory;
  readonly exchange: ExchangeOrganization;
  /** Forests whose users have mailboxes here, each over a connection of its own. */
  readonly userForests: readonly Directory[];
}

/** What the checks look at. */
export interface Selection {
  /**
   * Full names of the Exchange servers to look at, and to ask for the others. Default: every server that runs Client Access
   * services, as `entry` lists them.
   */
  readonly servers?: readonly string[] | undefined;
  /** An Exchange server that lists the others. Default: the first of `servers`, else the setting `managementHost`. */
  readonly entry?: string | undefined;
  /** `DOMAIN\name`. Default: the account that most servers hold as their newest credential. */
  readonly account?: string | undefined;
  /** Host names that clients use. Default: those of the virtual directories and Autodiscover. */
  readonly hostNames?: readonly string[] | undefined;
  /** Ids of checks, or their areas (`dns`, `spn`), to run. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** Ids of checks, or areas, to leave out. Default: none. */
  readonly skip?: readonly string[] | undefined;
  /** Whether to ask the servers themselves with a ticket. Default: false. */
  readonly connect?: boolean | undefined;
  /** Days after which a password counts as old. Default: 365. */
  readonly maxPasswordAgeDays?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** One line for the person who waits. */
  progress?(line: string): void;
}
