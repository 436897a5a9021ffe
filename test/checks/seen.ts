import { day } from "../../provider/checks/finding";
import type { Server, Subject } from "../../provider/checks/subject";
import type { Account } from "../../provider/directory/accounts";
import type { Trust } from "../../provider/directory/forest-trust";
import { ProviderError } from "../../provider/error";

/** An estate without a directory and without Exchange, for what the lab's cannot be brought to. */

export const name = "CORP\\ASA$";
export const full = (host: string) => `${host}.corp.example.com`;
export const ago = (days: number) => new Date(Date.now() - days * day).toISOString();

const account = {
  guid: "33221100-5544-7766-8899-aabbccddeeff",
  sid: "S-1-5-21-1-2-3-1104",
  distinguishedName: "CN=ASA,OU=Exchange,DC=corp,DC=example,DC=com",
  samAccountName: "ASA$",
  objectClass: "computer",
  enabled: true,
  userAccountControl: 0x1000,
  encryptionTypeBits: 28,
  passwordStamp: "1",
  passwordLastSet: ago(1),
  servicePrincipalNames: ["mail", "autodiscover"].map((host) => `http/${full(host)}`),
} as Partial<Account>;

/** What is there, where it differs from an estate in which all is well. */
export interface Seen {
  readonly account?: Partial<Account>;
  /** What the directory answers, whatever it is asked: nothing by default, or that it does not answer. */
  readonly entry?: Readonly<Record<string, string>> | ProviderError;
  readonly servers?: readonly object[];
  /** The two sides of a trust. */
  readonly here?: Partial<Trust> | "none";
  readonly there?: Partial<Trust> | "none";
  /** Other answers of the subject. */
  readonly subject?: object;
}

export const credential = (of = name) => ({ account: of, added: ago(0.1) });

/** Extended Protection and SSL offloading of Outlook Anywhere. */
export const outlookAnywhere = (tokenChecking: string, sslOffloading = true) => ({
  outlookAnywhere: async () => [{ identity: "X\\Rpc (Web)", sslOffloading, extendedProtection: { tokenChecking } }],
});

/** A server that has the account's credential, or these accounts'. */
export function server(host: string, more: object = {}, credentials = [credential()]): object {
  return {
    ...{ name: host, fqdn: full(host), product: "2016", version: "15.1.2375.7", site: "A", clientAccess: true },
    alternate: { credentials, comparable: true },
    outlookAnywhere: async () => [],
    mapi: async () => [],
    ...more,
  };
}

function sideOf(more: Seen["here"], holder: string, partner: string): Partial<Trust> | undefined {
  if (more === "none") return undefined;
  return { kind: "forest", inbound: true, outbound: true, aes: "yes", records: [], holder, partner, ...more };
}

export function subjectOf({ account: more, entry = {}, servers = [], here, there, subject }: Seen): Subject {
  const search = async () => {
    if (entry instanceof ProviderError) throw entry;
    return Object.keys(entry).length === 0 ? [] : [{ dn: account.distinguishedName, ...entry }];
  };
  const controller = { host: "dc1", search };
  const [users, resource] = ["users.net", "corp.example.com"];
  const sides = { here: sideOf(here, resource, users), there: sideOf(there, users, resource) };
  const onEach = (all: readonly Server[], look: (one: Server) => Promise<unknown>) => Promise.allSettled(all.map(look));
  const directory = {
    domainController: async () => controller,
    globalCatalog: async () => controller,
    at: () => controller,
  };
  return {
    accountName: async () => name,
    account: async () => ({ ...account, ...more }),
    hostNames: async () => [full("mail")],
    organization: async () => servers,
    servers: async () => ({ answered: servers, silent: new Map() }),
    controllers: async () => [controller],
    trusts: async () => [{ users, resource, host: "dc9", ...sides }],
    selection: {},
    world: { settings: { domain: resource }, directory, exchange: { onEach } },
    ...subject,
  } as unknown as Subject;
}
