import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { administrator, corp, dc1, hostName } from "../lab/domain-controller";
import { passwordFile } from "../lab/passwords";
import { randomPassword, unicodePwd } from "../provider/directory/password";
import { asaAccount } from "../provider/resources/asa-account";
import type { AsaAccountInputs } from "../provider/resources/asa-account/schema";
import { openConnection } from "../provider/resources/connection";
import type { Context } from "../provider/resources/handler";
import { servicePrincipalName } from "../provider/resources/service-principal-name";
import type { SpnInputs } from "../provider/resources/service-principal-name/schema";
import { resolveSettings } from "../provider/settings";
import { ForestByHand } from "../test/stack/forest-by-hand";
import type { Figure } from "./figure";

const run = promisify(execFile);
const rounds = 10;
const host = hostName(dc1);

/** What one account with encryption types and one SPN costs from nothing: connection, logon, and all. */
interface Contestant {
  readonly name: string;
  make(account: string, spn: string): Promise<unknown>;
}

/** The handlers, in a run of their own each time: discovery of names, checks for holders, and reading back included. */
function handlers(unit: string): Contestant {
  return {
    name: "handlers",
    async make(account, spn) {
      const connection = openConnection(
        resolveSettings("default", { config: () => undefined, environment: process.env }),
      );
      const context: Context = {
        connection: () => connection,
        progress: () => undefined,
        signal: new AbortController().signal,
      };
      try {
        const inputs = { name: account, organizationalUnit: unit, replication: false } as const;
        const { outputs } = await asaAccount.create(asaAccount.schema.parse(inputs) as AsaAccountInputs, context);
        const name = { account: outputs.qualifiedName, spn, allowBeforeDeployment: true };
        await servicePrincipalName.create(servicePrincipalName.schema.parse(name) as SpnInputs, context);
      } finally {
        await connection.close();
      }
    },
  };
}

function ldapmodify(unit: string, folder: string): Contestant {
  const { EXCHANGE_KERBEROS_USERNAME: user = "" } = process.env;
  return {
    name: "ldapmodify",
    async make(account, spn) {
      const dn = `CN=${account},${unit}`;
      const file = join(folder, `${account}.ldif`);
      const add = [
        `dn: ${dn}`,
        "changetype: add",
        "objectClass: computer",
        `sAMAccountName: ${account}$`,
        "userAccountControl: 4096",
        "msDS-SupportedEncryptionTypes: 28",
        `unicodePwd:: ${unicodePwd(randomPassword()).toString("base64")}`,
      ];
      const modify = [`dn: ${dn}`, "changetype: modify", "add: servicePrincipalName", `servicePrincipalName: ${spn}`];
      await writeFile(file, `${add.join("\n")}\n\n${modify.join("\n")}\n`);
      await run("ldapmodify", ["-H", `ldaps://${host}`, "-x", "-D", user, "-y", passwordFile(user), "-f", file]);
    },
  };
}

/** Logs on with the ticket that is there already, which is to its favour. */
function msktutil(unit: string, folder: string): Contestant {
  const base = unit.slice(0, -corp.baseDn.length - 1);
  return {
    name: "msktutil",
    make: (account, spn) =>
      run("msktutil", [
        ...["create", "--server", host, "--base", base, "--computer-name", account, "--enctypes", "0x1c"],
        ...["--service", spn, "--keytab", join(folder, `${account}.keytab`), "--no-reverse-lookups"],
      ]),
  };
}

/** It makes computers with encryption types of its own choice, and no other tool of Samba sets them. */
function sambaTool(unit: string): Contestant {
  const { name, password } = administrator(corp);
  const place = unit.slice(0, -corp.baseDn.length - 1);
  return {
    name: "samba-tool",
    make: (account, spn) =>
      run("samba-tool", [
        ...["computer", "create", account, `--computerou=${place}`, `--service-principal-name=${spn}`],
        ...["-H", `ldap://${host}`, `-U${name}%${password}`],
      ]),
  };
}

/** Account, encryption types and SPN by our handlers, against what an administrator would use for the same. */
export async function figures(): Promise<Figure[]> {
  const forest = await ForestByHand.open();
  const unit = await forest.freshUnit("BenchDirectory");
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const { name, password } = administrator(corp);
  try {
    const login = run("kinit", [`${name}@${corp.dnsName.toUpperCase()}`]);
    login.child.stdin?.end(`${password}\n`);
    await login;
    const ours = handlers(unit);
    const peers = [ldapmodify(unit, folder), msktutil(unit, folder), sambaTool(unit)];
    const best = new Map<Contestant, number>();
    // In turn, and the best of each: what else the machine does then weighs on all alike.
    for (let round = 0; round < rounds; round++) {
      for (const [index, contestant] of [ours, ...peers].entries()) {
        const account = `B${round}C${index}`;
        const started = performance.now();
        await contestant.make(account, `http/${account}.bench.corp.tailspintoys.com`);
        best.set(contestant, Math.min(best.get(contestant) ?? Infinity, performance.now() - started));
      }
    }
    return peers.map((peer) => ({
      name: `account, encryption types and SPN, from nothing, against ${peer.name}`,
      ours: best.get(ours) ?? 0,
      peer: best.get(peer) ?? 0,
      unit: "ms",
      goal: peer.name === "ldapmodify" ? 1.5 : 1,
      better: "lower" as const,
    }));
  } finally {
    await rm(folder, { recursive: true });
    await forest.removeUnit(unit);
    await forest.close();
  }
}
