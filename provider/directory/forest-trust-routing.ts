import type { Trust } from "./forest-trust";
import type { DisabledBecause, ForestTrustRecord } from "./forest-trust-info";

/** Whether a ticket request for a DNS name goes over a trust, and by which suffix that was decided. */
export type Routing =
  | { readonly routed: true; readonly suffix: string }
  | { readonly routed: false; readonly because: "excluded"; readonly suffix: string }
  | {
      readonly routed: false;
      readonly because: "disabled";
      readonly suffix: string;
      readonly disabled: DisabledBecause;
    }
  | { readonly routed: false; readonly because: "no-suffix" };

/** Whether the name is the suffix or below it. */
export function isWithin(dnsName: string, suffix: string): boolean {
  const [name, end] = [dnsName.toLowerCase(), suffix.toLowerCase()];
  return name === end || name.endsWith(`.${end}`);
}

/**
 * What the records say of a DNS name: routed at or below a top-level name that is enabled, unless an exclusion lies between.
 * A name below no enabled suffix is said to be disabled if a disabled one covers it.
 */
export function routingOf(records: readonly ForestTrustRecord[], dnsName: string): Routing {
  const covering = (kind: "top-level-name" | "exclusion") =>
    records
      .flatMap((record) => (record.kind === kind && isWithin(dnsName, record.dnsName) ? [record] : []))
      .sort((one, other) => other.dnsName.length - one.dnsName.length);
  const names = covering("top-level-name").flatMap((record) => (record.kind === "top-level-name" ? [record] : []));
  const enabled = names.find((record) => record.disabled === undefined);
  if (enabled !== undefined) {
    const [exclusion] = covering("exclusion");
    if (exclusion === undefined || exclusion.dnsName.length < enabled.dnsName.length) {
      return { routed: true, suffix: enabled.dnsName };
    }
    return { routed: false, because: "excluded", suffix: exclusion.dnsName };
  }
  const [disabled] = names;
  if (disabled?.disabled === undefined) return { routed: false, because: "no-suffix" };
  return { routed: false, because: "disabled", suffix: disabled.dnsName, disabled: disabled.disabled };
}

/** Something to do in one forest, as its administrator would do it. */
export interface RoutingStep {
  /** DNS name of the forest (its first domain) to do it in. */
  readonly forest: string;
  readonly windows: string;
  readonly samba: string;
}

/**
 * What makes a name routed over a trust, in order; nothing where it is.
 * @param trust the object in the users' forest, whose partner is the forest that the name belongs to.
 */
export function routingRemedy(trust: Trust, dnsName: string, routing: Routing): RoutingStep[] {
  if (routing.routed) return [];
  const { holder, partner } = trust;
  const namespaces = (option: string) => `samba-tool domain trust namespaces ${partner} ${option}`;
  const list = `netdom trust ${holder} /domain:${partner} /namesuffixes:${partner}`;
  switch (routing.because) {
    case "excluded":
      return [
        {
          forest: holder,
          // netdom takes exclusions off realm trusts only.
          windows: `Active Directory Domains and Trusts, properties of the trust with ${partner}, Name Suffix Routing, Edit: remove ${routing.suffix} from the suffixes that are excluded`,
          samba: namespaces(`--delete-tln-ex=${routing.suffix}`),
        },
      ];
    case "disabled":
      return [
        {
          forest: holder,
          windows: `${list} and then, with the number shown there for *.${routing.suffix}, ${list} /togglesuffix:NUMBER`,
          samba: namespaces(`--enable-tln=${routing.suffix}`),
        },
      ];
    case "no-suffix": {
      const suffix = suffixFor(dnsName);
      return [
        {
          forest: partner,
          windows: `Set-ADForest -Identity ${partner} -SPNSuffixes @{Add="${suffix}"}`,
          samba: `samba-tool domain trust namespaces --add-spn-suffix=${suffix}`,
        },
        {
          forest: holder,
          windows: `netdom trust ${holder} /domain:${partner} /verify, then ${list} and, with the number shown for *.${suffix}, /togglesuffix:NUMBER`,
          // Two runs: Samba stores a new suffix as disabled, and enables only what is stored.
          samba: `${namespaces("--refresh=store")} && ${namespaces(`--enable-tln=${suffix}`)}`,
        },
      ];
    }
  }
}

/** What to add for a host: the domain that it is in, unless that would be a top-level domain such as `com`. */
function suffixFor(dnsName: string): string {
  const parent = dnsName.split(".").slice(1);
  return parent.length < 2 ? dnsName : parent.join(".");
}
