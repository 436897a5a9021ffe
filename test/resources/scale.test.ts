import assert from "node:assert/strict";
import { corp } from "../../lab/domain-controller";
import { LdapSession } from "../../provider/directory/ldap-session";
import { outlookAuthSetting } from "../../provider/resources/outlook-auth-setting";
import { fqdn, World } from "./asa-deployment/world";
import { Resource } from "./program";

const most = 8;
const requests = ["search", "add", "modify", "move", "delete"] as const;

/** Servers in memory, the directory real: what a stack of one account, so many servers and as many names sends. */
describe("remote calls of a stack by its number of servers", function () {
  this.timeout(120_000);
  let world: World;
  const calls = new Map<string, number>();
  const count = (kind: string) => calls.set(kind, (calls.get(kind) ?? 0) + 1);
  const { prototype } = LdapSession;
  const original = Object.fromEntries(requests.map((request) => [request, prototype[request]]));

  before(async function () {
    const names = Array.from({ length: most }, (_, index) => `cas-${index + 1}`);
    world = await World.enter(this, Object.fromEntries(names.map((name) => [name, {}])));
    for (const request of requests) {
      const send = prototype[request] as (...given: unknown[]) => Promise<never>;
      prototype[request] = function (this: LdapSession, ...given: unknown[]) {
        count(`LDAP ${request}`);
        return send.apply(this, given);
      };
    }
  });
  after(async () => {
    Object.assign(prototype, original);
    await world?.leave();
  });

  /** Every operation of one stack, each in a run of its own, and what each sent by kind. */
  async function life(size: number): Promise<Record<string, ReadonlyMap<string, number>>> {
    await world.reset();
    world.beforeCall = ({ command }, [{ parameters }]) => {
      count(command === "Get-ExchangeServer" && parameters === undefined ? "Get-ExchangeServer of all" : command);
    };
    const servers = Array.from({ length: size }, (_, index) => fqdn(`cas-${index + 1}`));
    const { name, qualifiedName } = await world.account(world.run());
    const deployment = world.deployment();
    const names = servers.map(() => world.spn());
    const outlook = servers.map(() => new Resource(outlookAuthSetting));
    const up = (trigger: string) => async () => {
      const run = world.run();
      const program = { account: qualifiedName, servers, method: "cmdlet", rotation: { trigger } };
      const done = [await deployment.up(program, run)];
      for (const [index, one] of names.entries()) {
        const spn = `http/${name.toLowerCase().replace("$", "")}-${index}.${corp.dnsName}`;
        done.push(await one.up({ account: qualifiedName, spn, deployment: deployment.id }, run));
      }
      for (const [index, one] of outlook.entries()) {
        const article = { outlookAnywhere: { internal: "Negotiate" }, mapi: { exactly: ["Ntlm", "Negotiate"] } };
        done.push(await one.up({ server: servers[index], ...article }, run));
      }
      return done;
    };
    const operations = {
      up: up("one"),
      "up without changes": async () => {
        for (const done of await up("one")()) assert.equal(done, "same");
      },
      refresh: async () => {
        const run = world.run();
        for (const one of [deployment, ...names, ...outlook]) assert.ok(await one.refresh(run));
      },
      roll: up("two"),
      destroy: async () => {
        const run = world.run();
        for (const one of [...outlook, ...names, deployment]) await one.destroy(run);
      },
    };
    const sent: Record<string, ReadonlyMap<string, number>> = {};
    for (const [operation, work] of Object.entries(operations)) {
      calls.clear();
      await work();
      sent[operation] = new Map(calls);
      await world.end();
    }
    return sent;
  }

  it("grow exactly with it, and there is none where nothing has changed", async () => {
    const [two, four, eight] = [await life(2), await life(4), await life(most)];
    assert.deepEqual(two["up without changes"], new Map());
    assert.deepEqual(eight["up without changes"], new Map());
    for (const [operation, sent] of Object.entries(eight)) {
      for (const [kind, number] of sent) {
        const [least = 0, middle = 0] = [two[operation]?.get(kind), four[operation]?.get(kind)];
        assert.equal(number - middle, 2 * (middle - least), `${kind} at ${operation}: ${least}, ${middle}, ${number}`);
      }
      const [before, after] = [two[operation], sent].map((one) => one?.get("Get-ExchangeServer of all"));
      assert.equal(after, before, `every server is asked for the list of all at ${operation}`);
    }
    const grew = Object.entries(eight).map(([operation, sent]) => {
      const kinds = [...sent].map(([kind, number]) => `${number} ${kind}`).join(", ");
      return `      ${operation}, ${most} servers: ${kinds || "nothing"}`;
    });
    console.log(grew.join("\n"));
  });
});
