import type { dynamic } from "@pulumi/pulumi";
import { type ErrorCode, ProviderError } from "../error";
import type { AnyHandler } from "../resources";
import type { Context, Refusal } from "../resources/handler";
import { PartialFailure, presentable } from "./failure";
import { parseInputs } from "./parse-inputs";
import type { Run } from "./run";
import { fromState, type Properties, toJson, toState, withoutProvider } from "./state";
import { isUnknown, withUnknowns } from "./unknowns";

type Inputs = { connection: string };

/** One resource as Pulumi's dynamic provider wants it. */
export function adapt(handler: AnyHandler, run: Run): Required<Omit<dynamic.ResourceProvider, "configure">> {
  /** The one way out: work is counted, secrets are known before it starts and hidden when it fails. */
  function guard<T>(sources: readonly Properties[], work: () => Promise<T>): Promise<T> {
    for (const source of sources) for (const name of handler.secrets ?? []) run.redactor.conceal(source[name]);
    return run.during(work).catch((thrown: unknown) => {
      throw presentable(thrown, run.redactor);
    });
  }

  return {
    check(olds: Properties, news: Properties) {
      return guard([olds, news], async () => {
        const { inputs, refusals } = parseInputs(handler.schema, withoutProvider(news));
        const all = refusals.length > 0 ? refusals : await checkLive(handler, inputs, withoutProvider(olds ?? {}), run);
        // Where it is told the property, the engine prints its value beside the reason, secrets too: it gets both as one sentence.
        const failures = all.map(({ property, reason }) => ({
          property: "",
          reason: run.redactor.clean(`${property}: ${reason}`),
        }));
        return { inputs: toJson(inputs), failures };
      });
    },

    diff(id: string, olds: Properties, news: Properties) {
      return guard([news], async () => {
        // Where nobody knows which forest it will be, nobody can say what stays.
        if (isUnknown(news.connection)) return { changes: true };
        const inputs = withUnknowns(withoutProvider(news)) as Inputs;
        const state = fromState(handler, olds) as Inputs;
        const { changed, replace } = await handler.diff(id, state, inputs, run);
        const replaces = new Set(replace);
        const moved = state.connection !== inputs.connection;
        if (moved && !sameDomain(state.connection, inputs.connection, run)) replaces.add("connection");
        return {
          changes: moved || changed.length > 0 || replaces.size > 0,
          replaces: [...replaces],
          deleteBeforeReplace: true,
        };
      });
    },

    create(inputs: Properties) {
      return guard([inputs], async () => {
        const { id, outputs, incomplete } = await handler.create(withoutProvider(inputs) as Inputs, run);
        const outs = toState(handler, outputs, inputs);
        if (incomplete) throw new PartialFailure(incomplete, id, outs);
        return { id, outs };
      });
    },

    read(id: string, props: Properties) {
      return guard([props], async () => {
        const found = await handler.read(id, fromState(handler, props), run).catch(withSettingsOfLastUp);
        if (!found) return { id: "", props: {} };
        return { id, props: toState(handler, found.outputs, props), inputs: toJson(found.inputs) };
      });
    },

    update(id: string, olds: Properties, news: Properties) {
      return guard([news], async () => {
        const inputs = withoutProvider(news) as Inputs;
        const { outputs, incomplete } = await handler.update(id, fromState(handler, olds), inputs, run);
        const outs = toState(handler, outputs, news);
        if (incomplete) throw new PartialFailure(incomplete, id, outs);
        return { outs };
      });
    },

    delete(id: string, props: Properties) {
      return guard([props], () => handler.delete(id, fromState(handler, props), run).catch(withSettingsOfLastUp));
    },
  };
}

/** What the handler refuses, once the forest to ask is known. */
async function checkLive(
  handler: AnyHandler,
  inputs: Properties,
  olds: Properties,
  context: Context,
): Promise<readonly Refusal[]> {
  const connection = inputs.connection;
  if (isUnknown(connection)) return [];
  try {
    context.connection(String(connection));
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    if (error.code !== "settings-invalid") throw error;
    return [{ property: "connection", reason: error.message }];
  }
  return handler.check(withUnknowns(inputs) as Inputs, olds, context);
}

const refusedLogons: readonly ErrorCode[] = ["directory-credentials", "kerberos-refused", "password-refused"];

/**
 * A refresh or a destroy runs no program, and Pulumi then configures us with the stack configuration that its state has: who has
 * put a new password there finds it right, and us with the old one.
 */
function withSettingsOfLastUp(thrown: unknown): never {
  const error = ProviderError.from(thrown);
  if (!refusedLogons.includes(error.code)) throw thrown;
  const hint =
    "If the stack configuration has changed since the last pulumi up, add --run-program: without it that of then counts.";
  throw new ProviderError(error.code, error.message, { hint, cause: error.cause });
}

/** A connection may be renamed; only another forest makes another object of it. */
function sameDomain(old: string, wanted: string, context: Context): boolean {
  const domain = (name: string) => context.connection(name).settings.domain.toLowerCase();
  return domain(old) === domain(wanted);
}
