import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type CommandOutput, mustRun, runCommand } from "../../lab/command";
import { labStatus } from "../../lab/exchange/control/client";
import { checkoutFolder } from "../../lab/folders";
import { delegatedUser } from "../../lab/people";
import { blocksOf, page, section } from "../support/documents";
import { requireLab } from "../support/lab";
import { programsFolder } from "../support/programs";

const domain = "fabrikam.example";
const baseDn = "DC=fabrikam,DC=example";

/**
 * A stranger with a forest of other names and an empty folder, who has read nothing but the README. What stands there is run,
 * line by line; the file of the package stands for its name, as npm would get it.
 */
describe("the README's first stack, in somebody else's forest", function () {
  this.timeout(600_000);
  const readme = section(page("README.md"), "## Your first stack");
  let home: string;
  let labFolder: string;
  let administrator: string[];
  let environment: NodeJS.ProcessEnv;
  let substitutes: readonly (readonly [from: string, to: string])[];

  /** This machine without anything of the lab that the other tests are in. */
  const outside = () => {
    const ours = /^(LAB_|EXCHANGE_KERBEROS_|PULUMI_|KRB5|LDAPTLS_|SSH_AUTH_SOCK)/;
    const entries = Object.entries(process.env).filter(([name]) => !ours.test(name));
    const path = (process.env.PATH ?? "")
      .split(delimiter)
      .filter((one) => !one.startsWith(process.env.LAB_FOLDER ?? "-"));
    return { ...Object.fromEntries(entries), PATH: path.join(delimiter), LAB_DOMAIN: domain };
  };
  const lab = (...words: string[]) => {
    const command = [require.resolve("ts-node/dist/bin"), join(checkoutFolder, "lab", "main.ts"), ...words];
    return mustRun(process.execPath, command, { folder: checkoutFolder, environment: outside(), deadline: 300_000 });
  };

  before(async function () {
    requireLab(this);
    home = mkdtempSync(join(tmpdir(), "stranger-"));
    await lab("up", "--exchange", "2", "--versions", "2016,2019");
    const lines = (await lab("env")).matchAll(/^export (\w+)='(.*)'$/gm);
    const given = Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
    const { PATH, LAB_FOLDER = "", EXCHANGE_KERBEROS_CA_FILE = "", EXCHANGE_KERBEROS_SSH_HOST_KEY = "" } = given;
    labFolder = LAB_FOLDER;
    administrator = ["-D", `Administrator@${domain}`, "-y", join(labFolder, "passwords", `Administrator@${domain}`)];
    // No krb5.conf: what DNS says of the forest has to do.
    writeFileSync(join(home, "krb5.conf"), "");
    environment = {
      ...{ PATH, HOME: home, LDAPTLS_CACERT: EXCHANGE_KERBEROS_CA_FILE, KRB5_CONFIG: join(home, "krb5.conf") },
      // Logged in, and with nobody at the terminal to say yes.
      ...{ PULUMI_BACKEND_URL: `file://${home}`, PULUMI_CONFIG_PASSPHRASE: "stranger" },
      ...{ PULUMI_SKIP_CONFIRMATIONS: "true", PULUMI_SKIP_UPDATE_CHECK: "1" },
      // The lab has no way to a registry; what the other tests have installed is still in npm's cache.
      ...{ npm_config_cache: process.env.npm_config_cache ?? join(homedir(), ".npm"), npm_config_offline: "true" },
    };
    const tarball = readdirSync(programsFolder).find((name) => name.endsWith(".tgz")) ?? assert.fail("not packed");
    substitutes = [
      ["corp.tailspintoys.com", domain],
      ["DC=corp,DC=tailspintoys,DC=com", baseDn],
      ["/etc/ssl/certs/corp-authority.pem", EXCHANGE_KERBEROS_CA_FILE],
      ["SHA256:…", EXCHANGE_KERBEROS_SSH_HOST_KEY],
      ["npm install pulumi-exchange-kerberos", `npm install ${join(programsFolder, tarball)}`],
    ];
  });
  after(async () => {
    if (home === undefined) return;
    await lab("down");
    rmSync(home, { recursive: true, force: true });
  });

  /** All that a stack could have changed: the directory, what the servers hold, and what they tell Outlook. */
  async function everything(): Promise<unknown> {
    const attributes = ["servicePrincipalName", "userAccountControl", "msDS-SupportedEncryptionTypes", "pwdLastSet"];
    const search = ["-LLL", "-o", "ldif-wrap=no", "-x", "-H", `ldaps://dc1.${domain}`, ...administrator, "-b", baseDn];
    const entries = (await mustRun("ldapsearch", [...search, "(objectClass=*)", ...attributes], { environment })).split(
      "\n\n",
    );
    const exchange = join(labFolder, "exchange");
    const { servers } = JSON.parse(readFileSync(join(exchange, "organization.json"), "utf8"));
    return {
      directory: entries.map((entry) => entry.split("\n").sort().join("\n")).sort(),
      credentials: (await labStatus(join(exchange, "control.sock"))).servers.map(({ credentials }) => credentials),
      outlook: servers.map(({ virtualDirectories }: Record<string, unknown>) => virtualDirectories),
    };
  }

  it("works as it stands there, and leaves nothing when it is destroyed", async () => {
    const before = await everything();
    const input = readFileSync(join(labFolder, "passwords", `${delegatedUser}@${domain}`), "utf8");
    let folder = home;
    const ran: string[] = [];
    const run = async (line: string): Promise<CommandOutput> => {
      const command = substitutes.reduce((text, [from, to]) => text.replaceAll(from, to), line);
      assert.doesNotMatch(command, /tailspin|…/i);
      const output = await runCommand("sh", ["-c", command], { folder, environment, input, deadline: 300_000 });
      assert.equal(output.status, 0, `${command}\n${output.stdout}${output.stderr}`);
      ran.push(line);
      return output;
    };
    for (const { language, code, line } of blocksOf(readme)) {
      if (language === "yaml") {
        const [, file = ""] =
          /`(\S+)`:\s*$/.exec(
            readme.text
              .split("\n")
              .slice(0, line - 2)
              .join("\n"),
          ) ?? [];
        writeFileSync(join(folder, file), code);
        continue;
      }
      for (const command of code.trim().split("\n")) {
        if (command.startsWith("cd ")) folder = join(folder, command.slice(3));
        else {
          const { stdout } = await run(command);
          if (command === "pulumi preview")
            assert.deepEqual(await everything(), before, "a preview has changed something");
          if (command === "pulumi up") assert.notDeepEqual(await everything(), before);
          if (command.includes(" check ")) assert.match(stdout, /^\d+ pass, 0 warn, 0 fail, 0 unknown/m);
        }
      }
    }
    for (const command of [/^pulumi up$/, /^npx exchange-kerberos check .*--connect$/, /^pulumi destroy$/]) {
      assert.ok(
        ran.some((line) => command.test(line)),
        String(command),
      );
    }
    assert.deepEqual(await everything(), before);
  });
});
