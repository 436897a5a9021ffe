import type { Directory } from "../directory/directory";
import type { ExchangeOrganization } from "../exchange/organization";
import type { Connection } from "./connection";

type Of = Directory | ExchangeOrganization;

const domains = new WeakMap<Of, Of>();

/** What stands for a domain in one run, whatever the connection is called. */
function domainOf(one: Of): Of {
  return domains.get(one) ?? one;
}

/**
 * One value for each domain of a run, made when it is first asked for: what the run knows of its program. A program may give
 * its resources other names and another connection at the same time.
 */
export function perDomain<T>(make: () => T): (of: Of) => T {
  const values = new WeakMap<Of, T>();
  return (of) => {
    const domain = domainOf(of);
    const value = values.get(domain) ?? make();
    values.set(domain, value);
    return value;
  };
}

/** Has a connection share with those of the same run that lead to the same domain. */
export function shareDomain(connection: Connection, others: Iterable<Connection>): void {
  const domain = ({ settings }: Connection) => settings.domain.toLowerCase();
  for (const other of others) {
    if (domain(other) !== domain(connection)) continue;
    domains.set(connection.directory, domainOf(other.directory));
    domains.set(connection.exchange, domainOf(other.exchange));
    return;
  }
}
