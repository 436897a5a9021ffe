import assert from "node:assert/strict";
import { DN } from "ldapts";
import { after, before, describe, it } from "mocha";
import { corp } from "../../lab/domain-controller";
import { parentOf } from "../../provider/directory/distinguished-name";
import { ProviderError } from "../../provider/error";
import { asaAccount } from "../../provider/resources/asa-account";
import { asaDeployment } from "../../provider/resources/asa-deployment";
import { outlookAuthSetting } from "../../provider/resources/outlook-auth-setting";
import { servicePrincipalName } from "../../provider/resources/service-principal-name";
import { Redactor } from "../../provider/runtime/redactor";
import { resolveSettings } from "../../provider/settings";
import { enterForest, type Forest } from "../directory/forest";
import { Program, preview, Resource } from "../resources/program";
import { changesIn } from "../stack/forest-by-hand";
import { hostileTexts } from "../support/hostile-texts";

type Kept = "kept" | "refused";

describe("values of ill will, by every input", function () {
  this.timeout(120_000);
  let forest: Forest;
  let program: Program;
  const counts = new Map<string, Record<Kept, number>>();

  before(async function () {
    forest = await enterForest(this);
    program = new Program(forest.settings);
  });
  after(async () => {
    await program?.end();
    await forest?.close();
    for (const [input, { kept, refused }] of counts) console.log(`      ${input}: ${kept} kept, ${refused} refused`);
  });

  /** What becomes of each text as this input; a refusal must say why, and must have written nothing. */
  async function outcomes(input: string, use: (text: string) => Promise<unknown>): Promise<string[]> {
    const kept: string[] = [];
    const of = { kept: 0, refused: 0 };
    counts.set(input, of);
    for (const [what, text] of Object.entries(hostileTexts)) {
      const before = changesIn(corp.baseDn);
      try {
        await use(text);
        kept.push(what);
        of.kept += 1;
      } catch (thrown) {
        if (!(thrown instanceof ProviderError)) throw thrown;
        assert.ok(["refused", "settings-invalid"].includes(thrown.code), `${what}: ${thrown.code} ${thrown.message}`);
        assert.ok(thrown.message.length > 10 && thrown.message.length < 2000, `${what}: ${thrown.message.length}`);
        assert.equal(changesIn(corp.baseDn), before, `${what}: something was written`);
        of.refused += 1;
      }
    }
    return kept;
  }

  async function refuses(handler: Parameters<typeof preview>[0], given: object): Promise<void> {
    const [refusal] = await preview(handler, given, program);
    if (refusal !== undefined)
      throw new ProviderError("refused", new Redactor().clean(`${refusal.property}: ${refusal.reason}`));
  }

  /** As the directory has it, past our own reading. */
  async function stored(dn: string, attribute: string): Promise<string> {
    const { searchEntries } = await forest.admin.search(dn, { scope: "base", attributes: [attribute] });
    return String([searchEntries[0]?.[attribute] ?? ""].flat()[0] ?? "");
  }

  const all = Object.keys(hostileTexts);
  const except = (...names: string[]) => all.filter((name) => !names.includes(name));

  it("AsaAccount's description", async () => {
    const account = new Resource(asaAccount);
    const given = { name: forest.uniqueName(), organizationalUnit: forest.organizationalUnit, replication: false };
    await account.up(given, program);
    const kept = await outcomes("description", async (description) => {
      await account.up({ ...given, description }, program);
      assert.equal(await stored(account.state.distinguishedName, "description"), description);
      assert.ok(await account.refresh(program));
      assert.equal(await account.up({ ...given, description }, program), "same");
    });
    assert.deepEqual(kept, except("half of a surrogate pair", "too long"));
  });

  /** What has only letters, digits, hyphens and underscores. */
  const plain = ["parameter", "escape of CLIXML", "property of JavaScript", "empty"];

  it("AsaAccount's name, of a computer", async () => {
    const kept = await outcomes("name of a computer", (text) => refuses(asaAccount, { name: `a${text}b` }));
    assert.deepEqual(kept, plain);
  });

  it("AsaAccount's name, of a user", async () => {
    const kept = await outcomes("name of a user", async (text) => {
      const account = new Resource(asaAccount);
      const name = `a${text}b${forest.uniqueName().slice(1, 4)}`;
      const given = { name, accountType: "user", organizationalUnit: forest.organizationalUnit, replication: false };
      await account.up(given, program);
      const { distinguishedName } = account.state;
      assert.equal(await stored(distinguishedName, "sAMAccountName"), name);
      assert.equal(await stored(distinguishedName, "cn"), name);
      assert.equal(await account.up(given, program), "same");
      await account.destroy(program);
    });
    assert.deepEqual(kept, [
      "apostrophe",
      "backtick",
      "subexpression of PowerShell",
      "stop-parsing sign",
      "parameter",
      "comment",
      "script block",
      "variable of cmd",
      "escape of CLIXML",
      "quotation marks of Word",
      "not ASCII",
      "right to left",
      "number sign of a distinguished name",
      "property of JavaScript",
      "empty",
    ]);
  });

  it("AsaAccount's organizationalUnit, as it is", async () => {
    const kept = await outcomes("organizationalUnit", (text) =>
      refuses(asaAccount, { name: "EXCHASA", organizationalUnit: text }),
    );
    assert.deepEqual(kept, []);
  });

  it("AsaAccount's organizationalUnit, which is called so", async () => {
    const unitOf = (text: string) => `${new DN({ OU: `a${text}b` }).toString()},${forest.organizationalUnit}`;
    // What the directory itself does not take for the name of a unit, it cannot have.
    for (const text of Object.values(hostileTexts)) {
      await forest.admin.add(unitOf(text), { objectClass: "organizationalUnit" }).catch(() => undefined);
    }
    const kept = await outcomes("organizationalUnit of that name", async (text) => {
      const unit = unitOf(text);
      const account = new Resource(asaAccount);
      const given = { name: forest.uniqueName(), organizationalUnit: unit, replication: false };
      await account.up(given, program);
      assert.ok(await account.refresh(program));
      assert.equal(await account.up(given, program), "same");
      const { distinguishedName } = account.state;
      await account.destroy(program);
      assert.equal(await stored(parentOf(distinguishedName), "ou"), `a${text}b`);
    });
    assert.deepEqual(kept, except("NUL", "half of a surrogate pair"));
  });

  it("ServicePrincipalName's spn", async () => {
    for (const [form, of] of [
      ["http/a{}b.example.com", plain],
      [
        "http/mail.example.com/{}",
        [
          ...["apostrophe", "quotation mark", "backtick", "backslash", "stop-parsing sign", "parameter"],
          ...["variable of cmd", "variable of the environment", "escape of CLIXML", "quotation marks of Word"],
          ...["not ASCII", "wildcard of LDAP", "filter of LDAP", "escape of a filter", "parts of a distinguished name"],
          ...["number sign of a distinguished name", "property of JavaScript", "template of JavaScript"],
        ],
      ],
      [
        "custom/a{}b",
        [
          ...["apostrophe", "backtick", "stop-parsing sign", "parameter", "variable of cmd"],
          ...["variable of the environment", "escape of CLIXML", "quotation marks of Word", "not ASCII"],
          ...["number sign of a distinguished name", "property of JavaScript", "empty"],
        ],
      ],
    ] as const) {
      const account = new Resource(asaAccount);
      const given = { name: forest.uniqueName(), organizationalUnit: forest.organizationalUnit, replication: false };
      await account.up(given, program);
      const kept = await outcomes(form, async (text) => {
        const one = new Resource(servicePrincipalName);
        const spn = form.replace("{}", () => text);
        const run = new Program(forest.settings);
        try {
          await one.up({ account: account.state.qualifiedName, spn, allowBeforeDeployment: true }, run);
          assert.equal(await stored(account.state.distinguishedName, "servicePrincipalName"), spn);
          assert.ok(await one.refresh(run));
        } finally {
          await run.end();
        }
        const other = new Program(forest.settings);
        await one.destroy(other).finally(() => other.end());
        assert.equal(await stored(account.state.distinguishedName, "servicePrincipalName"), "");
      });
      assert.deepEqual(kept, of);
    }
  });

  for (const [input, handler, given] of [
    [
      "ServicePrincipalName's account",
      servicePrincipalName,
      (text: string) => ({ account: `TAILSPIN\\${text}`, spn: "http/a.example.com", allowBeforeDeployment: true }),
    ],
    [
      "ServicePrincipalName's takeFrom",
      servicePrincipalName,
      (text: string) => ({
        account: "TAILSPIN\\krbtgt",
        spn: "http/a.example.com",
        allowBeforeDeployment: true,
        takeFrom: [text],
      }),
    ],
    [
      "ServicePrincipalName's deployment",
      servicePrincipalName,
      (text: string) => ({ account: "TAILSPIN\\krbtgt", spn: "http/a.example.com", deployment: text }),
    ],
    [
      "AsaDeployment's account",
      asaDeployment,
      (text: string) => ({ account: `TAILSPIN\\${text}`, servers: ["cas-1.corp.tailspintoys.com"] }),
    ],
    [
      "AsaDeployment's servers",
      asaDeployment,
      (text: string) => ({ account: "TAILSPIN\\krbtgt", servers: [`cas-1${text}.corp.tailspintoys.com`, text] }),
    ],
    [
      "AsaDeployment's mayBeAbsent",
      asaDeployment,
      (text: string) => ({
        account: "TAILSPIN\\krbtgt",
        servers: ["cas-1.corp.tailspintoys.com"],
        mayBeAbsent: [text],
      }),
    ],
    [
      "OutlookAuthSetting's server",
      outlookAuthSetting,
      (text: string) => ({ server: `cas-1.${text}`, mapi: { include: ["Negotiate"] } }),
    ],
    [
      "OutlookAuthSetting's methods",
      outlookAuthSetting,
      (text: string) => ({ server: "cas-1.corp.tailspintoys.com", mapi: { include: [text] } }),
    ],
  ] as const) {
    it(input, async () => {
      assert.deepEqual(await outcomes(input, (text) => refuses(handler as never, given(text))), []);
    });
  }

  it("the name of a connection", async () => {
    const source = { config: () => undefined, environment: process.env };
    const kept = await outcomes("connection", async (text) => resolveSettings(text, source));
    assert.deepEqual(kept, []);
  });
});
