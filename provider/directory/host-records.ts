import { Resolver } from "node:dns/promises";
import { ProviderError } from "../error";

/** What DNS says of a host name. */
export interface HostRecords {
  /** Where CNAME records lead, step by step; empty where the name has addresses of its own. */
  readonly aliases: readonly string[];
  /** From A and AAAA records, sorted. */
  readonly addresses: readonly string[];
}

const milliseconds = 2000;
/** No name server follows more. */
const mostAliases = 8;

/**
 * The records of a host name, as these name servers have them; neither aliases nor addresses where there are none.
 * @param servers Addresses of name servers. Default: those of the system.
 * @throws ProviderError `directory-unreachable` where no name server answers for the name.
 */
export async function hostRecords(name: string, servers: readonly string[] | undefined): Promise<HostRecords> {
  const resolver = new Resolver({ timeout: milliseconds, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const ask = async (what: Promise<string[]>) => {
    try {
      return await what;
    } catch (thrown) {
      const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
      if (code === "ENODATA" || code === "ENOTFOUND") return [];
      const asked = servers?.join(", ") ?? "the system's name servers";
      throw new ProviderError("directory-unreachable", `DNS has no answer for ${name} (${asked}: ${String(code)}).`, {
        cause: thrown,
      });
    }
  };
  const aliases: string[] = [];
  for (let current = name; aliases.length < mostAliases; ) {
    const [target] = await ask(resolver.resolveCname(current));
    if (target === undefined) break;
    current = target.toLowerCase();
    aliases.push(current);
  }
  const host = aliases.at(-1) ?? name;
  const [four, six] = await Promise.all([ask(resolver.resolve4(host)), ask(resolver.resolve6(host))]);
  return { aliases, addresses: [...four, ...six].sort() };
}
