import { strict as assert } from "node:assert";
import { after, before, describe, it } from "mocha";
import { exitCode } from "../../cli/check-command";
import { checkText } from "../../cli/check-text";
import { estateOf } from "../../cli/status/estate";
import { corp } from "../../lab/domain-controller";
import { password } from "../../lab/passwords";
import { corpUser, delegatedUser } from "../../lab/people";
import { addressRecord } from "../../provider/checks/dns/address-record";
import { runbook } from "../../provider/checks/runbook";
import { serverMapi } from "../../provider/checks/server/mapi";
import { serverOutlookAnywhere } from "../../provider/checks/server/outlook-anywhere";
import type { Server, Subject } from "../../provider/checks/subject";
import { warningsOf } from "../../provider/checks/warnings";
import type { Selection } from "../../provider/checks/world";
import { ProviderError } from "../../provider/error";
import { fqdn } from "../resources/asa-deployment/world";
import { hidden, replicate } from "./breaking";
import { faults, isLag, replicated } from "./faults";
import { Healthy, hostNames, line, troubles } from "./healthy";

describe("the runbook", function () {
  this.timeout(60_000);
  let healthy: Healthy;

  before(async function () {
    healthy = await Healthy.enter(this);
  });
  after(async () => healthy?.leave());

  it("finds nothing wrong where nothing is, and looks at everything", async () => {
    const report = await healthy.check();
    assert.deepEqual(troubles(report), []);
    assert.match(report.results.find(({ check }) => check === "proof-ticket")?.seen ?? "", /AES-256, key version 1\.$/);
    assert.deepEqual(
      report.names.map(({ hostName, sites, servers }) => [hostName, sites, servers]),
      hostNames.map((name) => [name, ["Default-First-Site-Name"], [fqdn("cas-1"), fqdn("cas-2")]]),
    );
    const checked = new Set(report.results.map(({ check }) => check));
    assert.deepEqual(
      runbook.map(({ id }) => id).filter((id) => !checked.has(id)),
      // It connects to the servers themselves, which is for those who ask for it.
      ["proof-accepted"],
    );
  });

  it("says once what keeps all checks from their work, and to people in a few lines", async () => {
    const report = await healthy.check({ entry: "nobody.example.com", hostNames });
    const unseen = report.results.filter(({ outcome }) => outcome === "unknown");
    assert.ok(unseen.length > 20, String(unseen.length));
    assert.equal(new Set(unseen.map(({ seen }) => seen)).size, 1);
    // DNS, and who else has a name, can be seen without Exchange.
    const passed = new Set(report.results.flatMap(({ check, outcome }) => (outcome === "pass" ? [check] : [])));
    for (const check of ["dns-address-record", "dns-same-answer", "spn-deleted-holder"])
      assert.ok(passed.has(check), check);
    assert.ok(checkText(report).split("\n").length <= 12, checkText(report));
  });

  it("passes over nothing that it was told to look at, and found nothing to look at", async () => {
    const told = async (selection: Selection, userForests?: []) => {
      const report = await healthy.check(selection, userForests && { userForests });
      return { code: exitCode(report), said: troubles(report) };
    };
    const forests = /^unknown (trust-\w+|spn-user-forest) corp\..*: no forest of users is named/;
    const nothing = /^unknown [\w-]+ corp\..*: there is nothing for this check to look at/;
    for (const [selection, count, words] of [
      [{ only: ["trust"] }, 3, forests],
      [{ only: ["dns", "trust"] }, 3, forests],
      [{ only: ["spn-user-forest", "spn"] }, 1, forests],
      [{ skip: ["dns", "account", "server", "spn", "proof"] }, 3, forests],
      [{ only: ["proof-accepted"] }, 1, /^unknown proof-accepted corp\..*: no server is to be asked with a ticket/],
      [{ only: ["dns"], hostNames: [] }, 2, nothing],
    ] as const) {
      const { code, said } = await told(selection, []);
      assert.equal(code, 1, JSON.stringify(selection));
      assert.equal(said.length, count, said.join("\n"));
      for (const line of said) assert.match(line, words);
    }
    for (const server of healthy.world.organization.servers) server.credentials.replace([]);
    try {
      const { code, said } = await told({ only: ["server-generation", "proof-ticket"] });
      assert.deepEqual([code, said.length], [1, 2], said.join("\n"));
      for (const line of said) assert.match(line, nothing);
    } finally {
      healthy.deploy();
    }
    // Who asks for all hears of a missing account or forest once, and not from every check.
    assert.deepEqual(await told({}, []), { code: 0, said: [] });
    await assert.rejects(healthy.check({ only: ["dns"], skip: ["dns"] }), /No check is left to run/);
  });

  it("says nothing of deleted accounts to a user who may not look at them", async () => {
    const { forest } = healthy.world;
    const seenBy = async (user: string) => {
      const username = `${user}@${corp.dnsName}`;
      const directory = forest.open({ username, password: password(username) });
      const { results } = await healthy.check({ only: ["spn-deleted-holder"] }, { directory });
      return results.map(({ outcome, object, seen, remedy = "" }) => `${outcome} ${object}: ${seen} ${remedy}`.trim());
    };
    const [found, ...others] = await seenBy(corpUser);
    assert.match(
      found ?? "",
      /^unknown corp\..*: this user may not look at what was deleted .*dsacls "CN=Deleted Objects,DC=corp/,
    );
    assert.deepEqual(others, []);
    const allowed = hostNames.map((name) => `pass ${name}: none in the Recycle Bin.`);
    assert.deepEqual(await seenBy(delegatedUser), allowed);
  });

  // As for a user account in a domain where Authenticated Users were taken out of "Pre-Windows 2000 Compatible Access".
  for (const [attribute, guid, checks, seen] of [
    ["tokenGroups", "b7c69e6d-2cc7-11d2-854e-00a0c983f608", ["account-groups"], /may not see which groups/],
    [
      "msDS-User-Account-Control-Computed",
      "2cc4b836-b63f-4940-8d23-ea7acf06af56",
      ["account-usable", "account-clean-up"],
      /is locked or its password expired cannot be read/,
    ],
    [
      "msDS-KeyVersionNumber",
      "c523e9c0-33b5-4ac8-8923-b57b927f42f6",
      ["proof-ticket"],
      /key version 1; that of the account/,
    ],
  ] as const) {
    it(`says that it cannot see, and nothing else, where this user may not read ${attribute}`, async () => {
      const username = `${corpUser}@${corp.dnsName}`;
      const directory = healthy.world.forest.open({ username, password: password(username) });
      const report = await hidden(healthy, guid, () => healthy.check({ skip: ["spn-deleted-holder"] }, { directory }));
      const wrong = report.results.filter(({ outcome }) => outcome !== "pass");
      assert.deepEqual(
        [...new Set(wrong.map(({ outcome, check }) => `${outcome} ${check}`))],
        checks.map((check) => `unknown ${check}`),
        wrong.map(line).join("\n"),
      );
      for (const one of wrong) assert.match(one.seen, seen);
    });
  }

  it("asks for a name once, in whatever case it was named: Prometheus takes no figure twice", async () => {
    const given = hostNames.flatMap((name) => [name, name.toUpperCase()]);
    const { names } = await healthy.check({ only: ["spn-on-account"], hostNames: given });
    assert.deepEqual(
      names.map(({ hostName }) => hostName),
      hostNames,
    );
  });

  it("asks the first server that it is to look at for the others, where it is not said whom to ask", async () => {
    const asked: string[] = [];
    healthy.world.beforeCall = ({ host, command }) => {
      if (command === "Get-ExchangeServer") asked.push(host);
    };
    try {
      await healthy.check({ entry: undefined, servers: [fqdn("cas-2")], only: ["spn-on-account"] });
      assert.equal(asked[0], fqdn("cas-2"));
    } finally {
      healthy.world.beforeCall = () => {};
    }
  });

  it("wants no SPN for the own name of a server that it does not look at", async () => {
    const { organization } = healthy.world;
    organization.addServer("cas-old", { product: "2010" });
    organization.addServer("mbx-1", { product: "2013" });
    organization.require("mbx-1").state.clientAccess = false;
    const { state } = healthy.server("cas-1");
    const { autoDiscoverServiceInternalUri } = state;
    state.autoDiscoverServiceInternalUri = `https://cas-old.${corp.dnsName}/autodiscover/autodiscover.xml`;
    try {
      const { names } = await healthy.plan();
      const kinds = names.map(({ hostName, kind }) => `${kind} ${hostName}`);
      assert.ok(kinds.includes(`server-name cas-old.${corp.dnsName}`), kinds.join());
      const checked = await healthy.check({ only: ["spn-on-account"] });
      assert.deepEqual(
        checked.names.map(({ hostName }) => hostName),
        hostNames,
      );
      assert.deepEqual(
        checked.servers.map((server) => server.fqdn),
        [fqdn("cas-1"), fqdn("cas-2")],
      );
    } finally {
      state.autoDiscoverServiceInternalUri = autoDiscoverServiceInternalUri;
      for (const name of ["cas-old", "mbx-1"]) healthy.dropServer(name);
    }
  });

  it("says nothing well of directories of a server that shows none", async () => {
    const none = async () => [];
    const onEach = (all: readonly Server[], look: (server: Server) => Promise<unknown>) =>
      Promise.allSettled(all.map(look));
    const answered = [{ fqdn: "cas-9.example.com", product: "2019", mapi: none, outlookAnywhere: none }];
    const subject = { servers: async () => ({ answered }), world: { exchange: { onEach } } } as unknown as Subject;
    for (const check of [serverMapi, serverOutlookAnywhere]) {
      const found = (await check.run(subject)).map(({ outcome, object }) => `${outcome} ${object}`);
      assert.deepEqual(found, ["unknown cas-9.example.com"], check.id);
    }
  });

  it("judges each name alone, where DNS gives an error for one of them", async () => {
    // No name server can be asked for an empty label.
    const strange = `mail..${corp.dnsName}`;
    const { results } = await healthy.check({ only: ["dns"], hostNames: [strange, ...hostNames] });
    const found = results.map(({ check, object, outcome }) => `${outcome} ${check} ${object}`);
    const of = (check: string) => [`unknown ${check} ${strange}`, ...hostNames.map((name) => `pass ${check} ${name}`)];
    assert.deepEqual(found, [...of("dns-address-record"), ...of("dns-same-answer")]);
    for (const { object, seen } of results) {
      if (object === strange) assert.match(seen, /^DNS has no answer for mail\.\..* \(.*EBADNAME\)/);
    }
    const lines = await warningsOf(
      {
        settings: healthy.world.forest.settings,
        directory: healthy.world.forest.open(),
        exchange: healthy.world.exchange(),
      },
      { hostNames: [strange] },
      [addressRecord],
    );
    assert.match(lines.join("\n"), /^warning: DNS has no answer for mail\.\./);
  });

  it("does not say that there is no account where no server tells what it holds", async () => {
    healthy.world.beforeCall = ({ command }) => {
      if (command === "Get-ClientAccessService") throw new ProviderError("command-missing", "not for you");
    };
    try {
      const { results, account } = await healthy.check({ account: undefined });
      assert.equal(account, undefined);
      const [found] = results.filter(({ check }) => check === "account-exists");
      assert.deepEqual(
        [found?.outcome, found?.seen],
        ["unknown", "no server says whose credential it holds, and none is named."],
      );
    } finally {
      healthy.world.beforeCall = () => {};
    }
  });

  it("says in a plan which servers may hold an account that it does not know of", async () => {
    healthy.server("cas-1").credentials.replace([]);
    healthy.world.beforeCall = ({ host }) => {
      if (host === fqdn("cas-2")) throw new ProviderError("port-closed", "down");
    };
    try {
      const { account, silent } = await healthy.plan();
      assert.deepEqual([account, silent], [undefined, [fqdn("cas-2")]]);
    } finally {
      healthy.world.beforeCall = () => {};
      healthy.deploy();
    }
    assert.deepEqual((await healthy.plan()).silent, []);
  });

  it("goes by the account that most servers were given last, whatever the first one has", async () => {
    healthy.world.organization.addServer("cas-3", { product: "2016" });
    try {
      for (const server of ["cas-1", "cas-2"] as const) healthy.server(server).credentials.replace([]);
      for (const server of ["cas-1", "cas-2", "cas-3"]) {
        healthy.world.addByHand(server, `${corp.netbiosName}\\OLDASA$`, "old");
        if (server !== "cas-1") healthy.world.addByHand(server, healthy.qualifiedName, healthy.secret);
      }
      assert.equal((await healthy.plan()).account, healthy.qualifiedName);
    } finally {
      healthy.dropServer("cas-3");
      healthy.deploy();
    }
  });

  it("takes a credential for the account's, whichever of its two names the domain was typed with", async () => {
    const name = `${healthy.accountName}$`;
    const typed = [`${corp.dnsName}\\${name}`, `${corp.dnsName.toUpperCase()}/${name}`] as const;
    try {
      for (const server of ["cas-1", "cas-2"] as const) {
        healthy.server(server).credentials.replace([]);
        healthy.world.addByHand(server, server === "cas-1" ? healthy.qualifiedName : typed[0], healthy.secret);
      }
      for (const account of [undefined, healthy.qualifiedName, ...typed]) {
        const report = await healthy.check({ account });
        assert.deepEqual(troubles(report), [], account);
        assert.equal(report.account?.qualifiedName, healthy.qualifiedName);
        const { servers, counts } = estateOf(report, 365);
        assert.deepEqual([servers.map(({ hasCredential }) => hasCredential), counts.fail], [[true, true], 0]);
      }
      healthy.world.organization.addServer("cas-old", { product: "2010" });
      healthy.world.addByHand("cas-old", typed[0], healthy.secret);
      const [found, ...others] = troubles(await healthy.check());
      assert.match(found ?? "", /^fail account-exchange-2010 cas-old\./);
      assert.deepEqual(others, []);
    } finally {
      const { organization } = healthy.world;
      if (organization.servers.some(({ state }) => state.name.toLowerCase() === "cas-old"))
        healthy.dropServer("cas-old");
      healthy.deploy();
    }
  });

  for (const fault of faults) {
    it(`finds ${fault.what}, and nothing else`, async () => {
      const partition = replicated(fault);
      await fault.make(healthy);
      try {
        if (partition !== undefined && !isLag(fault)) await replicate(partition);
        const { results } = await healthy.check(fault.selection);
        // A ticket that cannot be had for the same reason is no finding of its own.
        const explained = `That is what ${fault.check} leads to.`;
        const wrong = results.filter(({ outcome, seen }) => outcome !== "pass" && !seen.endsWith(explained));
        assert.equal(wrong.length, 1, wrong.map(line).join("\n") || "nothing was found");
        const [found] = wrong;
        const { check, object, outcome, seen = "", remedy = "" } = found ?? {};
        assert.deepEqual(
          { check, object, outcome },
          { check: fault.check, object: fault.object ?? healthy.qualifiedName, outcome: fault.outcome },
          seen,
        );
        if (fault.seen !== undefined) assert.match(seen, fault.seen);
        if (outcome === "fail" || outcome === "warn") assert.match(remedy, fault.remedy ?? /\S{3,}/);
      } finally {
        await fault.mend?.(healthy);
        if (partition !== undefined) await replicate(partition);
        healthy.deploy();
      }
    });
  }

  it("finds nothing wrong once all is mended", async () => {
    assert.deepEqual(troubles(await healthy.check()), []);
  });
});
