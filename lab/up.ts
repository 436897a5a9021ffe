import { mkdirSync, rmSync } from "node:fs";
import { addControllerRecords, spreadRecords, startResolver } from "./dns";
import { corp, dc1, dc2, joinDomain, provisionForest, users, usersDc } from "./domain-controller";
import { writeCommands, writeKerberosConfiguration } from "./environment";
import { labFolder } from "./folders";
import { createForestTrust } from "./forest-trust";
import { hasPart, providePart, readLabState } from "./lab-state";
import { createNamespace, deleteNamespace, namespaceExists } from "./network-namespace";
import { providePackages, requireRoot } from "./packages";
import { makePasswords } from "./passwords";
import { contosoUser, corpUser, createContosoPeople, createCorpPeople, delegatedUser } from "./people";
import { isAlive, stopAllProcesses } from "./processes";
import { providePulumiCli } from "./pulumi-cli";
import { replicateTo } from "./replication";

export interface LabOptions {
  /** A second domain controller of the corp domain. */
  readonly dc2?: boolean | undefined;
  /** A second forest, `users.contoso.com`, with a forest trust. */
  readonly usersForest?: boolean | undefined;
  /** Whether the Pulumi CLI is provided. Default: true. */
  readonly pulumi?: boolean | undefined;
}

type Say = (line: string) => void;

/** Whether the lab stands. One that lost its namespace or a process stands no more. */
export function labIsUp(): boolean {
  const { processes, parts } = readLabState();
  return namespaceExists() && parts.includes("dc1") && processes.every(isAlive);
}

/** What stands no more goes, its folder and all: before anything else is put there. */
export async function clearDeadLab(say: Say): Promise<void> {
  if (labIsUp() || !(namespaceExists() || readLabState().parts.length > 0)) return;
  say("Found a dead lab; clearing it away.");
  await labDown();
}

/** Brings up what is asked for and does not stand yet. */
export async function labUp(options: LabOptions, say: Say): Promise<void> {
  requireRoot();
  await providePackages(["network", "directory", "clients"], say);
  await clearDeadLab(say);
  const pulumiFolder = options.pulumi === false ? undefined : providePulumiCli(say);
  // Awaited at the end; a failure meanwhile must not count as unhandled.
  pulumiFolder?.catch(() => {});
  await forests(options, say);
  writeKerberosConfiguration();
  writeCommands(await pulumiFolder);
}

async function forests(options: LabOptions, say: Say): Promise<void> {
  if (readLabState().parts.length === 0) {
    mkdirSync(labFolder, { recursive: true, mode: 0o700 });
    const corpNames = ["Administrator", corpUser, delegatedUser].map((name) => `${name}@${corp.dnsName}`);
    const userNames = ["Administrator", contosoUser].map((name) => `${name}@${users.dnsName}`);
    makePasswords([...corpNames, ...userNames]);
  }
  await createNamespace();
  await startResolver();
  const timed = async (what: string, part: string, build: () => Promise<void>) => {
    const started = Date.now();
    if (hasPart(part)) return;
    await providePart(part, build);
    say(`${what} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  };
  const corpForest = timed(`Forest ${corp.dnsName} with dc1`, "dc1", async () => {
    await provisionForest(dc1);
    await createCorpPeople();
  });
  const usersForest = async () => {
    if (options.usersForest !== true) return;
    await timed(`Forest ${users.dnsName} with udc1`, "users-forest", async () => {
      await provisionForest(usersDc);
      await createContosoPeople();
    });
  };
  await Promise.all([corpForest, usersForest()]);
  if (options.usersForest === true) await timed("Forest trust", "forest-trust", createForestTrust);
  if (options.dc2 === true) {
    await timed("Second controller dc2", "dc2", async () => {
      await joinDomain(dc2, dc1);
      // Tickets for the new controller's services are asked of the old one too.
      await replicateTo(dc1, dc2);
      await addControllerRecords("dc2");
      await spreadRecords();
    });
  }
}

/** Leaves nothing: no process, no namespace, no folder. */
export async function labDown(): Promise<void> {
  requireRoot();
  await stopAllProcesses();
  await deleteNamespace();
  rmSync(labFolder, { recursive: true, force: true });
}
