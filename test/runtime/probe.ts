import { inspect } from "node:util";
import { z } from "zod";
import { ProviderError } from "../../provider/error";
import type { AnyHandler } from "../../provider/resources";
import { changedProperties } from "../../provider/resources/compare";
import type { Context, ResourceHandler } from "../../provider/resources/handler";

const schema = z.strictObject({
  connection: z.string().default("default"),
  name: z.string().min(1),
  /** What the probe does when it is called. */
  act: z.enum(["well", "show", "refuse", "fail", "bug", "wait", "stopShort", "denied"]).default("well"),
  size: z.number().int().positive().default(1),
  tags: z.array(z.string().regex(/^[a-z]+$/)).optional(),
  replication: z
    .union([
      z.literal(false),
      z.strictObject({ servers: z.array(z.string()).optional(), timeoutSeconds: z.number().default(900) }),
    ])
    .optional(),
  limits: z
    .strictObject({ low: z.number().default(1), high: z.number().positive().default(9), label: z.string().optional() })
    .optional(),
  password: z.string().optional(),
});
type Inputs = z.infer<typeof schema>;
type Outputs = Inputs & { seen: string; domain: string };

const denied = new ProviderError("directory-credentials", "The password is wrong.", { hint: "Check it." });
const objects = new Map<string, Inputs>();

/** Leaks on purpose what a careless handler could leak. */
function talk(inputs: Partial<Inputs>, context: Context): string {
  const { username, password } = context.connection(inputs.connection ?? "default").settings;
  return `bind as ${username} with ${password}, password ${inputs.password} ${JSON.stringify(inputs.password)}`;
}

function outputs(inputs: Inputs, context: Context): Outputs {
  const exotic = { left: undefined, when: new Date(0), big: 2n ** 60n, deep: [{ gone: undefined, kept: null }] };
  const domain = context.connection(inputs.connection).settings.domain;
  return { ...inputs, seen: Object.keys(inputs).sort().join(","), domain, ...exotic };
}

async function write(inputs: Inputs, context: Context) {
  if (inputs.act === "fail") throw new ProviderError("refused", talk(inputs, context), { hint: "Do that." });
  if (inputs.act === "bug") throw new TypeError(`bug: ${talk(inputs, context)}`);
  context.progress(`writing ${inputs.name}: ${talk(inputs, context)}`);
  objects.set(inputs.name, inputs);
  const late = new ProviderError("replication-late", `dc2 lags; ${talk(inputs, context)}`);
  if (inputs.act === "stopShort") return { outputs: outputs(inputs, context), incomplete: late };
  if (inputs.act === "wait") {
    const stopped = new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    await stopped;
    return { outputs: outputs(inputs, context), incomplete: new ProviderError("cancelled", "The wait was cancelled.") };
  }
  return { outputs: outputs(inputs, context) };
}

/** A resource in memory that shows what the runtime gives to a handler, and does whatever can go wrong. */
const probe: ResourceHandler<Inputs, Outputs> = {
  schema,
  secrets: ["password"],
  schemaVersion: 2,
  upgrade: (old, from) => ({ ...(old as Outputs), name: `${Reflect.get(old, "title")} of version ${from}` }),
  async check(inputs, olds, context) {
    if (inputs.act === "show") return [{ property: "act", reason: inspect({ inputs, olds }, { depth: 9 }) }];
    if (inputs.act === "refuse") return [{ property: "limits.high", reason: talk(inputs as Inputs, context) }];
    return [];
  },
  async diff(_id, olds, news) {
    const changed = changedProperties(olds, news, ["name", "act", "size", "tags", "limits"]);
    return { changed, replace: changed.filter((name) => name === "name") };
  },
  async create(inputs, context) {
    return { id: `id-${inputs.name}`, ...(await write(inputs, context)) };
  },
  async read(_id, olds, context) {
    if (olds.act === "denied") throw denied;
    if (olds.act === "fail") throw new ProviderError("directory-unreachable", talk(olds, context));
    if (olds.act === "bug") throw new TypeError(talk(olds, context));
    const { act, size, connection, name, password } = { ...olds, ...objects.get(olds.name) };
    const inputs = { connection, name, act, size, ...(password === undefined ? {} : { password }) };
    return objects.has(name) ? { inputs, outputs: outputs(inputs, context) } : undefined;
  },
  update: (_id, _olds, news, context) => write(news, context),
  async delete(_id, olds) {
    if (olds.act === "denied") throw denied;
    objects.delete(olds.name);
  },
};

export const handlers: Record<string, AnyHandler> = { Probe: probe };
