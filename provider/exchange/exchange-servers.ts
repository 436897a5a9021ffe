import { ProviderError } from "../error";
import type { PsValue } from "../powershell/psrp";
import { flagProperty, property, textOf, textProperty } from "./ps-properties";
import { output, type RemoteShell } from "./remote-shell";

export type ExchangeProduct = "2010" | "2013" | "2016" | "2019" | "SE";

export interface ExchangeServer {
  /** NetBIOS name, by which cmdlets show it. */
  readonly name: string;
  readonly fqdn: string;
  readonly product: ExchangeProduct;
  /** `15.2.1748.10` */
  readonly version: string;
  /** Active Directory site. */
  readonly site: string;
  /** Runs Client Access services, so it can have the credential. */
  readonly clientAccess: boolean;
  /** Runs mailbox services too: only Exchange 2013 can have client access without. */
  readonly mailbox: boolean;
}

/** First build of the Subscription Edition; before it, 15.2 is Exchange 2019. */
const subscriptionEditionBuild = 2562;

/** `Version 15.1 (Build 2375.7)`, the text of both the object and the string that AdminDisplayVersion comes as. */
export function parseVersion(text: string): { product: ExchangeProduct; version: string } | undefined {
  const [, major, minor, build, revision] = /^Version (\d+)\.(\d+) \(Build (\d+)\.(\d+)\)$/.exec(text) ?? [];
  if (build === undefined) return undefined;
  const product = { "14": "2010", "15.0": "2013", "15.1": "2016" } as const;
  const family = product[major as "14"] ?? product[`${major}.${minor}` as "15.0"];
  const version = `${major}.${minor}.${build}.${revision}`;
  if (family !== undefined) return { product: family, version };
  if (major !== "15" || minor !== "2") return undefined;
  return { product: Number(build) < subscriptionEditionBuild ? "2019" : "SE", version };
}

/** All Exchange servers of the organization, as any one of them knows them. */
export async function listExchangeServers(shell: RemoteShell, signal?: AbortSignal): Promise<ExchangeServer[]> {
  const found = await output(shell, [{ name: "Get-ExchangeServer" }], { what: "list the Exchange servers", signal });
  return serversOf(found, shell.host);
}

/**
 * One server by its full name, as another or itself knows it; `undefined` where the answer is not about it. Many servers that
 * are each asked about themselves give one object each, where the list of all would be as many again from every one.
 * @throws ProviderError `powershell-failed` where Exchange knows no such server.
 */
export async function readExchangeServer(
  shell: RemoteShell,
  fqdn: string,
  signal?: AbortSignal,
): Promise<ExchangeServer | undefined> {
  const command = { name: "Get-ExchangeServer", parameters: { Identity: fqdn } };
  const found = await output(shell, [command], { what: `read the Exchange server ${fqdn}`, signal });
  return serversOf(found, shell.host).find((server) => server.fqdn === fqdn);
}

/**
 * The server that is asked for the others.
 * @throws ProviderError `input-invalid` where none is named.
 */
export function entryServer(named: string | undefined): string {
  if (named !== undefined) return named.toLowerCase();
  throw new ProviderError("input-invalid", "It is not said which Exchange server to ask.", {
    hint: "Name one of them (--entry, or the setting managementHost); it knows the others.",
  });
}

/** @throws ProviderError `refused` for what is none of the organization's servers. */
export function serverAmong(organization: readonly ExchangeServer[], server: string): ExchangeServer {
  const found = organization.find(({ fqdn }) => fqdn === server);
  if (found === undefined) throw notAmong(organization, server);
  return found;
}

/** What is said of a name that none of the organization's servers has, with those that there are. */
export function notAmong(organization: readonly ExchangeServer[], server: string): ProviderError {
  return new ProviderError("refused", `${server} is not an Exchange server of this organization.`, {
    hint:
      `Its servers are ${organization.map(({ fqdn }) => fqdn).join(", ")}. A load-balanced name does not belong here: ` +
      "each server is reached by its own.",
  });
}

/** Neither those at the edge nor those from before 2010, which 2013 may live with, can have the credential or what it is for. */
function serversOf(found: readonly PsValue[], host: string): ExchangeServer[] {
  const strange = (value: PsValue) =>
    flagProperty(value, "IsEdgeServer") || /^Version \d\./.test(textProperty(value, "AdminDisplayVersion") ?? "");
  return found.filter((value) => !strange(value)).map((value) => serverOf(value, host));
}

function serverOf(value: PsValue, host: string): ExchangeServer {
  const fqdn = textProperty(value, "Fqdn");
  const versionText = textProperty(value, "AdminDisplayVersion") ?? "";
  const version = parseVersion(versionText);
  if (fqdn === undefined) {
    throw new ProviderError("not-exchange", `${host}: Get-ExchangeServer gave something that is no Exchange server.`, {
      hint: "Connect to an Exchange server's own PowerShell endpoint.",
    });
  }
  if (version === undefined) {
    throw new ProviderError("refused", `${fqdn} has a version that this package does not know: "${versionText}".`, {
      hint: "Update the package.",
    });
  }
  const site = textOf(property(value, "Site")) ?? "";
  return {
    name: textProperty(value, "Name") ?? fqdn.split(".")[0] ?? fqdn,
    fqdn: fqdn.toLowerCase(),
    ...version,
    site: site.split("/").at(-1) ?? site,
    clientAccess: flagProperty(value, "IsClientAccessServer"),
    mailbox: flagProperty(value, "IsMailboxServer"),
  };
}

/** The name of the cmdlets by version: 2016 and later warn about the old name (Get-ClientAccessService, notes). */
export function clientAccessNoun(product: ExchangeProduct): "ClientAccessServer" | "ClientAccessService" {
  return product === "2010" || product === "2013" ? "ClientAccessServer" : "ClientAccessService";
}
