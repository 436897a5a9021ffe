import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun, runCommand } from "./command";
import { namespaceName } from "./folders";

/** The lab's network: private to its namespace, so every lab can have the same addresses. */
export const addresses = {
  resolver: "10.99.0.2",
  dc1: "10.99.0.10",
  dc2: "10.99.0.11",
  usersDc: "10.99.0.20",
  balancer: "10.99.0.80",
  secondBalancer: "10.99.0.81",
  /** Every name below `many.` of the domain: as many servers as a bench makes up, in one process. */
  manyServers: "10.99.0.90",
  /** `cas-1`, `cas-2`, … */
  exchangeServer: (number: number) => `10.99.1.${number}`,
} as const;

/** What `ip netns exec` mounts over /etc for whoever enters the namespace. */
const netnsConfiguration = join("/etc/netns", namespaceName);
const bridge = "lab0";

export function namespaceExists(): boolean {
  return existsSync(join("/run/netns", namespaceName));
}

export async function createNamespace(): Promise<void> {
  if (namespaceExists()) return;
  await mustRun("ip", ["netns", "add", namespaceName]);
  await mustRun("ip", ["-n", namespaceName, "link", "set", "lo", "up"]);
  await mustRun("ip", ["-n", namespaceName, "link", "add", bridge, "type", "bridge"]);
  await mustRun("ip", ["-n", namespaceName, "link", "set", bridge, "up"]);
  mkdirSync(netnsConfiguration, { recursive: true });
  writeFileSync(
    join(netnsConfiguration, "resolv.conf"),
    `nameserver ${addresses.resolver}\noptions timeout:2 attempts:2\n`,
  );
}

/** Gives the namespace one more address; there already is fine. */
export async function addAddress(address: string): Promise<void> {
  await mustRun("ip", ["-n", namespaceName, "addr", "replace", `${address}/16`, "dev", bridge]);
}

/** Every process inside is the lab's own or was sent in by its user. */
export async function namespaceProcesses(): Promise<number[]> {
  if (!namespaceExists()) return [];
  const { stdout } = await runCommand("ip", ["netns", "pids", namespaceName]);
  return stdout.split("\n").filter(Boolean).map(Number);
}

export async function deleteNamespace(): Promise<void> {
  if (namespaceExists()) await mustRun("ip", ["netns", "delete", namespaceName]);
  rmSync(netnsConfiguration, { recursive: true, force: true });
}
