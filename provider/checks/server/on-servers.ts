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
      const answered = (await subject.servers()).answered.filter(({ product }) => product !== "2010");
      const byName = new Map(answered.map((server) => [server.fqdn, server]));
      const settled = await subject.world.exchange.onEach([...byName.keys()], async (fqdn) => {
        const server = byName.get(fqdn);
        return server === undefined ? [] : look(server, subject);
      });
      return settled.flatMap((one, index): readonly Finding[] => {
        if (one.status === "fulfilled") return [one.value].flat();
        const { fqdn = "" } = answered[index] ?? {};
        return [unknown(fqdn, ProviderError.from(one.reason).message, undefined, fqdn)];
      });
    },
  };
}
