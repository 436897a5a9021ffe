import type { Directory } from "../directory/directory";
import type { ExchangeOrganization } from "../exchange/organization";
import type { Connection } from "./connection";

const domains = new WeakMap<object, object>();

/**
 * What stands for a domain in one run, whatever the connection is called: what the run knows of its program hangs on it. A
 * program may give its resources other names and another connection at the same time.
 */
export function domainOf(one: Directory | ExchangeOrganization): object {
  return domains.get(one) ?? one;
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
