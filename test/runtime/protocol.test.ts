import assert from "node:assert/strict";
import { join } from "node:path";
import { waitUntil } from "../../lab/command";
import { CallError, loader, type Props, ProviderProcess } from "./provider-process";

const directoryPassword = 'Directory"secret\\1';
const givenPassword = 'Given"secret\\2';
const config = {
  "exchange-kerberos:domain": "corp.tailspintoys.com",
  "exchange-kerberos:username": "admin",
  "exchange-kerberos:password": directoryPassword,
  "exchange-kerberos:alias": JSON.stringify({ domain: "CORP.tailspintoys.com", password: directoryPassword }),
  "exchange-kerberos:contoso": JSON.stringify({ domain: "users.contoso.com" }),
};
const unknowns = {
  string: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  bool: "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  number: "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  array: "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  object: "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
  asset: "030794c1-ac77-496b-92df-f27374a8bd58",
  archive: "e48ece36-62e2-4504-bad9-02848725956a",
};

const probe = (inputs: Props): Props => ({ __provider: loader("Probe"), ...inputs });
const made = (inputs: Props): Props => probe({ connection: "default", act: "well", size: 1, ...inputs });
const open = (environment?: NodeJS.ProcessEnv) =>
  ProviderProcess.start(join(__dirname, "probe.ts"), config, environment);

async function failed(work: Promise<unknown>): Promise<CallError> {
  const error = await work.then(
    () => assert.fail("the call should have failed"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CallError);
  return error;
}

function assertNoSecret(text: string): void {
  for (const secret of [directoryPassword, givenPassword]) {
    assert.ok(!text.includes(secret), text);
    assert.ok(!text.includes(JSON.stringify(secret).slice(1, -1)), text);
  }
}

describe("the runtime behind Pulumi's provider server", () => {
  let server: ProviderProcess;
  before(async () => {
    server = await open();
  });
  after(async () => {
    assert.equal(await server.end(), 0);
    assertNoSecret(server.output);
  });

  describe("check", () => {
    it("fills in defaults at any depth", async () => {
      const { inputs, failures } = await server.check({}, probe({ name: "a", limits: { high: 5 } }));
      assert.deepEqual(failures, []);
      assert.deepEqual(inputs, made({ name: "a", limits: { low: 1, high: 5 } }));
    });

    for (const [kind, unknown] of Object.entries(unknowns)) {
      it(`lets an unknown ${kind} pass at any depth, and gives it back as it came`, async () => {
        const { inputs, failures } = await server.check(
          {},
          probe({ name: unknown, tags: ["ok", unknown], limits: { high: unknown }, replication: { servers: unknown } }),
        );
        assert.deepEqual(failures, []);
        assert.deepEqual(
          inputs,
          made({
            name: unknown,
            tags: ["ok", unknown],
            limits: { low: 1, high: unknown },
            replication: { servers: unknown, timeoutSeconds: 900 },
          }),
        );
      });
    }

    it("still refuses what is known, beside what is unknown, by dotted path", async () => {
      const { failures } = await server.check(
        {},
        probe({
          size: 0,
          tags: [unknowns.string, "UPPER"],
          limits: { high: -1, label: unknowns.string, colour: "red" },
          shape: "round",
        }),
      );
      const named = Object.fromEntries(failures.map(({ reason }) => reason.split(": ")));
      assert.deepEqual(Object.keys(named).sort(), ["limits.colour", "limits.high", "name", "shape", "size", "tags.1"]);
      assert.equal(named.name, "It is required.");
      assert.equal(named.shape, "There is no such property.");
    });

    it("refuses the same in the same words where everything is known", async () => {
      const { failures } = await server.check({}, probe({ limits: { high: -1, colour: "red" }, shape: "round" }));
      const properties = failures.map(({ reason }) => reason.split(": ")[0]).sort();
      assert.deepEqual(properties, ["limits.colour", "limits.high", "name", "shape"]);
    });

    it("shows handlers one kind of unknown, and nothing of Pulumi's own", async () => {
      const olds = made({ name: "old" });
      const { failures } = await server.check(
        olds,
        probe({ name: "a", act: "show", limits: { high: unknowns.number } }),
      );
      const shown = failures[0]?.reason ?? "";
      assert.match(shown, /high: Symbol\(unknown/);
      assert.match(shown, /olds: \{.*name: 'old'/s);
      assert.doesNotMatch(shown, /__provider|3eeb2bf0/);
    });

    it("asks no handler while the connection is unknown", async () => {
      const { inputs, failures } = await server.check(
        {},
        probe({ name: "a", act: "show", connection: unknowns.string }),
      );
      assert.deepEqual(failures, []);
      assert.equal(inputs.connection, unknowns.string);
    });

    it("names the setting that a connection lacks, as a fault of that input", async () => {
      const { failures } = await server.check({}, probe({ name: "a", connection: "fabrikam" }));
      assert.equal(failures.length, 1);
      assert.match(failures[0]?.reason ?? "", /^connection: .*fabrikam.*domain.*EXCHANGE_KERBEROS_FABRIKAM_DOMAIN/s);
    });

    it("hides secrets in a refusal", async () => {
      const { failures } = await server.check({}, probe({ name: "a", act: "refuse", password: givenPassword }));
      assert.match(
        failures[0]?.reason ?? "",
        /^limits\.high: bind as admin with \[secret\], password \[secret\] "\[secret\]"$/,
      );
    });

    it("tells the engine no property, as it would print the value, a secret's too", async () => {
      const { failures } = await server.check({}, probe({ name: "a", password: 1, passwort: givenPassword }));
      assert.deepEqual(
        failures.map(({ property }) => property),
        ["", ""],
      );
      assert.deepEqual(failures.map(({ reason }) => reason.split(": ")[0]).sort(), ["password", "passwort"]);
    });
  });

  describe("diff", () => {
    const state = made({ name: "a", schemaVersion: 2, tags: ["x"], limits: { low: 1, high: 9 } });

    it("finds no change where only the provider's text differs", async () => {
      const news = {
        ...made({ name: "a", tags: ["x"], limits: { high: 9, low: 1 } }),
        __provider: `${loader("Probe")} `,
      };
      const difference = await server.diff("id-a", state, news);
      assert.deepEqual(difference, { changes: false, replaces: [], deleteBeforeReplace: true });
    });

    it("updates in place, or replaces with the old one deleted first", async () => {
      const sized = await server.diff("id-a", state, { ...state, size: 2 });
      assert.deepEqual(sized, { changes: true, replaces: [], deleteBeforeReplace: true });
      const renamed = await server.diff("id-a", state, { ...state, name: "b" });
      assert.deepEqual(renamed, { changes: true, replaces: ["name"], deleteBeforeReplace: true });
    });

    it("counts what is unknown as changed", async () => {
      const deep = await server.diff("id-a", state, { ...state, limits: { low: 1, high: unknowns.number } });
      assert.deepEqual(deep, { changes: true, replaces: [], deleteBeforeReplace: true });
      const forest = await server.diff("id-a", state, { ...state, connection: unknowns.string });
      assert.equal(forest.changes, true);
    });

    it("keeps an object whose connection got another name, and replaces one that goes to another domain", async () => {
      const renamed = await server.diff("id-a", state, { ...state, connection: "alias" });
      assert.deepEqual(renamed, { changes: true, replaces: [], deleteBeforeReplace: true });
      const moved = await server.diff("id-a", state, { ...state, connection: "contoso" });
      assert.deepEqual(moved.replaces, ["connection"]);
    });

    it("upgrades an older state on entry and refuses a newer one", async () => {
      const old = probe({ connection: "default", act: "well", size: 1, title: "a" });
      assert.equal((await server.diff("id-a", old, made({ name: "a of version 1" }))).changes, false);
      const error = await failed(server.diff("id-a", { ...state, schemaVersion: 3 }, state));
      assert.match(error.message, /newer version .* wrote this state \(3\)\. .*up to 2/);
    });
  });

  describe("create, read, update and delete", () => {
    it("keeps plain JSON, the state's version and no secret", async () => {
      const { id, outs } = await server.create(made({ name: "plain", password: givenPassword }));
      assert.equal(id, "id-plain");
      assert.deepEqual(outs, {
        ...made({ name: "plain", seen: "act,connection,name,password,size", domain: "corp.tailspintoys.com" }),
        when: "1970-01-01T00:00:00.000Z",
        big: "1152921504606846976",
        deep: [{ kept: null }],
        schemaVersion: 2,
      });
      assert.match(server.output, /writing plain: bind as admin with \[secret\]/);
    });

    it("tells what is there on refresh, inputs included, and that something is gone", async () => {
      const { outs } = await server.create(made({ name: "drifting" }));
      await server.update("id-drifting", outs, made({ name: "drifting", size: 7 }));
      const found = await server.read("id-drifting", outs);
      assert.equal(server.output.match(/writing drifting/g)?.length, 1, "a line is said once in a run");
      assert.equal(found.props.size, 7);
      assert.equal(found.props.__provider, loader("Probe"));
      assert.deepEqual(found.inputs, made({ name: "drifting", size: 7 }));
      await server.delete("id-drifting", outs);
      assert.equal((await server.read("id-drifting", outs)).id, "");
    });

    it("gives the engine all it needs to go on after a write that stopped short", async () => {
      const stopped = await failed(server.create(made({ name: "short", act: "stopShort", password: givenPassword })));
      assert.match(stopped.message, /^dc2 lags/);
      const { id, properties, reasons } = stopped.init ?? assert.fail("no partial state");
      assert.equal(id, "id-short");
      assert.equal(properties.__provider, loader("Probe"));
      assert.equal(properties.schemaVersion, 2);
      assert.equal(properties.password, undefined);
      assert.deepEqual(reasons, [stopped.message]);
      assertNoSecret(JSON.stringify([stopped.message, properties, reasons]));

      const again = await failed(server.update(id, properties, made({ name: "short", act: "stopShort" })));
      assert.equal(again.init?.properties.__provider, loader("Probe"));
      const { outs } = await server.update(id, again.init?.properties ?? {}, made({ name: "short" }));
      assert.equal(outs.act, "well");
    });

    it("fails in one sentence and a remedy, and with a stack only where the fault is ours", async () => {
      const refused = await failed(server.create(made({ name: "no", act: "fail", password: givenPassword })));
      assert.match(refused.message, /^bind as admin with \[secret\].* Do that\.$/);
      assert.equal(refused.init, undefined);
      const before = server.output.length;
      const unread = await failed(server.read("id-no", made({ name: "no", act: "fail" })));
      assert.match(unread.message, /^bind as admin with \[secret\]/);
      const bug = await failed(server.read("id-no", made({ name: "no", act: "bug" })));
      assert.match(bug.message, /^bind as admin with \[secret\]/);
      await waitUntil("the fault in the output", async () => server.output.includes("probe.ts:", before), 30_000);
      const printed = server.output.slice(before).split("\n").filter(Boolean);
      assert.match(printed[0] ?? "", /^exchange-kerberos: bind as admin with \[secret\]/);
      assert.equal(printed.filter((line) => line.includes("bind as")).length, 2);
    });

    it("says of a logon that is refused, where no program may have run, that the settings may be those of the last up", async () => {
      const state = made({ name: "no", act: "denied" });
      for (const error of [await failed(server.read("id-no", state)), await failed(server.delete("id-no", state))]) {
        assert.match(
          error.message,
          /^The password is wrong\. Check it\. .* since the last pulumi up, add --run-program/,
        );
      }
    });

    it("says which version it lacks where a state has a resource that it does not know", async () => {
      const error = await failed(server.delete("1", { __provider: loader("Unheard") }));
      assert.match(error.message, /no resource Unheard\. Install the version/);
    });
  });
});

describe("a provider process", () => {
  it("is configured before the first of many concurrent calls", async () => {
    const server = await open();
    const names = ["a", "b", "c", "d"];
    const all = await Promise.all(names.map((name) => server.create(made({ name }))));
    assert.deepEqual(
      all.map(({ outs }) => outs.domain),
      names.map(() => "corp.tailspintoys.com"),
    );
    assert.equal(await server.end(), 0);
  });

  it("takes settings from the environment, and hides those too", async () => {
    const server = await open({
      EXCHANGE_KERBEROS_FABRIKAM_DOMAIN: "fabrikam.com",
      EXCHANGE_KERBEROS_FABRIKAM_PASSWORD: "from-the-environment",
    });
    const { outs } = await server.create(made({ name: "a", connection: "fabrikam" }));
    assert.equal(outs.domain, "fabrikam.com");
    const error = await failed(server.create(made({ name: "a", act: "fail", connection: "fabrikam" })));
    assert.doesNotMatch(error.message + server.output, /from-the-environment/);
    assert.equal(await server.end(), 0);
  });

  it("lets a long wait save its state when it is told to end", async () => {
    const server = await open();
    const waiting = failed(server.create(made({ name: "long", act: "wait" })));
    await waitUntil("the write under way", async () => server.output.includes("writing long"), 30_000);
    const code = await server.end();
    const error = await waiting;
    assert.match(error.message, /cancelled/);
    assert.equal(error.init?.id, "id-long");
    assert.equal(code, 0);
  });
});
