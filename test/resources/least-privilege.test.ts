import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { mustRun, runCommand } from "../../lab/command";
import { configurationFile, corp, dc1, sambaTool } from "../../lab/domain-controller";
import { checkoutFolder } from "../../lab/folders";
import { findAccount } from "../../provider/directory/accounts";
import type { ErrorCode, ProviderError } from "../../provider/error";
import { asaAccount } from "../../provider/resources/asa-account";
import { asaDeployment } from "../../provider/resources/asa-deployment";
import { outlookAuthSetting } from "../../provider/resources/outlook-auth-setting";
import { servicePrincipalName } from "../../provider/resources/service-principal-name";
import type { Settings } from "../../provider/settings";
import { removeCredentials, tell } from "../exchange-lab/support/clients";
import { exchangeEnvironment } from "../support/exchange";
import { requireExchange } from "../support/lab";
import { World } from "./asa-deployment/world";
import { Program, Resource } from "./program";

const servers = ["cas-1", "cas-2"];
const full = (server: string) => `${server}.${corp.dnsName}`;

/** Classes, attributes and the extended right by their GUIDs in every schema (MS-ADSC, MS-ADA, MS-ADTS 5.1.3.2.1). */
const guid = {
  computer: "bf967a86-0de6-11d0-a285-00aa003049e2",
  description: "bf967950-0de6-11d0-a285-00aa003049e2",
  extensionName: "bf967972-0de6-11d0-a285-00aa003049e2",
  resetPassword: "00299570-246d-11d0-a768-00aa006e0529",
  servicePrincipalName: "f3a64788-5306-11d1-a9c5-0000f80367c1",
  supportedEncryptionTypes: "20119867-1d04-4ab7-9371-cfc3d5df0afd",
  userAccountControl: "bf967a68-0de6-11d0-a285-00aa003049e2",
} as const;

/** What SECURITY.md grants, by the name that an error gives it. On the account, or by inheritance from its unit. */
const onAccount = {
  "Reset password": `CR;${guid.resetPassword}`,
  "Write servicePrincipalName": `WP;${guid.servicePrincipalName}`,
  "Write extensionName": `WP;${guid.extensionName}`,
  "Write description": `WP;${guid.description}`,
  "Write userAccountControl": `WP;${guid.userAccountControl}`,
  "Write msDS-SupportedEncryptionTypes": `WP;${guid.supportedEncryptionTypes}`,
  Delete: "SD;",
} as const;
type Right = keyof typeof onAccount;
const rights = Object.keys(onAccount) as Right[];

/** Roles of Exchange, and what they are needed for. */
const roles = ["Organization Configuration", "Exchange Virtual Directories", "View-Only Configuration"] as const;

describe("a user with no more rights than SECURITY.md grants", function () {
  this.timeout(120_000);
  const name = `least${randomInt(1e6)}`;
  const user = `${name}@${corp.dnsName}`;
  const secret = `Least-privilege.${randomInt(1e9)}`;
  let world: World;
  let sid = "";
  let settings: Partial<Settings>;
  const programs: Program[] = [];

  before(async function () {
    await requireExchange(this);
    world = await World.enter(this, { "cas-1": {} });
    await sambaTool(dc1, ["user", "create", name, secret]);
    sid = (await findAccount(world.forest.open(), name))?.sid ?? "";
    settings = { username: user, password: secret };
    for (const server of servers) await removeCredentials(server);
  });
  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.end()));
    await world?.reset();
  });
  after(async () => {
    if (world === undefined) return;
    await tell({ request: "set-roles", user, roles: [] });
    await sambaTool(dc1, ["user", "delete", name]);
    await world.leave();
  });

  const grant = (places: readonly { readonly dn: string; readonly rights: readonly string[] }[]) =>
    mustRun("/usr/bin/python3", [join(__dirname, "rights.py"), configurationFile(dc1), sid, JSON.stringify(places)]);
  const allow = (flags: string, right: string, inherited = "") => {
    const [bits, object = ""] = right.split(";");
    return object === "" && inherited === ""
      ? `(A;${flags};${bits};;;${sid})`
      : `(OA;${flags};${bits};${object};${inherited};${sid})`;
  };
  /** Everything below the unit, and the making of accounts in it. */
  const onUnit = () => [
    allow("", `CC;${guid.computer}`),
    ...Object.values(onAccount).map((right) => allow("CIIO", right, guid.computer)),
  ];

  /** A run over the lab's own wires: LDAPS, Kerberos, WS-Management, SSH. */
  function run(): Program {
    const program = new Program({ ...world.forest.settings, ...settings, sshUsername: user, sshPassword: secret });
    programs.push(program);
    return program;
  }

  describe("over the wire", () => {
    const account = new Resource(asaAccount);
    const deployment = new Resource(asaDeployment);
    const spn = new Resource(servicePrincipalName);
    const outlook = new Resource(outlookAuthSetting);
    const given = () => ({
      name: `L${randomInt(1e9)}`,
      organizationalUnit: world.forest.organizationalUnit,
      description: "before",
      replication: false,
    });
    const placed = () => ({ account: account.state.qualifiedName, servers: servers.map(full) });
    const negotiate = {
      server: full("cas-1"),
      outlookAnywhere: { internal: "Negotiate" },
      mapi: { include: ["Negotiate"] },
    };

    before(async () => {
      await grant([{ dn: world.forest.organizationalUnit, rights: onUnit() }]);
      await tell({ request: "set-roles", user, roles: [...roles] });
    });

    it("does all of it", async () => {
      const program = run();
      const wanted = given();
      assert.equal(await account.up(wanted, program), "created");
      assert.deepEqual(
        await account.up(
          { ...wanted, description: "after", enabled: true, encryptionTypes: ["aes128", "aes256"] },
          program,
        ),
        ["description", "encryptionTypes"],
      );
      await deployment.up({ ...placed(), method: "cmdlet" }, program);
      assert.deepEqual(await deployment.up({ ...placed(), method: "script", rotation: { trigger: "1" } }, program), [
        "method",
        "rotation",
      ]);
      await spn.up(
        { account: account.state.qualifiedName, spn: `http/l${randomInt(1e9)}.example.com`, deployment: deployment.id },
        program,
      );
      await outlook.up(negotiate, program);
      for (const resource of [account, deployment, spn, outlook]) assert.ok(await resource.refresh(program));
    });

    it("is asked for no more by plan and check", async () => {
      const environment = {
        ...process.env,
        ...(await exchangeEnvironment()),
        EXCHANGE_KERBEROS_USERNAME: user,
        EXCHANGE_KERBEROS_PASSWORD: secret,
        TS_NODE_TRANSPILE_ONLY: "1",
      };
      await tell({ request: "set-roles", user, roles: ["View-Only Configuration"] });
      const main = ["-r", "ts-node/register", join(checkoutFolder, "cli", "main.ts")];
      for (const words of [
        ["plan"],
        ["check", "--entry", full("cas-1"), "--account", account.state.qualifiedName, "--skip", "proof"],
      ]) {
        const { status, stdout, stderr } = await runCommand(process.execPath, [...main, ...words, "--json"], {
          environment,
        });
        assert.notEqual(status, 3, stderr);
        const { results = [] } = JSON.parse(stdout) as { results?: { outcome: string; check: string; seen: string }[] };
        const unknown = results.filter(({ outcome }) => outcome === "unknown");
        // What was deleted is for those who were let look at it, which SECURITY.md has as a choice.
        assert.deepEqual(
          unknown.map(({ check }) => check),
          words.includes("check") ? ["spn-deleted-holder"] : [],
          words.join(" "),
        );
      }
    });

    let turn = 0;
    const missing: readonly [
      role: (typeof roles)[number],
      what: string,
      work: (program: Program) => Promise<unknown>,
    ][] = [
      [
        "Organization Configuration",
        "roll the password by cmdlet",
        (program) => deployment.up({ ...placed(), method: "cmdlet", rotation: { trigger: `${++turn}` } }, program),
      ],
      [
        "Exchange Virtual Directories",
        "change Outlook's methods",
        (program) =>
          outlook.up(
            { ...negotiate, mapi: { exactly: ++turn % 2 === 0 ? ["Negotiate"] : ["Negotiate", "OAuth"] } },
            program,
          ),
      ],
    ];
    for (const [role, what, work] of missing) {
      it(`misses the role ${role} where it is to ${what}, and nowhere else`, async () => {
        await tell({ request: "set-roles", user, roles: roles.filter((one) => one !== role) });
        const program = run();
        for (const [other, , otherWork] of missing) {
          if (other !== role) await otherWork(program);
        }
        await assert.rejects(work(program), (error: ProviderError) => {
          assert.ok(
            /command-missing/.test(error.code) || /is not there for this user/.test(error.message),
            error.message,
          );
          assert.ok(error.message.includes(role), error.message);
          return true;
        });
      });
    }

    it("misses any role where it has none", async () => {
      await tell({ request: "set-roles", user, roles: [] });
      await assert.rejects(outlook.refresh(run()), (error: ProviderError) => {
        assert.equal(error.code, "access-denied", error.message);
        assert.match(error.message, /management role/);
        return true;
      });
    });

    it("takes all of it back", async () => {
      await tell({ request: "set-roles", user, roles: [...roles] });
      const program = run();
      for (const resource of [outlook, spn, deployment, account]) await resource.destroy(program);
      assert.equal(await findAccount(world.forest.open(), account.inputs.name ?? "?"), undefined);
    });
  });

  describe("and one right less", () => {
    /** What is done with an account that somebody else has made, step by step; what fails does not keep the others from it. */
    async function chain(withheld: Right | undefined): Promise<Map<string, ProviderError>> {
      const given = {
        name: world.forest.uniqueName(),
        organizationalUnit: world.forest.organizationalUnit,
        replication: false,
        description: "before",
      };
      const account = new Resource(asaAccount);
      await account.up(given, world.run());
      const dn = account.state.distinguishedName;
      const kept = rights.filter((right) => right !== withheld).map((right) => allow("", onAccount[right]));
      await grant([
        { dn: world.forest.organizationalUnit, rights: [] },
        { dn, rights: kept },
      ]);
      const program = world.run(settings);
      const deployment = world.deployment();
      const spn = world.spn();
      const { qualifiedName } = account.state;
      const name = { account: qualifiedName, spn: `http/${given.name}.example.com`, allowBeforeDeployment: true };
      const failed = new Map<string, ProviderError>();
      const step = async (what: string, work: () => Promise<unknown>) => {
        await work().catch((error: ProviderError) => failed.set(what, error));
      };
      /** What the account is to be like; a change that failed is not asked for again. */
      let wanted: object = given;
      const change = (what: string, more: object) =>
        step(what, async () => {
          await account.up({ ...wanted, ...more }, program);
          wanted = { ...wanted, ...more };
        });
      await change("change the description", { description: "after" });
      await change("disable", { enabled: false });
      await change("enable", { enabled: true });
      await change("change the encryption types", { encryptionTypes: ["aes256"] });
      await step("roll the password", () =>
        deployment.up({ account: qualifiedName, servers: [full("cas-1")], method: "cmdlet" }, program),
      );
      await step("add the name", () => spn.up(name, program));
      const later = world.run(settings);
      if (spn.outputs !== undefined) await step("remove the name", () => spn.destroy(later));
      if (deployment.outputs !== undefined) await step("remove the credential", () => deployment.destroy(later));
      await step("delete the account", () => account.destroy(later));
      return failed;
    }

    it("does all of it with the account of somebody else", async () => {
      assert.deepEqual(
        [...(await chain(undefined)).values()].map(({ message }) => message),
        [],
      );
    });

    const needs: readonly [right: Right, steps: readonly string[], message: RegExp][] = [
      ["Reset password", ["roll the password"], /Grant it "Reset password" on CN=/],
      ["Write servicePrincipalName", ["add the name"], /Grant it "Write servicePrincipalName" .* on CN=/],
      ["Write extensionName", ["roll the password"], /Grant it "Write extensionName" on CN=/],
      ["Write description", ["change the description"], /Grant it "Write description" on CN=/],
      ["Write userAccountControl", ["disable"], /Grant it "Write userAccountControl" on CN=/],
      [
        "Write msDS-SupportedEncryptionTypes",
        ["change the encryption types"],
        /Grant it "Write msDS-SupportedEncryptionTypes" on CN=/,
      ],
      ["Delete", ["delete the account"], /Grant it "Delete" on CN=/],
    ];
    for (const [right, steps, message] of needs) {
      it(`misses "${right}" where it is needed, and nowhere else`, async () => {
        const failed = await chain(right);
        assert.deepEqual([...failed.keys()], steps, [...failed.values()].join("\n"));
        for (const error of failed.values()) {
          assert.equal(error.code, "directory-rights" satisfies ErrorCode, error.message);
          assert.match(error.message, message);
        }
      });
    }

    it('misses "Create Computer objects" where an account is to be made', async () => {
      await grant([{ dn: world.forest.organizationalUnit, rights: onUnit().slice(1) }]);
      const given = {
        name: world.forest.uniqueName(),
        organizationalUnit: world.forest.organizationalUnit,
        replication: false,
      };
      await assert.rejects(new Resource(asaAccount).up(given, world.run(settings)), (error: ProviderError) => {
        assert.equal(error.code, "directory-rights", error.message);
        assert.match(error.message, /Grant it "Create Computer objects" on OU=/);
        return true;
      });
    });
  });
});
