import * as pulumi from "@pulumi/pulumi";

const inputs = ["connection", "account", "sites", "outlook", "method", "rotation", "mayBeAbsent", "adopt"];
const siteInputs = ["name", "servers", "hostNames", "account", "outlook"];

/**
 * What the compiler would have refused. What a program reads from its configuration is of a type by the program's word alone, and a
 * program in JavaScript is not compiled at all.
 */
export function shapeMistakes(args: object): string[] {
  const { sites, mayBeAbsent } = args as Record<string, unknown>;
  return [
    ...strangeProperties(args, inputs),
    ...blockMistakes(args),
    ...(mayBeAbsent === undefined ? [] : listMistakes("mayBeAbsent", mayBeAbsent)),
    ...(Array.isArray(sites) ? sites.flatMap(siteMistakes) : [`sites is no list of sites${plain}`]),
  ];
}

/** Resources are named after these, so they must be known while the program runs. */
const plain = ": give plain values, no Output.";

function siteMistakes(site: unknown, index: number): string[] {
  if (!isBlock(site)) return [`sites[${index}] is no site with name, servers and hostNames${plain}`];
  const { name, servers, hostNames } = site;
  const what = typeof name === "string" && name !== "" ? name : `sites[${index}]`;
  return [
    ...(typeof name === "string" ? [] : [`The name of ${what} is no text${plain}`]),
    ...listMistakes(`servers of ${what}`, servers),
    ...listMistakes(`hostNames of ${what}`, hostNames),
    ...[...strangeProperties(site, siteInputs), ...blockMistakes(site)].map((mistake) => `${what}: ${mistake}`),
  ];
}

function listMistakes(what: string, list: unknown): string[] {
  if (Array.isArray(list) && list.every((one) => typeof one === "string")) return [];
  return [`${what} is no list of texts${plain}`];
}

/** Of what they hold the resources judge. */
function blockMistakes({ account, outlook }: { readonly account?: unknown; readonly outlook?: unknown }): string[] {
  return [
    ...(account === undefined || isBlock(account) ? [] : ["account is no object; what it holds may be Outputs."]),
    ...(outlook === undefined || outlook === false || isBlock(outlook)
      ? []
      : ["outlook is neither false nor an object; what it holds may be Outputs."]),
  ];
}

function strangeProperties(given: object, known: readonly string[]): string[] {
  const strange = Object.entries(given).filter(([key, value]) => value !== undefined && !known.includes(key));
  return strange.map(([key]) => `There is no property ${key}.`);
}

function isBlock(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !pulumi.Output.isInstance(value);
}
