import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { authorityFile, provideCertificate } from "./certificates";
import { mustRunInside, runInside, waitUntil } from "./command";
import { articleDomain, labDomain, labFolder } from "./folders";
import { addAddress, addresses } from "./network-namespace";
import { password, passwordFile } from "./passwords";
import { startProcess } from "./processes";

export interface Domain {
  readonly dnsName: string;
  readonly netbiosName: string;
  readonly realm: string;
  readonly baseDn: string;
}

function domain(dnsName: string, netbiosName: string): Domain {
  const baseDn = dnsName.split(".").map((label) => `DC=${label}`);
  return { dnsName, netbiosName, realm: dnsName.toUpperCase(), baseDn: baseDn.join(",") };
}

const [firstLabel = ""] = labDomain.split(".");

/** The forest of Exchange, and one whose users have mailboxes in it. */
export const corp = domain(labDomain, labDomain === articleDomain ? "TAILSPIN" : firstLabel.toUpperCase());
export const users = domain("users.contoso.com", "CONTOSO");

export interface DomainController {
  /** Also its part in the lab's state and its process. */
  readonly name: string;
  readonly address: string;
  readonly domain: Domain;
}

export const dc1: DomainController = { name: "dc1", address: addresses.dc1, domain: corp };
export const dc2: DomainController = { name: "dc2", address: addresses.dc2, domain: corp };
export const usersDc: DomainController = { name: "udc1", address: addresses.usersDc, domain: users };

export function hostName(controller: DomainController): string {
  return `${controller.name}.${controller.domain.dnsName}`;
}

export function administrator(ofDomain: Domain): { readonly name: string; readonly password: string } {
  return { name: "Administrator", password: password(`Administrator@${ofDomain.dnsName}`) };
}

const folderOf = (controller: DomainController) => join(labFolder, controller.name);
export const configurationFile = (controller: DomainController) => join(folderOf(controller), "etc", "smb.conf");

const networkOptions = (controller: DomainController) => [
  `--option=interfaces=${controller.address}/32`,
  "--option=bind interfaces only=yes",
  // Else the machine's own smb.conf goes into ours; Debian's asks PAM at each logon, and fails.
  "--configfile=/dev/null",
];

/** A new database is written in seconds; on a machine with much else to do it takes minutes. */
const patience = { deadline: 600_000 };

/** The first controller of a forest. */
export async function provisionForest(controller: DomainController): Promise<void> {
  await addAddress(controller.address);
  const { netbiosName, realm } = controller.domain;
  await mustRunInside(
    "samba-tool",
    [
      ...[
        "domain",
        "provision",
        `--realm=${realm}`,
        `--domain=${netbiosName}`,
        "--server-role=dc",
        "--dns-backend=SAMBA_INTERNAL",
      ],
      ...[`--adminpass=${administrator(controller.domain).password}`, `--host-name=${controller.name}`],
      ...[`--host-ip=${controller.address}`, `--targetdir=${folderOf(controller)}`, ...networkOptions(controller)],
    ],
    patience,
  );
  await configure(controller);
  await start(controller);
  await registerNames(controller);
}

/** One more controller of a domain that stands. */
export async function joinDomain(controller: DomainController, through: DomainController): Promise<void> {
  await addAddress(controller.address);
  const { name, password: adminPassword } = administrator(controller.domain);
  await mustRunInside(
    "samba-tool",
    [
      ...[
        "domain",
        "join",
        controller.domain.dnsName,
        "DC",
        `--server=${hostName(through)}`,
        "--dns-backend=SAMBA_INTERNAL",
      ],
      ...["-U", `${name}%${adminPassword}`, `--targetdir=${folderOf(controller)}`],
      ...[`--option=netbios name=${controller.name.toUpperCase()}`, ...networkOptions(controller)],
    ],
    patience,
  );
  await configure(controller);
  await start(controller);
  await registerNames(controller);
}

/**
 * A controller registers its own names at its first start. Samba's updater does that at times of its own, which can be minutes
 * later and in the middle of a test that counts writes: it is called here, once, and by nobody else.
 */
async function registerNames(controller: DomainController): Promise<void> {
  await mustRunInside("samba_spnupdate", ["-s", configurationFile(controller)]);
}

/** Several Sambas share a machine only with sockets and pid files of their own. */
async function configure(controller: DomainController): Promise<void> {
  const folder = folderOf(controller);
  const own = (name: string, mode: number) => {
    const path = join(folder, "run", name);
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
    return path;
  };
  const { certificate, key } = await provideCertificate(controller.name, [
    hostName(controller),
    controller.domain.dnsName,
  ]);
  const settings = {
    "pid directory": own("pid", 0o755),
    "ncalrpc dir": own("ncalrpc", 0o755),
    "winbindd socket directory": own("samba/winbindd", 0o755),
    "ntp signd socket directory": own("ntp-signd", 0o750),
    "tls enabled": "yes",
    "tls certfile": certificate,
    "tls keyfile": key,
    "tls cafile": authorityFile,
    // As Windows: Kerberos inside TLS neither signs nor seals. The other forest keeps Samba's own way, which refuses that.
    ...(controller.domain === corp && { "ldap server require strong auth": "allow_sasl_over_tls" }),
    "dns forwarder": addresses.resolver,
    // The records that matter are written by the lab; Samba's own updater needs programs that the lab does not.
    "dns update command": "/bin/true",
    "spn update command": "/bin/true",
    "log file": join(folder, "log.%m"),
    // One JSON line a change of the directory, in the controller's log: how the tests count writes.
    "log level": "1 dsdb_json_audit:5",
  };
  const lines = Object.entries(settings).map(([name, value]) => `\t${name} = ${value}`);
  const file = configurationFile(controller);
  writeFileSync(file, readFileSync(file, "utf8").replace("[global]", `[global]\n${lines.join("\n")}`));
}

export async function start(controller: DomainController): Promise<void> {
  startProcess(controller.name, "sh", [
    "-c",
    // smbd asks the winbindd of /run/samba, whatever smb.conf says, so each controller gets a /run of its own.
    'mount --bind "$1" /run && exec samba -s "$2" -i --no-process-group',
    "sh",
    ...[join(folderOf(controller), "run"), configurationFile(controller)],
  ]);
  await waitUntil(`${controller.name} answers`, () => answers(controller), 90_000);
}

/** LDAPS with a bind: the last of Samba's services to be ready is the one that we need. */
async function answers(controller: DomainController): Promise<boolean> {
  const account = `Administrator@${controller.domain.dnsName}`;
  const bind = ["-H", `ldaps://${hostName(controller)}`, "-D", account, "-y", passwordFile(account)];
  const search = ["-x", "-s", "base", "-b", controller.domain.baseDn, "-o", "nettimeout=3", "dn"];
  const environment = { ...process.env, LDAPTLS_CACERT: authorityFile };
  const { status } = await runInside("ldapsearch", [...bind, ...search], {
    environment,
    deadline: 10_000,
  });
  return status === 0;
}

/** `samba-tool` against one controller, as its administrator. */
export function sambaTool(controller: DomainController, arguments_: readonly string[]): Promise<string> {
  const { name, password: adminPassword } = administrator(controller.domain);
  const database = arguments_[0] === "dns" || arguments_[0] === "drs" ? [] : ["-H", `ldap://${hostName(controller)}`];
  return mustRunInside("samba-tool", [
    ...arguments_,
    ...database,
    `--configfile=${configurationFile(controller)}`,
    "-U",
    `${name}%${adminPassword}`,
  ]);
}
