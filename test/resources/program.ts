import { ProviderError } from "../../provider/error";
import type { ExchangeOrganization } from "../../provider/exchange/organization";
import { type Connection, openConnection } from "../../provider/resources/connection";
import {
  type Context,
  type PreviewInputs,
  type Refusal,
  type ResourceHandler,
  unknown,
} from "../../provider/resources/handler";
import { shareDomain } from "../../provider/resources/per-domain";
import { parseInputs } from "../../provider/runtime/parse-inputs";
import { withUnknowns } from "../../provider/runtime/unknowns";
import type { Settings } from "../../provider/settings";

/** One run of Pulumi as the handlers see it: a context of its own, and what was said on the terminal. */
export class Program implements Context {
  readonly lines: string[] = [];
  readonly signal: AbortSignal;
  private readonly connections = new Map<string, Connection>();
  private readonly cancelled = new AbortController();

  constructor(
    private readonly settings: Settings,
    private readonly overrides: Partial<Settings> = {},
    /** Exchange as this run reaches it; left out, as the settings say. */
    private readonly exchange?: ExchangeOrganization,
  ) {
    this.signal = this.cancelled.signal;
  }

  connection(name: string): Connection {
    const known = this.connections.get(name);
    if (known !== undefined) return known;
    const found = this.open();
    shareDomain(found, this.connections.values());
    this.connections.set(name, found);
    return found;
  }

  private open(): Connection {
    const connection = openConnection({ ...this.settings, ...this.overrides });
    const { exchange } = this;
    if (exchange === undefined) return connection;
    const close = () => Promise.all([connection.close(), exchange.close()]).then(() => undefined);
    return { ...connection, exchange, close };
  }

  progress(line: string): void {
    this.lines.push(line);
  }

  cancel(): void {
    this.cancelled.abort();
  }

  async end(): Promise<void> {
    await Promise.all([...this.connections.values()].map((connection) => connection.close()));
  }
}

/** Defaults filled in, as the runtime does before it asks the handler. */
export function complete<Inputs>(handler: { schema: ResourceHandler<never, object>["schema"] }, given: object): Inputs {
  const { inputs, refusals } = parseInputs(handler.schema, { ...given });
  if (refusals.length > 0) throw new Error(JSON.stringify(refusals));
  return inputs as Inputs;
}

/** How the engine writes an unknown value of any type. */
const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What a preview says about a resource: what its shape or the handler refuses. */
export async function preview<Inputs extends { connection: string }, Outputs extends object>(
  handler: ResourceHandler<Inputs, Outputs>,
  given: object,
  context: Context,
  olds: Partial<Inputs> = {},
): Promise<readonly Refusal[]> {
  const onTheWire = Object.entries(given).map(([name, value]) => [name, value === unknown ? unknownText : value]);
  const { inputs, refusals } = parseInputs(handler.schema, Object.fromEntries(onTheWire));
  return refusals.length > 0 ? refusals : handler.check(withUnknowns(inputs) as PreviewInputs<Inputs>, olds, context);
}

/** One resource through its life, as the engine leads it: check, then diff and update or create. */
export class Resource<Inputs extends { connection: string }, Outputs extends object> {
  id = "";
  inputs: Partial<Inputs> = {};
  outputs: Outputs | undefined;
  /** The last write stopped short: the engine then calls `update` whatever `diff` says. */
  private unfinished = false;

  constructor(private readonly handler: ResourceHandler<Inputs, Outputs>) {}

  get state(): Outputs {
    if (this.outputs === undefined) throw new Error("it does not exist");
    return this.outputs;
  }

  /** State as it is now. Calling what comes back puts it back: a run that was killed could not write another. */
  remember(): () => void {
    const { id, inputs, outputs, unfinished } = this;
    return () => {
      Object.assign(this, { id, inputs, outputs, unfinished });
    };
  }

  /** Makes it as the program says; tells what was done. A refusal of `check` is thrown. */
  async up(given: object, context: Context): Promise<"created" | "same" | readonly string[]> {
    const [refusal] = await preview(this.handler, given, context, this.inputs);
    if (refusal !== undefined) throw new ProviderError("refused", `${refusal.property}: ${refusal.reason}`);
    const inputs = complete<Inputs>(this.handler, given);
    if (this.outputs === undefined) return this.create(inputs, context);
    const { changed, replace } = await this.handler.diff(this.id, this.state, inputs as PreviewInputs<Inputs>, context);
    if (replace.length > 0) {
      await this.handler.delete(this.id, this.state, context);
      this.outputs = undefined;
      await this.create(inputs, context);
      return changed;
    }
    this.inputs = inputs;
    if (changed.length === 0 && !this.unfinished) return "same";
    const { outputs, incomplete } = await this.handler.update(this.id, this.state, inputs, context);
    this.outputs = throughState(outputs);
    this.unfinished = incomplete !== undefined;
    if (incomplete !== undefined) throw incomplete;
    return changed;
  }

  /** `false` where it is gone. */
  async refresh(context: Context): Promise<boolean> {
    const found = await this.handler.read(this.id, this.state, context);
    if (found === undefined) {
      this.outputs = undefined;
      this.inputs = {};
      return false;
    }
    this.outputs = throughState(found.outputs);
    this.inputs = throughState(found.inputs);
    this.unfinished = false;
    return true;
  }

  async destroy(context: Context): Promise<void> {
    await this.handler.delete(this.id, this.state, context);
    this.outputs = undefined;
    this.inputs = {};
  }

  private async create(inputs: Inputs, context: Context): Promise<"created"> {
    const { id, outputs, incomplete } = await this.handler.create(inputs, context);
    this.id = id;
    this.inputs = inputs;
    this.outputs = throughState(outputs);
    this.unfinished = incomplete !== undefined;
    if (incomplete !== undefined) throw incomplete;
    return "created";
  }
}

/** Only JSON comes back from a state file. */
function throughState<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
