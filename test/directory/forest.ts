import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { Client } from "ldapts";
import { Directory } from "../../provider/directory/directory";
import { resolveSettings, type Settings } from "../../provider/settings";

/** A real forest, as the lab's environment describes it: the tests' own way in, beside the code under test. */
export interface Forest {
  readonly settings: Settings;
  /** Distinguished name of the domain. */
  readonly domain: string;
  /** An organizational unit of this test file. */
  readonly organizationalUnit: string;
  /** The administrator's own connection, for what is done by hand. */
  readonly admin: Client;
  open(overrides?: Partial<Settings>): Directory;
  /** `TEST4711`, another one each time. */
  uniqueName(): string;
  close(): Promise<void>;
}

/** Ends the running suite with a reason where there is no forest to test against. */
export async function enterForest(suite: Mocha.Context): Promise<Forest> {
  const { EXCHANGE_KERBEROS_DOMAIN: dnsName } = process.env;
  if (dnsName === undefined) {
    console.log("    skipped: no lab (EXCHANGE_KERBEROS_DOMAIN is not set; npm test brings one up)");
    suite.skip();
  }
  const settings = resolveSettings("default", { config: () => undefined, environment: process.env });
  const domain = settings.domain
    .split(".")
    .map((part) => `DC=${part}`)
    .join(",");
  const opened: Directory[] = [];
  const open = (overrides: Partial<Settings> = {}) => {
    const directory = new Directory({ ...settings, ...overrides });
    opened.push(directory);
    return directory;
  };
  const { host } = await open().domainController();
  const admin = new Client({ url: `ldaps://${host}`, tlsOptions: { ca: readFileSync(settings.caFile ?? "") } });
  await admin.bind(settings.username ?? "", settings.password ?? "");
  const organizationalUnit = `OU=Test ${randomInt(1e9)},${domain}`;
  await admin.add(organizationalUnit, { objectClass: "organizationalUnit" });
  return {
    settings: { ...settings, domainController: host },
    domain,
    organizationalUnit,
    admin,
    open,
    uniqueName: () => `T${randomInt(1e9)}`,
    async close() {
      await removeTree(admin, organizationalUnit);
      await admin.unbind();
      await Promise.all(opened.map((directory) => directory.close()));
    },
  };
}

async function removeTree(admin: Client, base: string): Promise<void> {
  const { searchEntries } = await admin.search(base, { scope: "sub", attributes: ["1.1"] });
  const deepestFirst = searchEntries.map(({ dn }) => dn).sort((one, other) => other.length - one.length);
  for (const dn of deepestFirst) await admin.del(dn);
}
