import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { utils } from "ssh2";
import { authorityFile } from "./certificates";
import { corp, dc1, hostName, users, usersDc } from "./domain-controller";
import { checkoutFolder, labCopy, labDomain, labFolder, namespaceName } from "./folders";
import { addresses } from "./network-namespace";
import { password } from "./passwords";
import { delegatedUser } from "./people";

const commandFolder = join(labFolder, "bin");
export const kerberosConfiguration = join(labFolder, "krb5.conf");

/** Commands that must see the lab's network: each is replaced by one that enters the namespace first. */
const wrapped = [
  ...[
    "node",
    "npm",
    "npx",
    "curl",
    "kinit",
    "kvno",
    "klist",
    "kdestroy",
    "ldapsearch",
    "ldapmodify",
    "ldapadd",
    "ldapdelete",
  ],
  ...["samba-tool", "msktutil", "adcli", "host", "exchange-kerberos"],
];
const pulumiCommands = ["pulumi"];

/** Settings for whoever works with the lab: the package's own, Pulumi's, and those of the Kerberos tools. */
export function labEnvironment(pulumiFolder: string | undefined): Record<string, string> {
  const pulumiHome = join(labFolder, "pulumi-home");
  const pulumiState = join(labFolder, "pulumi-state");
  for (const folder of [pulumiHome, pulumiState]) mkdirSync(folder, { recursive: true });
  const path = [commandFolder, ...(pulumiFolder === undefined ? [] : [pulumiFolder]), process.env.PATH ?? ""];
  return {
    LAB_NAMESPACE: namespaceName,
    LAB_FOLDER: labFolder,
    LAB_DOMAIN: labDomain,
    LAB_COPY: labCopy,
    PATH: path.join(delimiter),
    KRB5_CONFIG: kerberosConfiguration,
    // The tickets of whoever plays in the lab do not mix with those of the machine.
    KRB5CCNAME: `FILE:${join(labFolder, "krb5cc")}`,
    LDAPTLS_CACERT: authorityFile,
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${pulumiState}`,
    PULUMI_CONFIG_PASSPHRASE: "lab",
    PULUMI_SKIP_UPDATE_CHECK: "1",
    EXCHANGE_KERBEROS_DOMAIN: corp.dnsName,
    EXCHANGE_KERBEROS_DOMAIN_CONTROLLER: hostName(dc1),
    EXCHANGE_KERBEROS_CA_FILE: authorityFile,
    EXCHANGE_KERBEROS_USERNAME: `${delegatedUser}@${corp.dnsName}`,
    EXCHANGE_KERBEROS_PASSWORD: password(`${delegatedUser}@${corp.dnsName}`),
    ...managementSettings(),
  };
}

/** How the script is run: over SSH on the first Exchange server, whose key is pinned. Empty without Exchange. */
function managementSettings(): Record<string, string> {
  const keyFile = join(labFolder, "exchange", "servers", "cas-1", "ssh_host_key");
  if (!existsSync(keyFile)) return {};
  const key = utils.parseKey(readFileSync(keyFile, "utf8"));
  if (key instanceof Error) throw key;
  const digest = createHash("sha256").update(key.getPublicSSH()).digest("base64").replace(/=+$/, "");
  return {
    EXCHANGE_KERBEROS_MANAGEMENT_HOST: `cas-1.${corp.dnsName}`,
    EXCHANGE_KERBEROS_SSH_HOST_KEY: `SHA256:${digest}`,
    // A lab server takes a third of a second.
    EXCHANGE_KERBEROS_CREDENTIAL_PICK_UP_SECONDS: "1",
    EXCHANGE_KERBEROS_SSH_PASSWORD: password(`${delegatedUser}@${corp.dnsName}`),
  };
}

/** Where `command` really is, past our own wrappers. */
function realPath(command: string, pulumiFolder: string | undefined): string {
  const preferred = pulumiCommands.includes(command) ? pulumiFolder : undefined;
  // The Node of the checkout, not the machine's: it may be too old for the SDK.
  const own = command === "node" ? join(checkoutFolder, "node_modules", "node", "bin") : undefined;
  const folder = preferred ?? own;
  return folder === undefined ? command : join(folder, command);
}

export function writeCommands(pulumiFolder: string | undefined): void {
  rmSync(commandFolder, { recursive: true, force: true });
  mkdirSync(commandFolder, { recursive: true });
  const outside = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== commandFolder);
  // What runs inside may ask for Pulumi in turn.
  const outerPath = pulumiFolder === undefined ? outside : [pulumiFolder, ...outside];
  for (const command of [...wrapped, ...(pulumiFolder === undefined ? [] : pulumiCommands)]) {
    const file = join(commandFolder, command);
    // Inside the namespace the real command is next on PATH; this folder is taken out so that it does not find itself.
    const enter = `exec ip netns exec ${namespaceName}`;
    const real = realPath(command, pulumiFolder);
    const target = real === command ? `env PATH="${outerPath.join(delimiter)}" ${real}` : `'${real}'`;
    writeFileSync(file, `#!/bin/sh\n${enter} ${target} "$@"\n`);
    chmodSync(file, 0o755);
  }
}

export function writeKerberosConfiguration(): void {
  const realm = (name: string, kdcs: readonly string[]) =>
    ` ${name} = {\n${kdcs.map((kdc) => `  kdc = ${kdc}\n`).join("")} }`;
  const lines = [
    "[libdefaults]",
    ` default_realm = ${corp.realm}`,
    " dns_lookup_kdc = false",
    " dns_lookup_realm = false",
    " dns_canonicalize_hostname = false",
    " rdns = false",
    "[realms]",
    realm(corp.realm, [addresses.dc1, addresses.dc2]),
    realm(users.realm, [usersDc.address]),
    "[domain_realm]",
    ...[corp, users].map((domain) => ` .${domain.dnsName} = ${domain.realm}\n ${domain.dnsName} = ${domain.realm}`),
  ];
  writeFileSync(kerberosConfiguration, `${lines.join("\n")}\n`);
}

/** For `eval`: values quoted as the shell reads them back. */
export function exportLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    .join("\n");
}
