import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Account } from "../../../provider/directory/accounts";
import type { Directory } from "../../../provider/directory/directory";
import type { SpnHolder } from "../../../provider/directory/spn-holders";
import { type ErrorCode, ProviderError } from "../../../provider/error";
import { asaAccount } from "../../../provider/resources/asa-account";
import { unknown } from "../../../provider/resources/handler";
import { servicePrincipalName } from "../../../provider/resources/service-principal-name";
import { type Claim, claimName, holderRefusal } from "../../../provider/resources/service-principal-name/holders";
import type { SpnInputs } from "../../../provider/resources/service-principal-name/schema";
import { complete, Program, preview, Resource } from "../program";
import { nameWorld } from "./world";

describe("ServicePrincipalName, a name that somebody else has", () => {
  const world = nameWorld();

  describe("held by another account", () => {
    beforeEach(() => world.change("add", world.other, world.spn));
    afterEach(async () => {
      if ((await world.namesOf(world.other)).includes(world.spn)) await world.change("delete", world.other, world.spn);
    });
    const held = () =>
      new RegExp(`${world.spn} is held by ${world.other.state.distinguishedName} \\(disabled, as ${world.spn}\\)\\.`);

    it("is refused at preview and at up, with the holder", async () => {
      const [refusal] = await preview(servicePrincipalName, world.given(), world.program);
      assert.equal(refusal?.property, "spn");
      assert.match(refusal?.reason ?? "", held());
      assert.ok(refusal?.reason.endsWith(`takeFrom: ["${world.other.state.distinguishedName}"].`));
      const [unknownAccount] = await preview(
        servicePrincipalName,
        world.given({ account: unknown, spn: world.spn }),
        new Program(world.forest.settings),
      );
      assert.match(unknownAccount?.reason ?? "", held());
      await assert.rejects(
        servicePrincipalName.create(complete(servicePrincipalName, world.given()), world.program),
        (error: ProviderError) => {
          assert.equal(error.code, "directory-conflict");
          assert.match(error.message, held());
          return true;
        },
      );
      assert.ok(!(await world.namesOf(world.asa)).includes(world.spn));
    });

    it("is to be taken off that holder alone, where a server has it as HOST", async () => {
      const dn = `CN=${world.forest.uniqueName()},${world.forest.organizationalUnit}`;
      await world.change("delete", world.other, world.spn);
      await world.forest.admin.add(dn, {
        objectClass: "computer",
        servicePrincipalName: world.spn.replace("http/", "HOST/"),
      });
      await world.change("add", world.other, world.spn);
      const [refusal] = await preview(servicePrincipalName, world.given(), world.program);
      assert.match(refusal?.reason ?? "", new RegExp(dn));
      assert.match(refusal?.reason ?? "", /\. A HOST\/… is to stay: that computer needs it\. /);
      assert.ok(refusal?.reason.endsWith(`takeFrom: ["${world.other.state.distinguishedName}"].`), refusal?.reason);
      await world.forest.admin.del(dn);
    });

    it("is held as itself where its holder has it as HOST too", async () => {
      const host = world.spn.replace("http/", "HOST/");
      await world.change("delete", world.other, world.spn);
      await world.change("add", world.other, host);
      await world.change("add", world.other, world.spn);
      const [refusal] = await preview(servicePrincipalName, world.given(), world.program);
      assert.match(refusal?.reason ?? "", held());
      await world.change("delete", world.other, host);
    });

    it("is moved from exactly the holder that is named", async () => {
      await assert.rejects(world.up({ takeFrom: [`CN=Somebody,${world.forest.domain}`] }), held());
      await world.name.up(
        world.given({ takeFrom: [world.other.state.distinguishedName.toLowerCase()] }),
        world.later(),
      );
      assert.ok((await world.namesOf(world.asa)).includes(world.spn));
      assert.ok(!(await world.namesOf(world.other)).includes(world.spn));
    });

    it("is given back when it cannot be had", async () => {
      const limited = world.forest.uniqueName();
      const dn = `CN=${limited},${world.forest.organizationalUnit}`;
      await new Resource(asaAccount).up(
        world.account({ name: limited, accountType: "user", password: "Ordinary-User-1!" }),
        world.program,
      );
      // May write to the holder only, as an administrator of another department would.
      await world.forest.grantAll(limited, world.other.state.distinguishedName);
      const person = world.later({
        username: `${limited}@${world.forest.settings.domain}`,
        password: "Ordinary-User-1!",
      });
      await assert.rejects(
        world.name.up(world.given({ takeFrom: [world.other.state.distinguishedName] }), person),
        (error: ProviderError) => {
          assert.equal(error.code, "directory-rights");
          assert.match(error.message, /Grant it "Write servicePrincipalName".* on CN=/);
          assert.ok(
            error.message.endsWith(`${world.other.state.distinguishedName} has the name again.`),
            error.message,
          );
          return true;
        },
      );
      assert.ok((await world.namesOf(world.other)).includes(world.spn), dn);
    });
  });

  it("is refused where a server has it as HOST, unless allowed", async () => {
    const host = `${world.forest.uniqueName()}.corp.tailspintoys.com`;
    await world.change("add", world.other, `HOST/${host}`);
    const wanted = world.given({ spn: `http/${host}` });
    const [refusal] = await preview(servicePrincipalName, wanted, world.program);
    assert.match(
      refusal?.reason ?? "",
      new RegExp(
        `is held by ${world.other.state.distinguishedName} \\(disabled, as HOST/${host}\\)\\. HOST stands for http`,
      ),
    );
    const next = world.later();
    await world.name.up({ ...wanted, allowServerName: true }, next);
    // Samba may write it in another case.
    const kept = (await world.namesOf(world.other)).map((one) => one.toLowerCase());
    assert.deepEqual(kept, [`host/${host}`.toLowerCase()], "the server keeps its own");
    await world.change("delete", world.other, `HOST/${host}`);
  });

  it("that was moved by hand is seen, and taken back only from a named holder", async () => {
    await world.up();
    await world.change("delete", world.asa, world.spn);
    await world.change("add", world.other, world.spn);
    const next = world.later();
    assert.equal(await world.name.refresh(next), false);
    await assert.rejects(world.name.up(world.given(), next), /is held by/);
    const third = world.later();
    assert.equal(
      await world.name.up(world.given({ takeFrom: [world.other.state.distinguishedName] }), third),
      "created",
    );
    assert.ok(!(await world.namesOf(world.other)).includes(world.spn));
  });

  describe("claimed twice by one program", () => {
    it("fails for the second at preview", async () => {
      assert.deepEqual(await preview(servicePrincipalName, world.given(), world.program), []);
      const [refusal] = await preview(
        servicePrincipalName,
        world.given({ spn: world.spn.toUpperCase() }),
        world.program,
      );
      assert.match(refusal?.reason ?? "", /^Another resource of this program has /);
    });

    it("fails for the second at up, also when state has the first", async () => {
      await world.up();
      const inputs = complete<SpnInputs>(servicePrincipalName, world.given());
      await assert.rejects(servicePrincipalName.create(inputs, world.program), /^ProviderError: Another resource/);
      const next = world.later();
      await world.name.up(world.given(), next);
      await assert.rejects(
        servicePrincipalName.create(inputs, next),
        /^ProviderError: Another resource.* told to replace, .*deleteBeforeReplace: true/,
      );
    });

    it("does not fail for one that is replaced", async () => {
      await world.up();
      const next = world.later();
      assert.deepEqual(await preview(servicePrincipalName, world.given(), next, world.name.inputs), []);
      assert.deepEqual(await preview(servicePrincipalName, world.given({ account: unknown }), next), []);
      await servicePrincipalName.delete(world.name.id, world.name.state, next);
      await servicePrincipalName.create(complete(servicePrincipalName, world.given()), next);
      assert.ok((await world.namesOf(world.asa)).includes(world.spn));
    });

    it("does not lose the name when one resource takes it over from another", async () => {
      await world.up();
      const next = world.later();
      await new Resource(servicePrincipalName).up(world.given(), next);
      await world.name.destroy(next);
      assert.ok((await world.namesOf(world.asa)).includes(world.spn));
    });
  });
});

describe("ServicePrincipalName, what may be done to get a name", () => {
  const holder = (name: string, byAlias: boolean, enabled = true): SpnHolder => ({
    ...{ guid: name, distinguishedName: `CN=${name},DC=corp`, enabled, byAlias },
    servicePrincipalName: byAlias ? "HOST/mail.corp.com" : "http/mail.corp.com",
  });
  const account = holder("account", false);
  const server = holder("server", true, false);
  const refusal = (holders: readonly SpnHolder[], more: Partial<Claim> = {}) =>
    holderRefusal({ spn: "http/mail.corp.com", takeFrom: [], allowServerName: false, ...more }, holders) ?? "";

  it("takes no HOST off a server, and the name itself from nobody who is not named", () => {
    const takeFrom = [account, server].map(({ distinguishedName }) => distinguishedName);
    assert.match(
      refusal([server], { takeFrom }),
      /^http\/mail\.corp\.com is held by CN=server,DC=corp \(disabled, as HOST/,
    );
    assert.match(
      refusal([account, server], { allowServerName: true }),
      /held by CN=account,DC=corp \(enabled, as http\/[^)]*\)\./,
    );
    assert.doesNotMatch(refusal([account]), /HOST/);
    assert.equal(refusal([account], { takeFrom }), "");
    assert.equal(refusal([server], { allowServerName: true }), "");
    assert.equal(refusal([account, server], { takeFrom, allowServerName: true }), "");
  });

  it("gives the name back where the account cannot have it, and to nobody where it may have it", async () => {
    const spn = "http/mail.corp.com";
    const entry = { dn: account.distinguishedName, objectGUID: Buffer.alloc(16, 1), servicePrincipalName: spn };
    /** What was done of it where an addition to these fails so. */
    async function claimed(code: ErrorCode, ...failing: string[]): Promise<[message: string, ...done: string[]]> {
      const done: string[] = [];
      const controller = {
        host: "dc1",
        search: async (_what: string, base: string) => (base === "" ? [entry] : []),
        modify: async ({ what }: { what: string }) => {
          if (failing.some((name) => what === `add ${spn} to CN=${name},DC=corp`)) throw new ProviderError(code, "No.");
          done.push(what.replace(spn, "it"));
        },
      };
      const directory = {
        ...{ domainController: async () => controller, globalCatalog: async () => controller },
        forest: async () => ({ domain: "DC=corp", configuration: "CN=C" }),
        batch: (_name: string, load: (keys: string[]) => Promise<Map<string, unknown>>) => ({
          get: async (key: string) => (await load([key])).get(key),
        }),
      } as unknown as Directory;
      const mine = { guid: "mine", distinguishedName: "CN=mine,DC=corp" } as Account;
      const claim = { spn, takeFrom: [account.distinguishedName], allowServerName: false };
      const failure = await claimName(directory, mine, claim).catch((thrown: Error) => thrown);
      return [failure?.message ?? "", ...done];
    }
    const [taken, back] = ["remove it from CN=account,DC=corp", "add it to CN=account,DC=corp"];
    assert.deepEqual(await claimed("directory-rights"), ["", taken, "add it to CN=mine,DC=corp"]);
    assert.deepEqual(await claimed("directory-rights", "mine"), [
      ...["No. CN=account,DC=corp has the name again.", taken, back],
    ]);
    assert.deepEqual(await claimed("directory-rights", "mine", "account"), [
      "No. CN=account,DC=corp has lost the name and could not be given it back: add it by hand.",
      taken,
    ]);
    assert.deepEqual(await claimed("directory-unclear", "mine"), ["No.", taken]);
  });
});
