import { existsSync } from "node:fs";
import { mustRun, runCommand } from "./command";

/** Debian's packages, by the part of the lab that needs them. */
const debianPackages = {
  network: ["iproute2", "dnsmasq-base", "openssl"],
  directory: [
    "samba",
    "samba-ad-dc",
    "samba-ad-provision",
    "samba-dsdb-modules",
    "samba-vfs-modules",
    "winbind",
    "python3-samba",
    "attr",
  ],
  clients: ["krb5-user", "ldap-utils", "curl", "libgssapi-krb5-2"],
  exchange: ["haproxy"],
  tests: [
    "openssh-server",
    "chromium",
    "poppler-utils",
    "faketime",
    "msktutil",
    "adcli",
    "libkrb5-dev",
    "gcc",
    "python3-venv",
    "python3-dev",
  ],
} as const;
export type PackageGroup = keyof typeof debianPackages;

async function missingOf(names: readonly string[]): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format.
  const { stdout } = await runCommand("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Abbrev}\n", ...names]);
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => line.trim().endsWith(" ii"))
      .map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !installed.has(name));
}

/**
 * Installs what is missing where that can be done (Debian, root); elsewhere names it in one message with the command to run.
 * A start of Debian's own services is forbidden meanwhile: the lab has its own, inside its namespace.
 */
export async function providePackages(groups: readonly PackageGroup[], say: (line: string) => void): Promise<void> {
  const names = groups.flatMap((group) => debianPackages[group]);
  if (!existsSync("/etc/debian_version")) {
    throw new Error(`The lab runs on Debian or one of its children. It needs the packages: ${names.join(" ")}.`);
  }
  const missing = await missingOf(names);
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0)
    throw new Error(`The lab needs packages that only root can install. Run: sudo ${install}`);
  say(`Installing ${missing.length} Debian packages: ${missing.join(" ")}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const deadline = 600_000;
  await mustRun("apt-get", ["update", "-q"], { environment, deadline });
  await mustRun("apt-get", install.split(" ").slice(1), { environment, deadline });
}

/** The lab makes a network namespace and mounts: there is no way round being root. */
export function requireRoot(): void {
  if (process.getuid?.() !== 0) throw new Error("The lab needs root: it makes a network namespace. Run it with sudo.");
}
