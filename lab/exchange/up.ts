import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { authorityFile, provideCertificate } from "../certificates";
import { waitUntil } from "../command";
import { addHostRecord, spreadRecords } from "../dns";
import { administrator, corp, dc1, hostName, users } from "../domain-controller";
import { kerberosConfiguration } from "../environment";
import { checkoutFolder, labFolder } from "../folders";
import { addAddress, addresses } from "../network-namespace";
import { providePackages } from "../packages";
import { delegatedUser } from "../people";
import { findProcess, logFolder, startProcess, stopProcess } from "../processes";
import type { ExchangeConfiguration, ExchangeSite } from "./configuration";
import { labStatus } from "./control/client";
import { type Product, products } from "./model/product";

/** Where the Exchange part keeps everything. */
export const exchangeFolder = join(labFolder, "exchange");
/** Where the running Exchange part can be told things: see `control/client.ts`. */
export const exchangeControlSocket = join(exchangeFolder, "control.sock");

const processName = "exchange";
/** What Active Directory calls a forest's first site; the article calls it ADSite1. */
const firstSiteName = "Default-First-Site-Name";
const configurationFile = join(exchangeFolder, "configuration.json");

export interface ExchangeOptions {
  /** How many servers: `cas-1`, `cas-2` … */
  readonly servers: number;
  /** How many more in a second site, with names of its own for clients; they count on from the first site's. Default: none. */
  readonly secondSite?: number | undefined;
  /** Their versions, one after the other and again from the first. Default: 2019. */
  readonly versions?: readonly Product[] | undefined;
}

/** Brings up Exchange servers and load balancers in a lab that stands. Running already with the same servers is fine. */
export async function exchangeUp(options: ExchangeOptions, say: (line: string) => void): Promise<void> {
  await providePackages(["exchange"], say);
  const sites = sitesOf(options);
  const configuration = JSON.stringify(await configurationOf(sites));
  if (findProcess(processName) !== undefined) {
    if (readFileSync(configurationFile, "utf8") === configuration) return;
    await stopProcess(processName);
  }
  for (const { servers, namespaces, balancerAddress } of sites) {
    for (const { name, address } of servers) {
      await addAddress(address);
      await addHostRecord(name, address);
    }
    await addAddress(balancerAddress);
    for (const name of namespaces) await addHostRecord(name.split(".")[0] ?? name, balancerAddress);
  }
  await spreadRecords();
  mkdirSync(exchangeFolder, { recursive: true, mode: 0o700 });
  writeFileSync(configurationFile, configuration, { mode: 0o600 });
  start();
  await waitUntil("Exchange answers", answers);
  const servers = sites.flatMap((site) => site.servers);
  say(`Exchange: ${servers.map(({ name, product }) => `${name} (${product})`).join(", ")}`);
}

/** The article's two sites, as far as they are wanted. */
function sitesOf({ servers, secondSite = 0, versions = ["2019"] }: ExchangeOptions): ExchangeSite[] {
  const server = (number: number) => ({
    name: `cas-${number}`,
    address: addresses.exchangeServer(number),
    product: versions[(number - 1) % versions.length] ?? "2019",
  });
  const all = Array.from({ length: servers + secondSite }, (_, index) => server(index + 1));
  const site = (name: string, names: readonly string[], balancerAddress: string, members: typeof all) => ({
    name,
    namespaces: names.map((host) => `${host}.${corp.dnsName}`),
    balancerAddress,
    servers: members,
  });
  const first = site(firstSiteName, ["mail", "autodiscover"], addresses.balancer, all.slice(0, servers));
  if (secondSite === 0) return [first];
  const second = site("ADSite2", ["mailsdc", "autodiscoversdc"], addresses.secondBalancer, all.slice(servers));
  return [first, second];
}

async function configurationOf(sites: readonly ExchangeSite[]): Promise<ExchangeConfiguration> {
  const certificate = await provideCertificate("exchange", [`*.${corp.dnsName}`]);
  const { name, password: administratorPassword } = administrator(corp);
  return {
    folder: exchangeFolder,
    domain: corp.dnsName,
    netbiosName: corp.netbiosName,
    domainController: hostName(dc1),
    caFile: authorityFile,
    trustedDomains: { [users.dnsName]: users.netbiosName },
    administrator: { name: `${name}@${corp.dnsName}`, password: administratorPassword },
    exchangeAdministrators: [`${name}@${corp.dnsName}`, `${delegatedUser}@${corp.dnsName}`],
    sites: [...sites],
    certificate,
  };
}

function start(): void {
  const register = require.resolve("ts-node/register");
  startProcess(processName, process.execPath, ["-r", register, resolve(__dirname, "main.ts"), configurationFile], {
    ...process.env,
    KRB5_CONFIG: kerberosConfiguration,
    TS_NODE_PROJECT: join(checkoutFolder, "tsconfig.json"),
  });
}

async function answers(): Promise<boolean> {
  const process = findProcess(processName);
  if (process === undefined) {
    const log = join(logFolder, `${processName}.log`);
    throw new Error(`Exchange did not start:\n${existsSync(log) ? readFileSync(log, "utf8").slice(-2000) : ""}`);
  }
  return labStatus(exchangeControlSocket).then(
    () => true,
    () => false,
  );
}

/** `2016,2019,SE` as versions. */
export function parseVersions(text: string): Product[] {
  return text.split(",").map((word) => {
    const product = products.find((one) => one.toLowerCase() === word.trim().toLowerCase());
    if (product === undefined) throw new Error(`"${word}" is no version of Exchange: ${products.join(", ")}.`);
    return product;
  });
}
