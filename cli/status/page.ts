import type { Outcome } from "../../provider/checks/check";
import { dayOf, someOf } from "../../provider/checks/finding";
import {
  type AccountStatus,
  type Estate,
  type NameStatus,
  type ServerStatus,
  troubles,
  withoutAccount,
} from "./estate";
import { Markup, markup } from "./markup";
import { picture, signs } from "./picture";
import { style } from "./style";

/** So many objects are named with a trouble; the others are counted. All are in the tables. */
const named = 6;
/** So many SPNs of the account are listed; the others are counted. */
const listed = 50;

const words: Record<Outcome, string> = { pass: "ok", warn: "warning", fail: "failure", unknown: "not seen" };

/** The estate as one HTML page that needs nothing else: no network, no script, no file beside it. */
export function statusPage(estate: Estate): string {
  const { domain, at } = estate;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${signs[estate.outcome]} Kerberos for Exchange · ${domain}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#tables">Skip the picture</a>
<header><h1>Kerberos for Exchange · ${domain}</h1><p>seen ${instant(at)}</p></header>
<main>
${tiles(estate)}
${troubleSection(estate)}
<section aria-label="Picture"><div class="scroll" tabindex="0" role="region" aria-label="Picture of the estate">${picture(estate)}</div></section>
<div id="tables">
${accountSection(estate)}
${nameSection(estate.names, estate.account)}
${serverSection(estate.servers)}
${checkSection(estate)}
</div>
</main>
<footer>exchange-kerberos status · a check that could not look says “not seen”, never “ok”.</footer>
</body>
</html>
`;
  return page.text;
}

function instant(time: string): Markup {
  return markup`<time datetime="${time}">${time.slice(0, 16).replace("T", " ")} UTC</time>`;
}

/** A server may tell the time in its own culture: such a text stays as it is. */
function since(added: string): Markup | string {
  return /^\d{4}-\d\d-\d\dT/.test(added) ? instant(added) : added;
}

function mark(outcome: Outcome): Markup {
  return markup`<span class="mark ${outcome}">${signs[outcome]} ${words[outcome]}</span>`;
}

function tiles(estate: Estate): Markup {
  const { outcome, counts, names, servers, account, results, problem } = estate;
  // None of what could not be read is well.
  const best: Outcome = problem === undefined ? "pass" : "unknown";
  const fine = (of: readonly Outcome[]) => of.filter((one) => one === "pass").length;
  const nameOutcomes = names.map(({ name, spn }) => worse(name.outcome, spn.outcome));
  const serverOutcomes = servers.map((server) => server.outcome);
  const { passwordAgeDays: age, rollDue, daysToRoll = 0 } = account ?? {};
  const verdict =
    counts.fail > 0 ? plural(counts.fail, "failure") : counts.warn > 0 ? plural(counts.warn, "warning") : "";
  const roll = rollDue === undefined ? "not known" : dayOf(rollDue);
  const rollOutcome: Outcome = rollDue === undefined ? "unknown" : daysToRoll < 0 ? "warn" : "pass";
  return markup`<dl class="tiles">
${tile("Verdict", verdict || (outcome === "pass" ? "All well" : "Not all seen"), `of ${plural(results.length, "result")}, ${counts.pass} ok`, outcome)}
${tile("Names", `${fine(nameOutcomes)} of ${names.length}`, "without anything to say", nameOutcomes.reduce(worse, best))}
${tile("Servers", `${fine(serverOutcomes)} of ${servers.length}`, "without anything to say", serverOutcomes.reduce(worse, best))}
${tile("Password", age === undefined ? "—" : plural(age, "day"), passwordNote(account), account?.outcome ?? withoutAccount(estate).outcome)}
${tile("Next roll", roll, rollDue === undefined ? "" : daysToRoll < 0 ? `${plural(-daysToRoll, "day")} ago` : `in ${plural(daysToRoll, "day")}`, rollOutcome)}
</dl>`;
}

function passwordNote(account: AccountStatus | undefined): string {
  if (account === undefined) return "no account";
  return `${account.passwordLastSet === undefined ? "never set" : "old"}, key version ${account.keyVersion ?? "unknown"}`;
}

function tile(title: string, value: string, note: string, outcome: Outcome): Markup {
  return markup`<div class="tile ${outcome}"><dt>${title}</dt><dd><strong>${value}</strong><small>${note}</small></dd></div>`;
}

const seriousness: readonly Outcome[] = ["pass", "unknown", "warn", "fail"];

function worse(one: Outcome, other: Outcome): Outcome {
  return seriousness.indexOf(one) > seriousness.indexOf(other) ? one : other;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function troubleSection({ results }: Estate): Markup {
  const items = troubles(results).map(({ results: [first], objects }) => {
    const remedy =
      first.remedy === undefined ? markup`` : markup`<p><span class="soft">Do:</span> <code>${first.remedy}</code></p>`;
    return markup`<li class="${first.outcome}"><p>${mark(first.outcome)} <strong>${someOf(objects, named)}</strong></p><p>${first.seen}</p>${remedy}<p class="soft">${first.check} · article: “${first.heading}”</p></li>
`;
  });
  if (items.length === 0) return markup``;
  return markup`<section><h2>What is not well</h2><ul class="troubles">${items}</ul></section>`;
}

function accountSection(estate: Estate): Markup {
  const { account } = estate;
  if (account === undefined)
    return markup`<section id="account"><h2>Account</h2><p>None is known: ${withoutAccount(estate).said.join(" ")}.</p></section>`;
  const { passwordLastSet, rollDue } = account;
  const facts: [string, string | Markup][] = [
    ["Name", account.qualifiedName],
    ["Distinguished name", account.distinguishedName],
    ["State", account.enabled ? "enabled" : "disabled"],
    ["Encryption types", account.encryptionTypes.join(", ") || "not set"],
    ["Key version", String(account.keyVersion ?? "unknown")],
    ["Password set", passwordLastSet === undefined ? "never" : instant(passwordLastSet)],
    ["Next roll", rollDue === undefined ? "not known" : instant(rollDue)],
    ["SPNs", someOf(account.servicePrincipalNames, listed) || "none"],
  ];
  const rows = facts.map(
    ([title, value]) => markup`<tr><th scope="row">${title}</th><td class="long">${value}</td></tr>`,
  );
  return markup`<section id="account"><h2>Account ${mark(account.outcome)}</h2><table><tbody>${rows}</tbody></table></section>`;
}

function nameSection(names: readonly NameStatus[], account: AccountStatus | undefined): Markup {
  const rows = names.map(({ hostName, servicePrincipalName, name, spn, sites, servers, holders }, index) => {
    const holder = (dn: string) => (dn === account?.distinguishedName ? "the account" : dn);
    const who = holders === undefined ? "not seen" : holders.map(holder).join("; ") || "nobody";
    return markup`<tr id="name-${index}"><td class="verdict">${mark(worse(name.outcome, spn.outcome))}</td><td class="whole">${hostName}</td><td class="whole">${servicePrincipalName}</td><td class="long">${who}</td><td>${sites.join(", ")}</td><td>${servers.length === 0 ? "" : String(servers.length)}</td></tr>
`;
  });
  return section("Names", ["", "Name", "SPN", "Held by", "Sites", "Servers"], rows);
}

function serverSection(servers: readonly ServerStatus[]): Markup {
  const rows = servers.map((server, index) => {
    const newest = server.alternateAccount?.credentials[0];
    const credential = server.problem ?? newest?.account ?? "none";
    return markup`<tr id="server-${index}"><td class="verdict">${mark(server.outcome)}</td><td class="whole">${server.fqdn}</td><td>${server.site}</td><td>${server.product} (${server.version})</td><td class="long">${credential}</td><td class="whole">${since(newest?.added ?? "")}</td></tr>
`;
  });
  return section("Servers", ["", "Server", "Site", "Exchange", "Credential", "Since"], rows);
}

function section(title: string, heads: readonly string[], rows: readonly Markup[]): Markup {
  if (rows.length === 0) return markup`<section><h2>${title}</h2><p>None.</p></section>`;
  const cells = heads.map((head) => markup`<th scope="col">${head || "State"}</th>`);
  return markup`<section><h2>${title}</h2><div class="scroll"><table><thead><tr>${cells}</tr></thead><tbody>
${rows}</tbody></table></div></section>`;
}

function checkSection({ results }: Estate): Markup {
  const rows = [...Map.groupBy(results, ({ check }) => check).values()].map((of) => {
    const [first] = of;
    const outcome = of.map((one) => one.outcome).reduce(worse, "pass");
    const well = of.filter((one) => one.outcome === "pass").length;
    return markup`<tr><td class="verdict">${mark(outcome)}</td><td>${first?.name ?? ""}</td><td><code>${first?.check ?? ""}</code></td><td>${well} of ${of.length}</td></tr>
`;
  });
  return section("Checks", ["", "What should be so", "Check", "Is so"], rows);
}
