import assert from "node:assert/strict";
import { Client } from "ldapts";
import { describe, it } from "mocha";
import { administrator, corp, dc1, hostName, users, usersDc } from "../../../lab/domain-controller";
import { asaAccount } from "../../../provider/resources/asa-account";
import { unknown } from "../../../provider/resources/handler";
import { servicePrincipalName } from "../../../provider/resources/service-principal-name";
import type { SpnInputs } from "../../../provider/resources/service-principal-name/schema";
import { record } from "../../checks/breaking";
import { complete, preview, Resource } from "../program";
import { nameWorld } from "./world";

describe("ServicePrincipalName", () => {
  const world = nameWorld();

  it("adds one value and removes it, and touches no other", async () => {
    const foreign = `http/${world.forest.uniqueName()}.corp.tailspintoys.com`;
    await world.change("add", world.asa, foreign);
    await world.up();
    assert.deepEqual((await world.namesOf(world.asa)).sort(), [foreign, world.spn].sort());
    assert.equal(world.name.id, world.spn.toLowerCase());
    assert.deepEqual(world.name.state, {
      connection: "default",
      ...world.given(),
      allowBeforeDeployment: true,
      takeFrom: [],
      allowShortName: false,
      allowIpAddress: false,
      allowServerName: false,
      accountGuid: world.asa.id,
      distinguishedName: world.asa.state.distinguishedName,
      adopted: false,
    });
    await world.name.destroy(world.later());
    assert.deepEqual(await world.namesOf(world.asa), [foreign]);
    await world.change("delete", world.asa, foreign);
  });

  it("writes nothing and asks nothing where nothing has changed", async () => {
    await world.up();
    const offline = world.later({ domainController: "127.0.0.1" });
    assert.equal(await world.name.up(world.given(), offline), "same");
    assert.equal(
      await world.name.up(
        world.given({ spn: world.spn.toUpperCase(), account: world.asa.state.qualifiedName.toLowerCase() }),
        offline,
      ),
      "same",
    );
    assert.equal(
      await world.name.up(world.given({ deployment: `${world.asa.id}@cas-1.corp.tailspintoys.com` }), offline),
      "same",
    );
  });

  it("adopts a name that the account has, whatever its case, and leaves it", async () => {
    await world.change("add", world.asa, world.spn.toUpperCase());
    await world.up();
    assert.equal(world.name.state.adopted, true);
    assert.ok(world.program.lines.some((line) => line.includes("is adopted, and stays on destroy")));
    await world.name.refresh(world.program);
    assert.equal(await world.up(), "same");
    const last = world.later();
    await world.name.destroy(last);
    assert.match(last.lines.at(-1) ?? "", /^warning: .* before the stack, and keeps it/);
    assert.ok((await world.namesOf(world.asa)).includes(world.spn.toUpperCase()));
    await world.change("delete", world.asa, world.spn);
  });

  it("is refused without a deployment, with the article's reason, unless allowed", async () => {
    const refusals = await preview(servicePrincipalName, world.given({ allowBeforeDeployment: false }), world.program);
    assert.equal(refusals[0]?.property, "deployment");
    assert.match(refusals[0]?.reason ?? "", /after the credential is on at least one server/);
    const after = world.given({ allowBeforeDeployment: false, deployment: unknown });
    assert.deepEqual(await preview(servicePrincipalName, after, world.program), []);
    assert.deepEqual(await preview(servicePrincipalName, world.given({ spn: unknown }), world.program), []);
    await world.name.up(world.given(), world.later());
    assert.ok((await world.namesOf(world.asa)).includes(world.spn));
  });

  it("warns of a port", async () => {
    await preview(servicePrincipalName, world.given({ spn: `${world.spn}:443` }), world.program);
    assert.match(world.program.lines[0] ?? "", /^warning: .* has a port/);
  });

  it("warns at preview of a new name that DNS does not lead to the load balancer by itself", async () => {
    const label = world.forest.uniqueName().toLowerCase();
    const host = `${label}.${corp.dnsName}`;
    const said = async () => {
      // The controller that has the record: the others hear of it when they replicate.
      const run = world.later({ dnsServers: [dc1.address] });
      assert.deepEqual(await preview(servicePrincipalName, world.given({ spn: `http/${host}` }), run), []);
      return run.lines;
    };
    assert.deepEqual(await said(), [
      `warning: ${host}: it has no address in DNS. Add an A record that leads to the load balancer.`,
    ]);
    await record("add", label, "A", "10.99.0.80");
    assert.deepEqual(await said(), []);
    await record("delete", label, "A", "10.99.0.80");
    await record("add", label, "CNAME", hostName(dc1));
    try {
      const [line = "", ...others] = await said();
      assert.deepEqual(others, []);
      assert.match(
        line,
        new RegExp(`^warning: ${host}: it is an alias \\(CNAME\\) of ${hostName(dc1)}, so clients ask`),
      );
    } finally {
      await record("delete", label, "CNAME", hostName(dc1));
    }
    assert.deepEqual(await preview(servicePrincipalName, world.given({ spn: `host/${label}` }), world.program), []);
    assert.deepEqual(world.program.lines, [], "nobody looks up a name of another class");
  });

  it("is repaired when it was removed by hand", async () => {
    await world.up();
    await world.change("delete", world.asa, world.spn);
    const next = world.later();
    assert.equal(await world.name.refresh(next), false);
    assert.equal(await world.name.up(world.given(), next), "created");
    assert.ok((await world.namesOf(world.asa)).includes(world.spn));
  });

  it("is gone with its account, and content to be deleted then", async () => {
    const short = new Resource(asaAccount);
    await short.up(world.account(), world.program);
    await world.up({ account: short.state.qualifiedName });
    const { id, state } = world.name;
    await world.forest.admin.del(short.state.distinguishedName);
    assert.equal(await world.name.refresh(world.program), false);
    await servicePrincipalName.delete(id, state, world.program);
  });

  for (const [settings, refused] of [
    ["another forest's settings", /^TAILSPIN\\T\d+\$ is not in users\.contoso\.com \(CONTOSO\)\. Name the connection/],
    [
      "another forest's controller",
      /^udc1\.\S+ is a domain controller of users\.contoso\.com, and the connection is for/,
    ],
  ] as const) {
    it(`is not taken for gone, nor its account, by a run with ${settings}`, async () => {
      await world.up();
      const { name: user, password } = administrator(users);
      const elsewhere = () =>
        world.later({
          ...(settings.endsWith("settings") && { domain: users.dnsName }),
          ...{ domainController: hostName(usersDc), username: `${user}@${users.dnsName}`, password },
        });
      for (const resource of [world.name, world.asa]) {
        for (const work of [() => resource.refresh(elsewhere()), () => resource.destroy(elsewhere())]) {
          await assert.rejects(work, ({ message }: Error) => refused.test(message) || assert.fail(message));
        }
      }
      assert.ok((await world.namesOf(world.asa)).includes(world.spn));
    });
  }

  it("reads two hundred names of one account in few searches", async () => {
    const two = Array.from({ length: 200 }, (_, index) => `http/n${index}.${world.spn.slice(5)}`);
    await world.change("add", world.asa, ...two);
    const states = two.map((one) => ({
      ...complete<SpnInputs>(servicePrincipalName, world.given({ spn: one })),
      accountGuid: world.asa.id,
      distinguishedName: world.asa.state.distinguishedName,
      adopted: false,
    }));
    const { search } = Client.prototype;
    let searches = 0;
    Client.prototype.search = function (...parameters) {
      searches += 1;
      return search.apply(this, parameters);
    };
    try {
      const found = await Promise.all(
        states.map((state) => servicePrincipalName.read(state.spn, state, world.program)),
      );
      assert.ok(found.every((one) => one !== undefined));
      assert.ok(searches <= 8, `${searches} searches`);
      const checks = two.map((one) => preview(servicePrincipalName, world.given({ spn: `${one}.new` }), world.program));
      searches = 0;
      assert.ok((await Promise.all(checks)).every((refusals) => refusals.length === 0));
    } finally {
      Client.prototype.search = search;
    }
    await world.change("delete", world.asa, ...two);
  });
});
