import { ProviderError } from "../../error";
import type { Check, Finding, Heading } from "../check";
import { unknown } from "../finding";
import type { Server, Subject } from "../subject";

/**
 * A check of every server that answered; of those that did not, `server-reachable` tells, and of Exchange 2010, which has an
 * account of its own, `server-version`.
 */
export function serverCheck(
  id: `server-${string}`,
  name: string,
  heading: Heading,
  look: (server: Server, subject: Subject) => Promise<Finding | readonly Finding[]>,
): Check {
  return {
    id,
    name,
    heading,
    async run(subject) {
      return (await onServers(subject, await laterServers(subject), (server) => look(server, subject))).flat();
    },
  };
}

/** Those that answered, without Exchange 2010. */
export async function laterServers(subject: Subject): Promise<readonly Server[]> {
  return (await subject.servers()).answered.filter(({ product }) => product !== "2010");
}

/** Does the same for several servers; in place of what could not be seen of one stands a finding that says so. */
export async function onServers<T>(
  subject: Subject,
  servers: readonly Server[],
  look: (server: Server) => Promise<T>,
): Promise<(T | Finding)[]> {
  const settled = await subject.world.exchange.onEach(servers, look);
  return settled.map((one, index) => {
    if (one.status === "fulfilled") return one.value;
    const { fqdn = "" } = servers[index] ?? {};
    return unknown(fqdn, ProviderError.from(one.reason).message, undefined, fqdn);
  });
}
