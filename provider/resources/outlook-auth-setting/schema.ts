import { z } from "zod";
import { mapiMethods } from "../../exchange/mapi-virtual-directory";
import { outlookMethods } from "../../exchange/outlook-anywhere";
import { defaultConnection } from "../../settings";
import { serverName } from "../server-name";
import type { Change } from "./wish";

/** Either what is added to a list, or the whole list. */
function methodRule<const M extends readonly [string, ...string[]]>(methods: M) {
  const names = methods.join(", ");
  const list = z
    .array(z.enum(methods))
    .refine((list) => list.length > 0, { error: "Name at least one method" })
    .refine((list) => new Set(list).size === list.length, { error: "A method is named twice" });
  const absent = z.undefined().optional();
  return z.union(
    [z.strictObject({ include: list, exactly: absent }), z.strictObject({ exactly: list, include: absent })],
    {
      error: `Give either include: what is added to the methods that are there, or exactly: the whole list. Methods are ${names}`,
    },
  );
}

const outlookMethod = z.enum(outlookMethods, { error: `Use one of ${outlookMethods.join(", ")}` });
const noSetting = "Name at least one setting: what is not named is not touched";

export const schema = z
  .strictObject({
    connection: z.string().default(defaultConnection),
    server: serverName,
    outlookAnywhere: z
      .strictObject({
        internal: outlookMethod.optional(),
        external: outlookMethod.optional(),
        iis: methodRule(outlookMethods).optional(),
      })
      .refine((settings) => Object.values(settings).some((value) => value !== undefined), { error: noSetting })
      .optional(),
    mapi: methodRule(mapiMethods).optional(),
    recycleApplicationPools: z.boolean({ error: "Use true or false" }).default(false),
  })
  .refine(({ outlookAnywhere, mapi }) => outlookAnywhere !== undefined || mapi !== undefined, {
    error: "Give outlookAnywhere, mapi or both",
    path: ["outlookAnywhere"],
  });

export type OutlookInputs = z.output<typeof schema>;

/** One virtual directory of the server: what was there before the stack, by setting, and what we made of it. */
export interface DirectoryState {
  /** `CAS-1\mapi (Default Web Site)` */
  readonly identity: string;
  readonly settings: Readonly<Record<string, Change>>;
}

/** What state holds: the inputs as they are in force, and all that is needed to put things back. */
export interface OutlookOutputs extends OutlookInputs {
  readonly directories: readonly DirectoryState[];
  /** Application pools that have to recycle before the last change counts, as far as we know. */
  readonly poolsToRecycle: readonly string[];
}
