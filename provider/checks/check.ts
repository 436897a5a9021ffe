import type { Subject } from "./subject";

/** `unknown`: it could not be seen, so nothing is said of it. */
export type Outcome = "pass" | "warn" | "fail" | "unknown";

/**
 * Headings of Microsoft's article "Configure Kerberos authentication for load-balanced Client Access services", where the
 * step that a check looks at is described.
 */
export const heading = {
  createAccount: "Create the alternate service account credential in Active Directory Domain Services",
  crossForest: "Cross-forest scenarios",
  identifyNames: "Identify the Service Principal Names to associate with the ASA credential",
  configureServers:
    "Configure and then verify configuration of the ASA credential on each server running Client Access services",
  verifyDeployment: "Verify the deployment of the ASA credential",
  associateNames: "Associate Service Principal Names (SPNs) with the ASA credential",
  namesNotTaken: "Verify an SPN is not already associated with an account in a forest by running the setspn command",
  enableOutlook: "Enable Kerberos authentication for Outlook clients",
  verifyClients: "Verify Exchange client Kerberos authentication",
  serviceHost: "Verify that the Microsoft Exchange Service Host service is running",
  httpProxyLog: "Verify that Kerberos is working correctly by using the HttpProxy log file",
  maintain: "Maintain the ASA credential",
} as const;
export type Heading = (typeof heading)[keyof typeof heading];

/** What one check says of one object. */
export interface Finding {
  readonly outcome: Outcome;
  /** What it is about: a host name, an SPN, `DOMAIN\account`, a server's full name, a trusted forest. */
  readonly object: string;
  /** Where it was seen: the host that answered. */
  readonly where?: string | undefined;
  /** What was seen, as a sentence without the object's name in front. */
  readonly seen: string;
  /** What to do about it; none for a pass. */
  readonly remedy?: string | undefined;
}

export interface CheckResult extends Finding {
  /** Id of the check: `spn-holder`. Stays the same from version to version. */
  readonly check: string;
  /** The check in words: `No other account has the SPN`. */
  readonly name: string;
  readonly heading: Heading;
}

/** One item of the runbook. It only reads. */
export interface Check {
  /** Lower-case words with hyphens; the first is the area: `dns`, `account`, `spn`, `server`, `trust`, `proof`. */
  readonly id: string;
  /** What is so where it passes, as a short sentence without a full stop. */
  readonly name: string;
  readonly heading: Heading;
  /** Checks that explain its failure: of an object of which one of them says that it fails, this one says `unknown`. */
  readonly needs?: readonly string[];
  /** One finding for each object it looked at; none where there is nothing to look at. */
  run(subject: Subject): Promise<readonly Finding[]>;
}

/** The most serious outcome; `pass` for none. */
export function worst(outcomes: Iterable<Outcome>): Outcome {
  const found = new Set(outcomes);
  return (["fail", "warn", "unknown"] as const).find((outcome) => found.has(outcome)) ?? "pass";
}
