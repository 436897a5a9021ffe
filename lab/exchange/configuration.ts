import { readFileSync } from "node:fs";
import { z } from "zod";
import { products } from "./model/product";

/** Servers that share their clients' names, behind a load balancer of their own. */
const site = z.object({
  /** Active Directory site. */
  name: z.string(),
  /** Names that clients use; A records for them point to the load balancer. */
  namespaces: z.array(z.string()).min(1),
  balancerAddress: z.string(),
  servers: z.array(z.object({ name: z.string(), address: z.string(), product: z.enum(products) })),
});
export type ExchangeSite = z.infer<typeof site>;

const logOn = z.object({ name: z.string(), password: z.string() });

/** What the Exchange part of the lab has to know about the rest; the lab writes it, readable to its owner only. */
export const configurationSchema = z.object({
  /** Where state, logs and the control socket live. */
  folder: z.string(),
  domain: z.string(),
  netbiosName: z.string(),
  /** Host name of the domain controller that Exchange works with; LDAPS on it. */
  domainController: z.string(),
  caFile: z.string(),
  /** Trusted domains: DNS name to NetBIOS name. */
  trustedDomains: z.record(z.string(), z.string()),
  /** Who sets up computer accounts and DNS records, and reads accounts for the servers. */
  administrator: logOn,
  /** User principal names of those who administer Exchange. */
  exchangeAdministrators: z.array(z.string()),
  sites: z.array(site).min(1),
  /** PEM files for HTTPS: one certificate for all servers and all names. */
  certificate: z.object({ certificate: z.string(), key: z.string() }),
  /** Log-on that an SSH session by key may pass on to other servers, as delegation would. */
  delegated: logOn.optional(),
});
export type ExchangeConfiguration = z.infer<typeof configurationSchema>;

export function readConfiguration(path: string): ExchangeConfiguration {
  return configurationSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}
