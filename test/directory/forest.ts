import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { Client } from "ldapts";
import { authorityFile } from "../../lab/certificates";
import { administrator, corp, dc1, hostName, sambaTool } from "../../lab/domain-controller";
import { findAccount } from "../../provider/directory/accounts";
import { Directory } from "../../provider/directory/directory";
import { resolveSettings, type Settings } from "../../provider/settings";
import { requireLab } from "../support/lab";

/** The lab's forest as its administrator sees it, beside the code under test. */
export interface Forest {
  readonly settings: Settings;
  /** Distinguished name of the domain. */
  readonly domain: string;
  /** An organizational unit of this test file. */
  readonly organizationalUnit: string;
  /** The administrator's own connection, for what is done by hand. */
  readonly admin: Client;
  open(overrides?: Partial<Settings>): Directory;
  /** Lets an account do everything with one object. */
  grantAll(samAccountName: string, distinguishedName: string): Promise<void>;
  /** `TEST4711`, another one each time. */
  uniqueName(): string;
  close(): Promise<void>;
}

/** Ends the running suite, with a reason, where there is no lab. */
export async function enterForest(suite: Mocha.Context): Promise<Forest> {
  requireLab(suite);
  return openForest();
}

export async function openForest(): Promise<Forest> {
  const { name, password } = administrator(corp);
  const environment = {
    ...process.env,
    EXCHANGE_KERBEROS_USERNAME: `${name}@${corp.dnsName}`,
    EXCHANGE_KERBEROS_PASSWORD: password,
  };
  const settings = resolveSettings("default", { config: () => undefined, environment });
  const { baseDn: domain } = corp;
  const opened: Directory[] = [];
  const open = (overrides: Partial<Settings> = {}) => {
    const directory = new Directory({ ...settings, ...overrides });
    opened.push(directory);
    return directory;
  };
  const admin = new Client({ url: `ldaps://${hostName(dc1)}`, tlsOptions: { ca: readFileSync(authorityFile) } });
  await admin.bind(`${name}@${corp.dnsName}`, password);
  const organizationalUnit = `OU=Test ${randomInt(1e9)},${domain}`;
  await admin.add(organizationalUnit, { objectClass: "organizationalUnit" });
  return {
    settings,
    domain,
    organizationalUnit,
    admin,
    open,
    async grantAll(samAccountName, distinguishedName) {
      const account = await findAccount(open(), samAccountName);
      const sddl = `(A;;GA;;;${account?.sid})`;
      await sambaTool(dc1, ["dsacl", "set", `--objectdn=${distinguishedName}`, `--sddl=${sddl}`]);
    },
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
