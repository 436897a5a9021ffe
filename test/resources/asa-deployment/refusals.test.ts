import assert from "node:assert/strict";
import { Attribute, Change } from "ldapts";
import { corp, users } from "../../../lab/domain-controller";
import { asaDeployment } from "../../../provider/resources/asa-deployment";
import { unknown } from "../../../provider/resources/handler";
import { type Program, preview } from "../program";
import { fqdn, World } from "./world";

const [first, second, old, mailboxOnly] = ["cas-1", "cas-2", "ex2010", "mbx-1"].map(fqdn) as [
  string,
  string,
  string,
  string,
];
const mail = `mail.${corp.dnsName}`;

describe("AsaDeployment refuses", function () {
  this.timeout(60_000);
  let world: World;
  let run: Program;
  let name: string;
  let qualifiedName: string;

  before(async function () {
    world = await World.enter(this, {
      "cas-1": { product: "2016" },
      "cas-2": {},
      ex2010: { product: "2010" },
      "mbx-1": { product: "2013" },
    });
    world.organization.require("mbx-1").state.clientAccess = false;
    world.names.set(mail, "cas-1");
    ({ name, qualifiedName } = await world.account(world.run()));
  });
  after(() => world?.leave());
  beforeEach(async () => {
    await world.reset();
    run = world.run();
  });

  const writes = () => world.calls.filter(({ command }) => /^Set-|\.ps1$/.test(command));

  /** What a preview says about a new deployment, and that nothing was written for it. */
  async function refusal(more: object): Promise<string> {
    const program = { account: qualifiedName, servers: [first, second], ...more };
    const refusals = await preview(asaDeployment, program, run);
    assert.equal(refusals.length, 1, JSON.stringify(refusals));
    assert.deepEqual(writes(), []);
    const [{ property, reason } = { property: "", reason: "" }] = refusals;
    return `${property}: ${reason}`;
  }

  it("servers of Exchange 2010", async () => {
    assert.match(
      await refusal({ servers: [first, old] }),
      /^servers: .*ex2010\.corp\S+ runs Exchange 2010, which cannot share the account with later versions/s,
    );
  });

  it("an account that Exchange 2010 uses, wherever it is", async () => {
    world.addByHand("ex2010", qualifiedName, "x");
    assert.match(
      await refusal({}),
      /is the account of ex2010\.corp\S+ too, which runs Exchange 2010\. .*make a new account/,
    );
  });

  it("to cut off a server that was forgotten, and says that it must be named", async () => {
    world.addByHand("cas-2", qualifiedName, "x");
    assert.match(
      await refusal({ servers: [first] }),
      /is the account of cas-2\.corp\S+ too, which is not among the servers/,
    );
    const up = world.deployment().up({ account: qualifiedName, servers: [first] }, world.run());
    await assert.rejects(up, /name it among the servers/);
  });

  it("the account of another new deployment of the program, before that one cuts it off", async () => {
    const of = (servers: string[]) => preview(asaDeployment, { account: qualifiedName, servers }, run);
    assert.deepEqual(await of([first]), []);
    const [refused] = await of([second]);
    assert.equal(refused?.property, "account");
    assert.match(
      refused?.reason ?? "",
      /Another AsaDeployment of this program has TAILSPIN\\\S+ already\. Name all servers of an account in one/,
    );
  });

  it("the same where that server has it under the domain's other name, and takes only one name itself", async () => {
    const typed = `${corp.dnsName}\\${qualifiedName.split("\\")[1]}`;
    world.addByHand("cas-2", typed, "x");
    assert.match(await refusal({ servers: [first] }), /is the account of cas-2\.corp\S+ too/);
    assert.match(await refusal({ account: typed }), /\. Write TAILSPIN\\\S+\$: all servers are to show one name/);
  });

  it("a name of the load balancer among the servers, wherever it stands", async () => {
    for (const servers of [[mail], [mail, first], [first, mail]]) {
      assert.match(
        await refusal({ servers }),
        /mail\.corp\S+ is not an Exchange server .*cas-1\.corp.*load-balanced name does not belong here/,
      );
    }
  });

  it("names that lead nowhere", async () => {
    assert.match(await refusal({ servers: [first, fqdn("cas-9")] }), /cas-9\.corp\S+ is not an Exchange server/);
    assert.match(
      await refusal({ servers: [fqdn("cas-9")] }),
      /No server of the deployment can be reached.*cas-9\S+ could not be resolved/,
    );
  });

  it("servers without Client Access services", async () => {
    assert.match(
      await refusal({ servers: [first, mailboxOnly] }),
      /mbx-1\.corp\S+ does not run Client Access services/,
    );
  });

  it("an account of another forest, unless its connection is named", async () => {
    const [short] = users.netbiosName.split(".");
    assert.match(
      await refusal({ account: `${short}\\EXCH2016ASA$` }),
      /is not in corp\.tailspintoys\.com \(TAILSPIN\)\. Name the connection that serves its domain/,
    );
  });

  it("accounts that are not there, are disabled, or are no accounts of their own", async () => {
    assert.match(await refusal({ account: "TAILSPIN\\NOBODY$" }), /There is no account TAILSPIN\\NOBODY\$/);
    const disabled = await world.account(run, { enabled: false });
    assert.match(await refusal({ account: disabled.qualifiedName }), /is disabled\. Enable it first/);
    assert.match(await refusal({ account: "TAILSPIN\\CAS-1$" }), /is the account of a real computer, cas-1\.corp/);
    assert.match(await refusal({ account: "TAILSPIN\\DC1$" }), /is a domain controller/);
  });

  it("a group managed service account", async () => {
    const samAccountName = `${world.forest.uniqueName()}$`;
    await world.forest.admin.add(`CN=${samAccountName},${world.forest.organizationalUnit}`, {
      objectClass: "msDS-GroupManagedServiceAccount",
      sAMAccountName: samAccountName,
      "msDS-ManagedPasswordInterval": "30",
    });
    assert.match(
      await refusal({ account: `TAILSPIN\\${samAccountName}` }),
      /group managed service account.*Microsoft does not support/,
    );
  });

  it("what has not the shape of its inputs", async () => {
    const shapes: [object, RegExp][] = [
      [{ account: "EXCH2016ASA$" }, /^account: Give the account as DOMAIN/],
      [{ account: "TAILSPIN\\A B$" }, /without spaces/],
      [{ servers: [] }, /^servers: Name at least one server/],
      [{ servers: ["cas-1"] }, /^servers\.0: Give the server by its full name/],
      [{ servers: [first, first.toUpperCase()] }, /^servers: A server is named twice/],
      [{ method: "registry" }, /^method: Use "script" or "cmdlet"/],
      [{ mayBeAbsent: [fqdn("cas-9")] }, /^mayBeAbsent: cas-9\.corp\S+ is not among the servers/],
      [{ rotation: { maxPasswordAgeDays: 0 } }, /^rotation\.maxPasswordAgeDays: Give at least one day/],
      [{ rotation: { maxPasswordAgeDays: 1.5 } }, /Give whole days/],
      [{ password: "x" }, /^password: There is no such property/],
    ];
    for (const [more, expected] of shapes) assert.match(await refusal(more), expected);
    assert.deepEqual(world.calls, []);
  });

  it("at the preview, what is known of it while the account is still to be made", async () => {
    const program = { account: unknown, servers: [first, old] };
    const [{ reason } = { reason: "" }] = await preview(asaDeployment, program, run);
    assert.match(reason, /runs Exchange 2010/);
    assert.deepEqual(await preview(asaDeployment, { account: unknown, servers: [first, second] }, run), []);
    world.calls.length = 0;
    assert.deepEqual(await preview(asaDeployment, { account: unknown, servers: unknown }, run), []);
    assert.deepEqual(world.calls, []);
  });

  it("at the preview, a server that is added and cannot have it, and asks no other", async () => {
    const deployment = world.deployment();
    await deployment.up({ account: qualifiedName, servers: [first] }, run);
    world.calls.length = 0;
    const program = { account: qualifiedName, servers: [first, mailboxOnly] };
    const [{ reason } = { reason: "" }] = await preview(asaDeployment, program, run, deployment.inputs);
    assert.match(reason, /does not run Client Access services/);
    assert.deepEqual(
      world.calls.map(({ host }) => host),
      [mailboxOnly],
    );
  });

  it("nothing at the preview, but warns of what will keep clients from Kerberos all the same", async () => {
    const { state } = world.organization.require("cas-2");
    const warnings = () => run.lines.filter((line) => line.startsWith("warning: "));
    const account = await world.account(world.run());
    const { distinguishedName } = await world.read(account.name);
    const modification = new Attribute({ type: "msDS-SupportedEncryptionTypes", values: ["4"] });
    await world.forest.admin.modify(distinguishedName, new Change({ operation: "replace", modification }));
    state.services.MSExchangeServiceHost = "Stopped";
    try {
      const program = { account: account.qualifiedName, servers: [first, second] };
      assert.deepEqual(await preview(asaDeployment, program, run), []);
      const [types = "", service = "", ...others] = warnings();
      assert.match(types, /^warning: TAILSPIN\\.*: msDS-SupportedEncryptionTypes is 4: no AES\. Set-ADObject/);
      assert.match(service, /^warning: cas-2\.\S+: MSExchangeServiceHost is not running: .* Start-Service/);
      assert.deepEqual(others, []);

      // A server that is added is looked at, the others are not.
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: [first] }, world.run());
      run = world.run();
      const more = { account: qualifiedName, servers: [first, second] };
      assert.deepEqual(await preview(asaDeployment, more, run, deployment.inputs), []);
      assert.deepEqual(warnings(), [service]);
    } finally {
      state.services.MSExchangeServiceHost = "Running";
    }
    assert.deepEqual(writes().length, 1);
  });

  describe("a service principal name", () => {
    const spn = () => `http/${name.replace("$", "").toLowerCase()}.example.com`;

    it("while no server of its deployment has the credential, and asks once for many names", async () => {
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: [first, second], method: "cmdlet" }, run);
      for (const server of ["cas-1", "cas-2"]) world.organization.require(server).credentials.replace([]);
      world.addByHand("cas-2", "TAILSPIN\\OTHER$", "x");
      world.calls.length = 0;
      const later = world.run();
      // As the engine does before it comes to the names.
      await deployment.up({ account: qualifiedName, servers: [first, second], method: "cmdlet" }, later);
      const names = [spn(), spn().replace("http/", "http/autodiscover.")].map((one) =>
        world.spn().up({ account: qualifiedName, spn: one, deployment: deployment.id }, later),
      );
      for (const one of names) {
        await assert.rejects(
          one,
          /No server of the deployment has the credential of .*cas-1\.corp\S+ has none.*cas-2\.corp\S+ has that of TAILSPIN\\OTHER\$/,
        );
      }
      assert.equal(world.calls.filter(({ command }) => command === "Get-ClientAccessService").length, 2);
      assert.deepEqual((await world.read(name)).servicePrincipalNames, []);
      await deployment.refresh(world.run());
    });

    it("is fine with one server that has it, the first being down", async () => {
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: [first, second], method: "cmdlet" };
      await deployment.up(program, run);
      world.stop("cas-1");
      const later = world.run();
      assert.equal(await deployment.up(program, later), "same");
      const resource = world.spn();
      await resource.up({ account: qualifiedName, spn: spn(), deployment: deployment.id }, later);
      assert.deepEqual((await world.read(name)).servicePrincipalNames, [spn()]);
      await resource.destroy(world.run());
    });

    it("with the deployment of another account, or with something that is none", async () => {
      const other = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: other.qualifiedName, servers: [first], method: "cmdlet" }, run);
      const resource = world.spn();
      const at = (id: string, during = run) =>
        resource.up({ account: qualifiedName, spn: spn(), deployment: id }, during);
      await assert.rejects(
        at(deployment.id),
        /is of another account than .* Give the id of the \w+ of this account\.$/,
      );
      // With `--target` a run may not look at the deployment, which has had another account since its id was made.
      await assert.rejects(at(deployment.id, world.run()), /With --target, name the deployment as a target too/);
      await assert.rejects(at("the deployment"), /Give the id of an AsaDeployment/);
    });
  });
});
