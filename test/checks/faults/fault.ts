import { corp } from "../../../lab/domain-controller";
import type { Outcome } from "../../../provider/checks/check";
import type { Selection } from "../../../provider/checks/world";
import { fqdn } from "../../resources/asa-deployment/world";
import type { Healthy } from "../healthy";

/** One thing that goes wrong, and what is to be said of it. */
export interface Fault {
  readonly what: string;
  readonly check: string;
  readonly outcome: Outcome;
  /** Default: the account. */
  readonly object?: string;
  /** Words of what was seen. */
  readonly seen?: RegExp;
  /** What is advised, where it matters. */
  readonly remedy?: RegExp;
  readonly selection?: Selection;
  make(healthy: Healthy): void | Promise<void>;
  /** Default: none, for what `Healthy.deploy` puts right. */
  mend?(healthy: Healthy): void | Promise<void>;
}

/** What most of them happen to. */
export const mail = `mail.${corp.dnsName}`;
export const autodiscover = `autodiscover.${corp.dnsName}`;
export const cas2 = fqdn("cas-2");
