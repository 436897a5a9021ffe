import type { Directory } from "../directory/directory";
import type { ExchangeOrganization } from "../exchange/organization";
import { perDomain } from "./per-domain";

const about = perDomain(() => new Set<string>());

/**
 * Whether a resource that state does not have is about something that another such one of this run is about already, as `check`
 * meets them. What neither has made yet looks free to both, so that only here a preview sees that they are two.
 * @param what unique among what is asked of `where`
 */
export function isSecondAbout(where: Directory | ExchangeOrganization, what: string): boolean {
  const known = about(where);
  const key = what.toLowerCase();
  if (known.has(key)) return true;
  known.add(key);
  return false;
}
