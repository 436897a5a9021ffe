import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "ldapts";
import { utils } from "ssh2";
import { corp } from "../../lab/domain-controller";
import { labStatus } from "../../lab/exchange/control/client";
import { exchangeControlSocket, exchangeFolder } from "../../lab/exchange/up";
import { labFolder } from "../../lab/folders";
import { tell } from "../exchange-lab/support/clients";
import type { ForestByHand } from "../stack/forest-by-hand";

const status = () => labStatus(exchangeControlSocket);

/**
 * For stacks that reach more than one server over SSH: the keys of all of them in a known_hosts file, where the lab's own
 * settings pin the key of one.
 */
export async function exchangeEnvironment(): Promise<NodeJS.ProcessEnv> {
  const home = join(labFolder, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  const lines = (await status()).servers.map(({ name: server, fqdn }) => {
    const key = utils.parseKey(readFileSync(join(exchangeFolder, "servers", server.toLowerCase(), "ssh_host_key")));
    if (key instanceof Error) throw key;
    return `${fqdn} ${key.type} ${key.getPublicSSH().toString("base64")}\n`;
  });
  writeFileSync(join(home, ".ssh", "known_hosts"), lines.join(""));
  return { HOME: home, EXCHANGE_KERBEROS_SSH_HOST_KEY: undefined };
}

/** Waits until every server works with the credentials that it has. */
export async function settle(): Promise<void> {
  for (const { name } of (await status()).servers) await tell({ request: "settle", server: name });
}

/** How many commands have changed anything on any server so far. */
export const exchangeWrites = async (): Promise<number> => (await status()).writes;

/** Attributes of an account that say what it is, and not how often somebody used it. */
const attributes = [
  ...["sAMAccountName", "servicePrincipalName", "description", "userAccountControl", "msDS-SupportedEncryptionTypes"],
  ...["pwdLastSet", "memberOf", "msDS-KeyVersionNumber"],
];

/**
 * Everything that a stack could have changed, in a form that can be compared: every object of the domain by its name,
 * accounts with what they are, and of every server the credentials and the virtual directories.
 */
export async function dump(forest: ForestByHand): Promise<unknown> {
  const { searchEntries } = await forest.client.search(corp.baseDn, { attributes, paged: true });
  const accounts = searchEntries.map((entry: Entry) =>
    Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, sorted(value)])),
  );
  accounts.sort((a, b) => String(a.dn).localeCompare(String(b.dn)));
  const organization = JSON.parse(readFileSync(join(exchangeFolder, "organization.json"), "utf8"));
  const servers = (await status()).servers.map(({ name, credentials }) => ({ name, credentials }));
  const directories = organization.servers.map(({ name, virtualDirectories }: Record<string, unknown>) => ({
    name,
    virtualDirectories,
  }));
  return JSON.parse(JSON.stringify({ accounts, servers, directories }), (_key, value) => sorted(value));
}

/** Lists of texts mean the same in any order. */
function sorted(value: unknown): unknown {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? [...value].sort() : value;
}
