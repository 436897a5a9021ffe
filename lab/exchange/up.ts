import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { authorityFile, provideCertificate } from "../certificates";
import { waitUntil } from "../command";
import { addHostRecord } from "../dns";
import { administrator, corp, dc1, hostName, users } from "../domain-controller";
import { kerberosConfiguration } from "../environment";
import { checkoutFolder, labFolder } from "../folders";
import { addAddress, addresses } from "../network-namespace";
import { providePackages } from "../packages";
import { delegatedUser } from "../people";
import { findProcess, logFolder, startProcess, stopProcess } from "../processes";
import { type ExchangeConfiguration, readConfiguration } from "./configuration";
import { labStatus } from "./control/client";
import { type Product, products } from "./model/product";

/** Where the Exchange part keeps everything. */
export const exchangeFolder = join(labFolder, "exchange");
/** Where the running Exchange part can be told things: see `control/client.ts`. */
export const exchangeControlSocket = join(exchangeFolder, "control.sock");

/** Names that clients use; A records for them point to the load balancer. */
export const namespaces = ["mail", "autodiscover"].map((name) => `${name}.${corp.dnsName}`);

const processName = "exchange";
const configurationFile = join(exchangeFolder, "configuration.json");

export interface ExchangeOptions {
  /** How many servers: `cas-1`, `cas-2` … */
  readonly servers: number;
  /** Their versions, one after the other and again from the first. Default: 2019. */
  readonly versions?: readonly Product[] | undefined;
}

/** Brings up Exchange servers and the load balancer in a lab that stands. Running already with the same servers is fine. */
export async function exchangeUp(options: ExchangeOptions, say: (line: string) => void): Promise<void> {
  await providePackages(["exchange"], say);
  const versions: readonly Product[] = options.versions ?? ["2019"];
  const servers = Array.from({ length: options.servers }, (_, index) => ({
    name: `cas-${index + 1}`,
    address: addresses.exchangeServer(index + 1),
    product: versions[index % versions.length] ?? "2019",
  }));
  const configuration = await configurationOf(servers);
  if (findProcess(processName) !== undefined) {
    if (JSON.stringify(readConfiguration(configurationFile)) === JSON.stringify(configuration)) return;
    await stopProcess(processName);
  }
  for (const { name, address } of servers) {
    await addAddress(address);
    await addHostRecord(name, address);
  }
  await addAddress(addresses.balancer);
  for (const name of namespaces) await addHostRecord(name.split(".")[0] ?? name, addresses.balancer);
  mkdirSync(exchangeFolder, { recursive: true, mode: 0o700 });
  writeFileSync(configurationFile, JSON.stringify(configuration), { mode: 0o600 });
  start();
  await waitUntil("Exchange answers", answers);
  say(`Exchange: ${servers.map(({ name, product }) => `${name} (${product})`).join(", ")}`);
}

async function configurationOf(servers: ExchangeConfiguration["servers"]): Promise<ExchangeConfiguration> {
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
    namespaces,
    balancerAddress: addresses.balancer,
    certificate,
    servers,
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
