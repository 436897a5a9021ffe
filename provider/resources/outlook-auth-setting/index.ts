import { holdsUnknown } from "../compare";
import type { Difference, ResourceHandler } from "../handler";
import { arrange, putBack } from "./arrange";
import { check } from "./check";
import { type Directory, kinds, readDirectories, type Settings, wishesDiffer } from "./directories";
import { settingsAreOf, stillOurs } from "./moved-on";
import { kindsOf } from "./plan";
import { type DirectoryState, type OutlookInputs, type OutlookOutputs, schema } from "./schema";
import { asFound, fulfilled, sameValue, type Wish } from "./wish";

/**
 * How Outlook logs on to one server (article, "Enable Kerberos authentication for Outlook clients"): the authentication
 * methods of Outlook Anywhere and of MAPI over HTTP. Only what is named is touched, and it goes back to what it was.
 * Its id is the server's name.
 */
export const outlookAuthSetting: ResourceHandler<OutlookInputs, OutlookOutputs> = {
  schema,
  check,

  async diff(_id, olds, news, context): Promise<Difference> {
    const replace = news.server === olds.server ? [] : ["server"];
    const changed: string[] = kinds.filter(
      (kind) => holdsUnknown(news[kind]) || wishesDiffer(kind, olds, news as OutlookInputs),
    );
    const { recycleApplicationPools: recycles } = news;
    const left = recycles === true && olds.poolsToRecycle.length > 0;
    // A destroy knows only what state says, and must not recycle where the program does not let it any more.
    if (left || recycles !== olds.recycleApplicationPools) changed.push("recycleApplicationPools");
    if (replace.length + changed.length === 0) {
      settingsAreOf(context.connection(news.connection).exchange, olds.directories);
    }
    return { changed: [...replace, ...changed], replace };
  },

  async create(inputs, context) {
    const written = await arrange(inputs, undefined, context);
    settingsAreOf(context.connection(inputs.connection).exchange, written.outputs.directories);
    return { id: inputs.server, ...written };
  },

  async read(_id, olds, context) {
    const { exchange } = context.connection(olds.connection);
    const wanted = kindsOf({}, olds.directories);
    const found = await readDirectories(exchange.endpoint(olds.server), olds.server, wanted, context.signal);
    if (found.length === 0) return undefined;
    const { directories, poolsToRecycle, outlookAnywhere: _, mapi: __, ...others } = olds;
    const inputs = { ...others, ...inForce(found, directories) };
    return { outputs: { ...inputs, directories, poolsToRecycle }, inputs };
  },

  async update(_id, olds, news, context) {
    const written = await arrange(news, olds, context);
    settingsAreOf(context.connection(news.connection).exchange, written.outputs.directories);
    return written;
  },

  async delete(_id, olds, context) {
    await putBack({ ...olds, directories: stillOurs(olds, context) }, context);
  },
};

/** What the directories have now, in the form of the inputs: as it was wanted, but for what somebody has changed. */
function inForce(found: readonly Directory[], states: readonly DirectoryState[]): Settings {
  const wishes = new Map<string, Wish>();
  for (const { settings } of states) {
    for (const [name, { wish }] of Object.entries(settings)) if (!wishes.has(name)) wishes.set(name, wish);
  }
  const now = [...wishes].flatMap(([name, wish]) => {
    const values = found.map((directory) => directory.values[name]).filter((value) => value !== undefined);
    const other = values.find((value) => !sameValue(fulfilled(wish, value), value));
    return values.length === 0 ? [] : [[name, other === undefined ? wish : asFound(wish, other)] as const];
  });
  const { methods, ...outlookAnywhere } = Object.fromEntries(now);
  return {
    ...(Object.keys(outlookAnywhere).length > 0 ? { outlookAnywhere } : {}),
    ...(methods === undefined ? {} : { mapi: methods }),
  } as Settings;
}
