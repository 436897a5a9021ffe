import assert from "node:assert/strict";
import { PsObject } from "../../../provider/powershell/psrp";
import { outlookAuthSetting } from "../../../provider/resources/outlook-auth-setting";
import type { OutlookInputs, OutlookOutputs } from "../../../provider/resources/outlook-auth-setting/schema";
import { completed } from "../../support/pipeline-result";
import { complete, Resource } from "../program";
import { outlookWorld, server } from "./world";

describe("OutlookAuthSetting on a server with", () => {
  const world = outlookWorld();

  const sites = new Map<string, readonly string[]>();
  const identityOf = (site: string) => `CAS-1\\mapi (${site})`;

  /** More directories than the model has: each web site's list is kept here. */
  function serve(...names: string[]): void {
    sites.clear();
    for (const name of names) sites.set(identityOf(name), ["Ntlm"]);
    world.program.detour = ({ name, parameters = {} }) => {
      if (name === "Set-MapiVirtualDirectory") {
        const identity = String(parameters.Identity);
        assert.ok(sites.has(identity), identity);
        sites.set(identity, parameters.IISAuthenticationMethods as string[]);
      } else if (name !== "Get-MapiVirtualDirectory") return undefined;
      const output = name.startsWith("Set") ? [] : [...sites].map(([identity, list]) => objectOf(identity, list));
      return Promise.resolve({ ...completed, output });
    };
  }
  const objectOf = (identity: string, list: readonly string[]) =>
    new PsObject({ text: identity, adapted: { Identity: identity, IISAuthenticationMethods: list } });
  const given = { server, mapi: { include: ["Negotiate"] } };

  it("several front-end directories: all of them, each by itself", async () => {
    serve("Default Web Site", "Partners");
    sites.set(identityOf("Partners"), ["Ntlm", "Negotiate"]);
    await world.up(given);
    for (const list of sites.values()) assert.deepEqual(list, ["Ntlm", "Negotiate"]);
    assert.equal(world.program.writes.length, 1);
    sites.set(identityOf("Partners"), ["Ntlm"]);
    await world.refresh();
    assert.deepEqual(world.outlook.inputs.mapi, { include: [] });
    await world.up(given);
    assert.deepEqual(sites.get(identityOf("Partners")), ["Ntlm", "Negotiate"]);
    await world.destroy();
    assert.deepEqual([...sites.values()], [["Ntlm"], ["Ntlm", "Negotiate"]]);
  });

  it("a directory that came later: it shows as drift", async () => {
    serve("Default Web Site");
    await world.up(given);
    sites.set(identityOf("Partners"), ["Ntlm"]);
    await world.refresh();
    assert.deepEqual(await world.up(given), ["mapi"]);
    assert.deepEqual(sites.get(identityOf("Partners")), ["Ntlm", "Negotiate"]);
  });

  it("back-end directories in the answer: they are left alone", async () => {
    serve("Exchange Back End", "Default Web Site");
    await world.up(given);
    assert.deepEqual([...sites.values()], [["Ntlm"], ["Ntlm", "Negotiate"]]);
  });

  it("one that shows no methods: nothing is added to what cannot be seen, and the whole list can be given", async () => {
    serve("Default Web Site");
    sites.set(identityOf("Default Web Site"), []);
    const [refusal] = await world.refusals(given);
    assert.equal(refusal?.property, "mapi");
    assert.match(refusal?.reason ?? "", /CAS-1\\mapi .* shows no IISAuthenticationMethods.* Give exactly/);
    await world.up({ server, mapi: { exactly: ["Ntlm", "OAuth", "Negotiate"] } });
    assert.deepEqual([...sites.values()], [["Ntlm", "OAuth", "Negotiate"]]);
    sites.set(identityOf("Default Web Site"), ["Ntlm", "OAuth"]);
    const other = new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting);
    world.program.nextRun();
    await other.up({ server, mapi: { exactly: ["Ntlm", "Negotiate"] } }, world.program);
    // The same where it comes to that after the preview, and when it is to be put back.
    world.program.forget();
    sites.set(identityOf("Default Web Site"), []);
    const later = world.program.again();
    later.detour = world.program.detour;
    await other.destroy(later);
    assert.match(later.lines.join("\n"), /methods is none, which somebody else has set\. It stays/);
    assert.deepEqual([...sites.values()], [[]]);
    const inputs = complete<OutlookInputs>(outlookAuthSetting, given);
    await assert.rejects(outlookAuthSetting.create(inputs, world.program), /shows no IISAuthenticationMethods/);
    assert.deepEqual(world.program.writes, []);
  });

  it("none: refused at preview, gone at refresh, nothing to do at destroy", async () => {
    serve();
    const [refusal] = await world.refusals(given);
    assert.equal(refusal?.property, "mapi");
    assert.match(refusal?.reason ?? "", /no directory of MAPI over HTTP .* Leave out mapi for this server/);
    world.program.detour = ({ name }) =>
      name === "Get-OutlookAnywhere" ? Promise.resolve({ ...completed, output: [] }) : undefined;
    const [other] = await world.refusals({ server, outlookAnywhere: { internal: "Negotiate" } });
    assert.match(other?.reason ?? "", /no directory of Outlook Anywhere .* Leave out outlookAnywhere for this server/);
    serve("Default Web Site");
    await world.up(given);
    serve();
    world.program.forget();
    const { state } = world.outlook;
    assert.equal(await world.refresh(), false);
    await outlookAuthSetting.delete(world.outlook.id, state, world.program);
    assert.deepEqual(world.program.writes, []);
  });
});
