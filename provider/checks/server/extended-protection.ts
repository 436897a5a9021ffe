import { readMapiVirtualDirectories } from "../../exchange/mapi-virtual-directory";
import { readOutlookAnywhere } from "../../exchange/outlook-anywhere";
import { type Check, type Finding, heading } from "../check";
import { pass, warn } from "../finding";
import { serverCheck } from "./on-servers";

const gather = serverCheck(
  "server-extended-protection",
  "All servers ask for the same Extended Protection",
  heading.enableOutlook,
  async (server, subject) => {
    const outlook = await readOutlookAnywhere(server.shell, server, subject.signal);
    const mapi = await readMapiVirtualDirectories(server.shell, server, subject.signal);
    const leaf = (identity: string) => identity.split("\\").at(-1) ?? identity;
    return [...outlook, ...mapi].map(({ identity, extendedProtection }) =>
      pass(server.fqdn, `${leaf(identity)}: ${extendedProtection.tokenChecking}`, server.fqdn),
    );
  },
);

/** A client meets any server behind the name: where they differ, it gets through now and then. */
export const serverExtendedProtection: Check = {
  ...gather,
  async run(subject) {
    const settings = await gather.run(subject);
    const directories = Map.groupBy(settings, ({ seen }) => seen.split(": ")[0] ?? "");
    return [...directories.values()].flatMap(compare);
  },
};

function compare(findings: readonly Finding[]): Finding[] {
  const known = findings.filter(({ outcome }) => outcome === "pass");
  const groups = [...Map.groupBy(known, ({ seen }) => seen).values()].toSorted(
    (one, other) => other.length - one.length,
  );
  const [most, ...others] = groups;
  return [
    ...findings.filter(({ outcome }) => outcome !== "pass"),
    ...(most ?? []).map((finding) => ({ ...finding, seen: `${finding.seen}.` })),
    ...others
      .flat()
      .map(({ object, seen, where }) =>
        warn(
          object,
          `${seen}, and most servers have ${most?.[0]?.seen.split(": ")[1]}.`,
          "Set it alike on all servers (ExchangeExtendedProtectionManagement.ps1 of Microsoft does it).",
          where,
        ),
      ),
  ];
}
