import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import * as ek from "../../sdk";

/** One resource as it was registered, and when: both ends of its making count up together. */
interface Made {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly started: number;
  ended: number;
}

const made: Made[] = [];
let clock = 0;

function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

async function make(
  name: string,
  args: ek.ExchangeKerberosArgs,
): Promise<{ component: ek.ExchangeKerberos; children: Made[] }> {
  const component = new ek.ExchangeKerberos(name, args);
  await Promise.all([
    resolved(component.spns),
    resolved(component.servers),
    ...Object.values(component.outlook).map(({ id }) => resolved(id)),
  ]);
  return { component, children: made.filter((one) => one.name.startsWith(`${name}-`)) };
}

const domain = "corp.tailspintoys.com";
const full = (...names: string[]) => names.map((name) => `${name}.${domain}`);
const one = { name: "ADSite1", servers: full("cas-1", "cas-2"), hostNames: full("mail", "autodiscover") };
const two = { name: "ADSite2", servers: full("cas-3"), hostNames: full("mailsdc", "autodiscoversdc") };
const account = { name: "EXCH2016ASA" };

/** Of its type by the program's word alone, as what `Config.requireObject` gives. */
const fromConfiguration = (args: object) => args as ek.ExchangeKerberosArgs;

describe("ExchangeKerberos", () => {
  before(() =>
    pulumi.runtime.setMocks(
      {
        async newResource(args) {
          const { __provider: _, ...inputs } = args.inputs;
          const entry: Made = {
            type: args.type.split(":").at(-1) ?? "",
            name: args.name,
            inputs,
            started: ++clock,
            ended: 0,
          };
          made.push(entry);
          // Whoever does not wait for us gets ahead here.
          for (let turn = 0; turn < 20; turn++) await setImmediate();
          entry.ended = ++clock;
          const qualifiedName = `TAILSPIN\\${args.inputs.name}$`;
          return { id: `${args.name}-id`, state: { ...args.inputs, qualifiedName, deployed: [] } };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    ),
  );

  const names = (children: readonly Made[], type: string) =>
    children.filter((child) => child.type === type).map(({ name }) => name);
  const inputs = (children: readonly Made[], name: string) =>
    children.find((child) => child.name === name)?.inputs ?? assert.fail(name);

  it("makes the article's children, with readable names, each after all that it needs", async () => {
    const { children } = await make("single", { account, sites: [one] });
    assert.deepEqual(names(children, "AsaAccount"), ["single-asa"]);
    assert.deepEqual(names(children, "AsaDeployment"), ["single-deployment"]);
    assert.deepEqual(
      names(children, "ServicePrincipalName").sort(),
      one.hostNames.map((host) => `single-${host}`).sort(),
    );
    assert.deepEqual(
      names(children, "OutlookAuthSetting").sort(),
      one.servers.map((server) => `single-${server}`),
    );
    const order = ["AsaAccount", "AsaDeployment", "ServicePrincipalName", "OutlookAuthSetting"];
    for (const later of children) {
      for (const earlier of children) {
        if (order.indexOf(earlier.type) >= order.indexOf(later.type)) continue;
        assert.ok(earlier.ended > 0 && earlier.ended < later.started, `${later.name} did not wait for ${earlier.name}`);
      }
    }
  });

  it("tells each child what it needs, and nothing that was not given", async () => {
    const { children } = await make("inputs", { account, sites: [one] });
    assert.deepEqual(inputs(children, "inputs-asa"), { name: "EXCH2016ASA" });
    const qualifiedName = "TAILSPIN\\EXCH2016ASA$";
    assert.deepEqual(inputs(children, "inputs-deployment"), {
      account: qualifiedName,
      servers: one.servers,
      mayBeAbsent: [],
    });
    assert.deepEqual(inputs(children, `inputs-${one.hostNames[0]}`), {
      account: qualifiedName,
      spn: `http/${one.hostNames[0]}`,
      deployment: "inputs-deployment-id",
    });
    assert.deepEqual(inputs(children, `inputs-${one.servers[0]}`), {
      server: one.servers[0],
      outlookAnywhere: { internal: "Negotiate" },
      mapi: { include: ["Negotiate"] },
    });
  });

  it("passes on connection, method, rotation, absence and adoption", async () => {
    const { children } = await make("options", {
      account,
      sites: [one],
      connection: "contoso",
      method: "cmdlet",
      rotation: { maxPasswordAgeDays: 30 },
      mayBeAbsent: full("cas-2"),
      adopt: true,
    });
    for (const child of children) assert.equal(child.inputs.connection, "contoso", child.name);
    assert.equal(inputs(children, "options-asa").adopt, true);
    const { account: _, servers: __, connection: ___, ...deployment } = inputs(children, "options-deployment");
    assert.deepEqual(deployment, {
      method: "cmdlet",
      rotation: { maxPasswordAgeDays: 30 },
      mayBeAbsent: full("cas-2"),
      adopt: true,
    });
  });

  it("lets a server be absent by its name in any case, in the deployment that it is in and no other", async () => {
    const { children } = await make("absent", {
      account,
      sites: [one, { ...two, account: { name: "SDCASA" } }],
      mayBeAbsent: full("CAS-2", "cas-3"),
    });
    assert.deepEqual(inputs(children, "absent-deployment").mayBeAbsent, full("CAS-2"));
    assert.deepEqual(inputs(children, "absent-ADSite2-deployment").mayBeAbsent, full("cas-3"));
  });

  it("lets sites share one account, one deployment, and names that both have", async () => {
    const both = { ...two, hostNames: [...two.hostNames, `Mail.${domain}`] };
    const { component, children } = await make("shared", { account, sites: [one, both] });
    assert.deepEqual(names(children, "AsaAccount"), ["shared-asa"]);
    assert.deepEqual(inputs(children, "shared-deployment").servers, [...one.servers, ...two.servers]);
    assert.equal(names(children, "ServicePrincipalName").length, 4);
    assert.equal(component.accounts.ADSite1, component.accounts.ADSite2);
    assert.ok(component.deployments.ADSite1 !== undefined);
    assert.equal(component.deployments.ADSite1, component.deployments.ADSite2);
    assert.deepEqual(await resolved(component.qualifiedNames), {
      ADSite1: "TAILSPIN\\EXCH2016ASA$",
      ADSite2: "TAILSPIN\\EXCH2016ASA$",
    });
  });

  it("gives a site an account of its own, with its servers and names and no others", async () => {
    const { component, children } = await make("own", {
      account,
      sites: [one, { ...two, account: { name: "SDCASA" }, outlook: { mapi: { exactly: ["Ntlm", "Negotiate"] } } }],
    });
    assert.deepEqual(names(children, "AsaAccount").sort(), ["own-ADSite2-asa", "own-asa"]);
    assert.deepEqual(inputs(children, "own-ADSite2-deployment").servers, two.servers);
    assert.equal(inputs(children, `own-${two.hostNames[0]}`).account, "TAILSPIN\\SDCASA$");
    assert.equal(inputs(children, `own-${one.hostNames[0]}`).account, "TAILSPIN\\EXCH2016ASA$");
    assert.deepEqual(inputs(children, `own-${two.servers[0]}`), {
      server: two.servers[0],
      mapi: { exactly: ["Ntlm", "Negotiate"] },
    });
    assert.deepEqual(
      await resolved(component.spns),
      [...one.hostNames, ...two.hostNames].map((host) => `http/${host}`).sort(),
    );
  });

  it("makes no shared account where every site has one of its own", async () => {
    const sites = [one, two].map((site) => ({ ...site, account: { name: `${site.name}ASA` } }));
    const { children } = await make("each", { sites });
    assert.deepEqual(names(children, "AsaAccount").sort(), ["each-ADSite1-asa", "each-ADSite2-asa"]);
  });

  it("names children alike in whatever case a name is written, and knows them by the name that they had", async () => {
    const seen = new Map<string, unknown>();
    const remember: pulumi.ResourceTransformation = ({ name, opts }) => void seen.set(name, opts.aliases);
    const shouted = { ...one, servers: full("CAS-1", "cas-2"), hostNames: full("Mail", "autodiscover") };
    const component = new ek.ExchangeKerberos("case", { account, sites: [shouted] }, { transformations: [remember] });
    await Promise.all(Object.values(component.outlook).map(({ id }) => resolved(id)));
    const aliases = [...one.servers, ...one.hostNames].map((child) => seen.get(`case-${child}`));
    const [mail, outlook] = [`case-${one.hostNames[0]}`, `case-${one.servers[0]}`].map((child) =>
      made.find(({ name }) => name === child),
    );
    assert.ok(mail && outlook && mail.ended < outlook.started, "Outlook is told once the names are there");
    const former = (child: string) => [{ name: `case-${child}.${domain}` }];
    assert.deepEqual(aliases, [former("CAS-1"), undefined, former("Mail"), undefined]);
  });

  it("leaves Outlook alone where it is told to", async () => {
    const { children } = await make("silent", {
      account,
      outlook: false,
      sites: [one, { ...two, outlook: { mapi: { include: ["Negotiate"] } } }],
    });
    assert.deepEqual(names(children, "OutlookAuthSetting"), [`silent-${two.servers[0]}`]);
  });

  describe("refuses before anything is made", () => {
    const wrong: Record<string, { args: ek.ExchangeKerberosArgs; reasons: RegExp[] }> = {
      "no site": { args: { account, sites: [] }, reasons: [/There is no site/] },
      "empty sites": {
        args: { account, sites: [{ name: "ADSite1", servers: [], hostNames: [] }] },
        reasons: [/ADSite1 has no servers/, /ADSite1 has no host names/],
      },
      "two sites of one name": {
        args: { account, sites: [one, { ...two, name: "adsite1" }] },
        reasons: [/called ADSite1/],
      },
      "a server under two accounts": {
        args: { account, sites: [one, { ...two, servers: full("CAS-1"), account: { name: "SDCASA" } }] },
        reasons: [/cas-1\.\S+ is in ADSite1 and ADSite2/],
      },
      "a server named twice": {
        args: { account, sites: [{ ...one, servers: full("cas-1", "CAS-1", "cas-1") }, two] },
        reasons: [/ADSite1 has the server cas-1\S+ twice/],
      },
      "a site without a name": { args: { account, sites: [{ ...one, name: "" }] }, reasons: [/A site has no name/] },
      "a server's name as host name": {
        args: { account, sites: [one, { ...two, hostNames: full("CAS-2") }] },
        reasons: [/CAS-2\S+ of ADSite2 is the name of a server/],
      },
      "one name on two accounts": {
        args: { account, sites: [one, { ...two, hostNames: full("MAIL"), account: { name: "SDCASA" } }] },
        reasons: [/http\/mail\S+ would be on the shared account and the account of ADSite2/],
      },
      "a name twice in one site": {
        args: { account, sites: [{ ...one, hostNames: full("mail", "Mail") }] },
        reasons: [/mail\S+ twice/],
      },
      "short names, classes and ports": {
        args: {
          account,
          sites: [{ name: "ADSite1", servers: ["cas-1"], hostNames: [`http/mail.${domain}`, `mail.${domain}:443`] }],
        },
        reasons: [
          /server "cas-1" of ADSite1 is no full name, as cas-1/,
          /host name "http\/mail/,
          /host name "mail\S+:443"/,
        ],
      },
      "a space and a full stop that nobody sees": {
        args: { account, sites: [{ ...one, servers: [` cas-1.${domain}`], hostNames: [`mail.${domain}.`] }] },
        reasons: [/server " cas-1\S+" of ADSite1 is no full name/, /host name "mail\S+\." of ADSite1 is no full name/],
      },
      "texts in place of lists, as configuration may have them": {
        args: fromConfiguration({
          account: "EXCH2016ASA",
          sites: [
            { ...one, servers: `cas-1.${domain}`, hostNames: undefined, hostnames: one.hostNames, outlook: true },
          ],
          mayBeAbsent: `cas-1.${domain}`,
          rotatoin: {},
        }),
        reasons: [
          /servers of ADSite1 is no list of texts/,
          /hostNames of ADSite1 is no list of texts/,
          /ADSite1: There is no property hostnames/,
          /ADSite1: outlook is neither false nor an object/,
          /mayBeAbsent is no list of texts/,
          /account is no object/,
          /- There is no property rotatoin/,
        ],
      },
      "Outputs where resources are named after a value": {
        args: fromConfiguration({
          account: pulumi.output(account),
          sites: [
            {
              name: pulumi.output("ADSite1"),
              servers: pulumi.output(one.servers),
              hostNames: one.hostNames.map(pulumi.output),
            },
            pulumi.output(one),
          ],
        }),
        reasons: [
          /name of sites\[0\] is no text: give plain values, no Output/,
          /servers of sites\[0\] is no list/,
          /hostNames of sites\[0\] is no list/,
          /sites\[1\] is no site/,
          /account is no object; what it holds may be Outputs/,
        ],
      },
      "nothing, and lists, in place of objects": {
        args: fromConfiguration({ account: null, outlook: ["Negotiate"], sites: [null, { ...one, account: [] }] }),
        reasons: [
          /- account is no object/,
          /- outlook is neither false nor an object/,
          /sites\[0\] is no site/,
          /ADSite1: account is no object/,
        ],
      },
      "no list of sites": { args: fromConfiguration({ account }), reasons: [/sites is no list of sites/] },
      "a server that may be absent and is in no site": {
        args: { account, sites: [one], mayBeAbsent: full("cas-2", "cas-22") },
        reasons: [/mayBeAbsent names cas-22\.\S+, which is not among the servers of any site/],
      },
      "a site without an account": {
        args: { sites: [one, { ...two, account }] },
        reasons: [/ADSite1 has no account/],
      },
      "a shared account that nobody uses": {
        args: { account, sites: [{ ...one, account }] },
        reasons: [/nobody uses the shared account/],
      },
    };
    for (const [title, { args, reasons }] of Object.entries(wrong)) {
      it(title, async () => {
        const before = made.length;
        assert.throws(
          () => new ek.ExchangeKerberos("wrong", args),
          (error: Error) => {
            assert.ok(pulumi.RunError.isInstance(error));
            for (const reason of reasons) assert.match(error.message, reason);
            assert.equal(error.message.split("\n  - ").length - 1, reasons.length, `nothing else: ${error.message}`);
            return true;
          },
        );
        await setImmediate();
        assert.deepEqual(made.slice(before), []);
      });
    }
  });
});
