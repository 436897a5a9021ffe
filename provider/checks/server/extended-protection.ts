import { type Check, type Finding, heading } from "../check";
import { pass, warn } from "../finding";
import { laterServers, onServers } from "./on-servers";

/** Extended Protection of one virtual directory. */
interface Setting {
  readonly server: string;
  /** `Rpc (Default Web Site)`, the same on every server. */
  readonly directory: string;
  readonly tokenChecking: string;
}

/** A client meets any server behind the name: where they differ, it gets through now and then. */
export const serverExtendedProtection: Check = {
  id: "server-extended-protection",
  name: "All servers ask for the same Extended Protection",
  heading: heading.enableOutlook,
  async run(subject) {
    const looked = await onServers(subject, await laterServers(subject), async (server): Promise<Setting[]> => {
      const directories = [...(await server.outlookAnywhere()), ...(await server.mapi())];
      return directories.map(({ identity, extendedProtection: { tokenChecking } }) => ({
        server: server.fqdn,
        directory: identity.split("\\").at(-1) ?? identity,
        tokenChecking,
      }));
    });
    const settings = looked.flatMap((one) => (Array.isArray(one) ? one : []));
    const unseen = looked.flatMap((one) => (Array.isArray(one) ? [] : [one]));
    const alike = Map.groupBy(settings, ({ directory }) => directory);
    return [...unseen, ...[...alike.values()].flatMap(compare)];
  },
};

function compare(settings: readonly Setting[]): Finding[] {
  const groups = [...Map.groupBy(settings, ({ tokenChecking }) => tokenChecking)];
  groups.sort(([, one], [, other]) => other.length - one.length);
  const [most] = groups[0] ?? [];
  return groups.flatMap(([, group]) =>
    group.map(({ server, directory, tokenChecking }) =>
      tokenChecking === most
        ? pass(server, `${directory}: ${tokenChecking}.`, server)
        : warn(
            server,
            `${directory}: ${tokenChecking}, and most servers have ${most}.`,
            "Set it alike on all servers (ExchangeExtendedProtectionManagement.ps1 of Microsoft does it).",
            server,
          ),
    ),
  );
}
