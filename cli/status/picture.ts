import { type Outcome, worst } from "../../provider/checks/check";
import { dayOf } from "../../provider/checks/finding";
import { type AccountStatus, type Estate, type Judged, type ServerStatus, withoutAccount } from "./estate";
import { type Markup, markup } from "./markup";

/** The sign beside a colour: colour alone says nothing to many people, nor on paper. */
export const signs: Record<Outcome, string> = { pass: "✓", warn: "!", fail: "✕", unknown: "?" };

const width = 1320;
const top = 44;
const columns = {
  names: { x: 0, width: 300 },
  spns: { x: 350, width: 330 },
  account: { x: 745, width: 245 },
  servers: { x: 1050, width: 270 },
} as const;
const node = { height: 28, step: 36 } as const;
/** A site with more servers than this shows them as chips, and one line leads to all of them. */
const mostRows = 8;
const chip = { perRow: 3, width: 84, height: 24, step: 30, gap: 9 } as const;
const siteTitle = 24;
const siteGap = 18;
const accountHeight = 148;
/** About how wide a letter of the pictures' text is. */
const letter = 6.9;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface SitePlan {
  readonly site: string;
  readonly servers: readonly ServerStatus[];
  readonly chips: boolean;
  readonly height: number;
}

/** Names → SPNs → account → servers, as SVG whose colours come from the page. Every box leads to its row in the tables. */
export function picture(estate: Estate): Markup {
  const sites = sitePlans(estate.servers);
  const heights = {
    names: Math.max(estate.names.length, 1) * node.step,
    servers: sites.reduce((sum, { height }) => sum + height + siteGap, 0),
  };
  const inner = Math.max(heights.names, heights.servers, accountHeight);
  const accountPlace: Place = {
    ...columns.account,
    y: top + (inner - accountHeight) / 2,
    height: accountHeight,
  };
  const nameTop = top + (inner - heights.names) / 2;
  const names = estate.names.map((one, index) => {
    const y = nameTop + index * node.step;
    const namePlace = { ...columns.names, y, height: node.height };
    const spnPlace = { ...columns.spns, y, height: node.height };
    const href = `#name-${index}`;
    return {
      lines: [line(namePlace, spnPlace, one.name.outcome), line(spnPlace, accountPlace, one.spn.outcome)],
      boxes: [
        box(namePlace, { label: one.hostName, kind: "name", href, judged: one.name }),
        box(spnPlace, { label: one.servicePrincipalName, kind: "spn", href, judged: one.spn }),
      ],
    };
  });
  let siteTop = top + (inner - heights.servers) / 2;
  const drawnSites = sites.map((site) => {
    const drawn = drawSite(site, siteTop, accountPlace, estate.servers);
    siteTop += site.height + siteGap;
    return drawn;
  });
  const height = top + inner + 8;
  return markup`<svg viewBox="-2 0 ${width + 4} ${height}" role="group" aria-label="Names, SPNs, account and servers">
${heading("NAMES", columns.names)}${heading("SERVICE PRINCIPAL NAMES", columns.spns)}${heading("ACCOUNT", columns.account)}${heading("SERVERS", columns.servers)}
<g class="lines" aria-hidden="true">${[...names, ...drawnSites].flatMap(({ lines }) => lines)}</g>
${names.flatMap(({ boxes }) => boxes)}
${accountBox(accountPlace, estate)}
${drawnSites.flatMap(({ boxes }) => boxes)}
</svg>`;
}

function sitePlans(servers: readonly ServerStatus[]): SitePlan[] {
  return [...Map.groupBy(servers, ({ site }) => site)].map(([site, members]) => {
    const chips = members.length > mostRows;
    const rows = chips ? Math.ceil(members.length / chip.perRow) * chip.step : members.length * node.step;
    return { site, servers: members, chips, height: siteTitle + rows };
  });
}

function drawSite(plan: SitePlan, y: number, account: Place, all: readonly ServerStatus[]) {
  const { x, width: full } = columns.servers;
  const boxes: Markup[] = [
    markup`<text class="site" x="${x}" y="${y + 15}">${fitted(plan.site || "no site", full)}${plan.chips ? ` · ${plan.servers.length}` : ""}</text>`,
  ];
  const lines: Markup[] = [];
  for (const [index, server] of plan.servers.entries()) {
    const href = `#server-${all.indexOf(server)}`;
    const place: Place = plan.chips
      ? {
          x: x + (index % chip.perRow) * (chip.width + chip.gap),
          y: y + siteTitle + Math.floor(index / chip.perRow) * chip.step,
          width: chip.width,
          height: chip.height,
        }
      : { x, y: y + siteTitle + index * node.step, width: full, height: node.height };
    const label = plan.chips ? server.name : server.fqdn;
    boxes.push(box(place, { label, kind: "server", href, judged: server, object: server.fqdn }));
    if (!plan.chips) lines.push(line(account, place, server.credential.outcome));
  }
  if (plan.chips) {
    const block = { x: x - 12, y: y + siteTitle - 4, width: full + 12, height: plan.height - siteTitle };
    lines.push(line(account, block, worst(plan.servers.map(({ credential }) => credential.outcome))));
    boxes.unshift(markup`<path class="bracket" d="M${x - 5} ${block.y} h-7 v${block.height} h7"/>`);
  }
  return { lines, boxes };
}

function heading(text: string, { x }: { readonly x: number }): Markup {
  return markup`<text class="heading" x="${x}" y="18">${text}</text>`;
}

/** From the right edge of one to the left edge of another. */
function line(from: Place, to: Place, outcome: Outcome): Markup {
  const [x1, y1] = [from.x + from.width, from.y + from.height / 2];
  const [x2, y2] = [to.x, to.y + to.height / 2];
  const bend = (x2 - x1) * 0.5;
  return markup`<path class="line ${outcome}" d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"/>`;
}

interface Box {
  readonly label: string;
  readonly kind: "name" | "spn" | "server";
  readonly href: string;
  readonly judged: Judged;
  /** What it is about, where the label is shorter. */
  readonly object?: string;
}

function box({ x, y, width: wide, height }: Place, { label, kind, href, judged, object = label }: Box): Markup {
  const { outcome, problems } = judged;
  const said = [`${object}: ${outcome}`, ...problems.map(({ seen }) => seen)].join("\n");
  const middle = y + height / 2 + 4.5;
  return markup`<a class="box ${outcome}" href="${href}" data-kind="${kind}" data-object="${object}" aria-label="${said}"><title>${said}</title>
<rect x="${x}" y="${y}" width="${wide}" height="${height}" rx="7"/><text class="sign" x="${x + 13}" y="${middle}">${signs[outcome]}</text><text x="${x + 25}" y="${middle}">${fitted(label, wide - 32)}</text></a>
`;
}

function accountBox({ x, y, width: wide, height }: Place, estate: Estate): Markup {
  const { account } = estate;
  const without = withoutAccount(estate);
  const outcome = account?.outcome ?? without.outcome;
  const name = account?.qualifiedName ?? "No account";
  const facts = account === undefined ? without.said : accountFacts(account);
  const rows = facts.map(
    (fact, index) => markup`<text class="fact" x="${x + 16}" y="${y + 58 + index * 21}">${fact}</text>`,
  );
  return markup`<a class="box account ${outcome}" href="#account" data-kind="account" data-object="${name}" aria-label="${name}: ${outcome}"><title>${[name, ...(account?.problems ?? []).map(({ seen }) => seen)].join("\n")}</title>
<rect x="${x}" y="${y}" width="${wide}" height="${height}" rx="12"/><text class="sign" x="${x + 22}" y="${y + 31}">${signs[outcome]}</text><text class="title" x="${x + 36}" y="${y + 31}">${fitted(name, wide - 48, 8.6)}</text>${rows}</a>
`;
}

function accountFacts(account: AccountStatus): string[] {
  const { passwordAgeDays: age, rollDue, daysToRoll = 0, keyVersion } = account;
  return [
    account.enabled ? "enabled" : "disabled",
    account.encryptionTypes.join(" · ") || "encryption types not set",
    age === undefined ? "password never set" : `password ${age} days old, key ${keyVersion ?? "?"}`,
    ...(rollDue === undefined ? [] : [`roll ${daysToRoll < 0 ? "was due" : "due"} ${dayOf(rollDue)}`]),
  ];
}

/** Text that fits a width, shortened in the middle: names differ at their beginning, domains at their end. */
function fitted(text: string, pixels: number, each = letter): string {
  const most = Math.floor(pixels / each);
  const letters = [...text];
  if (letters.length <= most) return text;
  const end = Math.floor((most - 1) / 2);
  return `${letters.slice(0, most - 1 - end).join("")}…${letters.slice(letters.length - end).join("")}`;
}
