import type { Argument } from "../../../lab/exchange/cmdlets/bind";
import type { CmdletError } from "../../../lab/exchange/cmdlets/cmdlet-error";
import { CredentialValue, ObjectValue, textOf, type Value } from "../../../lab/exchange/cmdlets/value";
import { Organization } from "../../../lab/exchange/model/organization";
import type { ServerOptions } from "../../../lab/exchange/model/server";
import { RestrictedShell } from "../../../lab/exchange/shell/restricted-shell";
import type { Shell } from "../../../lab/exchange/shell/shell";
import { ShellRegistry } from "../../../lab/exchange/shell/shell-registry";
import { FakeDirectory } from "./fake-directory";

export const administrator = "administrator@corp.tailspintoys.com";

export interface Result {
  readonly output: Value[];
  readonly errors: CmdletError[];
  readonly warnings: string[];
  readonly host: string[];
}

/** An organization in memory, with one administrator who may do everything. */
export function organizationOf(servers: Record<string, ServerOptions>, folder?: string) {
  const directory = new FakeDirectory();
  const organization = Organization.load(
    folder,
    {
      domain: "corp.tailspintoys.com",
      netbiosName: "TAILSPIN",
      domainController: "dc1.corp.tailspintoys.com",
      administrators: [administrator],
    },
    directory,
  );
  organization.state.pickUpDelay = 0;
  for (const [name, options] of Object.entries(servers)) organization.addServer(name, options);
  const registry = new ShellRegistry(organization);
  const connect = (server: string, query = "", user = administrator): RestrictedShell =>
    new RestrictedShell(organization, registry, { entry: organization.require(server), user, query });
  return { organization, directory, registry, connect };
}

export type Step = readonly [name: string, parameters?: Record<string, Value>, ...positional: Value[]];

/** Runs commands joined as by `|` and collects what came; a terminating error is thrown. */
export async function run(shell: Shell, ...steps: Step[]): Promise<Result> {
  const result: Result = { output: [], errors: [], warnings: [], host: [] };
  const commands = steps.map(([name, parameters = {}, ...positional]) => ({
    name,
    script: false,
    arguments: [
      ...Object.entries(parameters).map(([parameter, value]): Argument => ({ name: parameter, value })),
      ...positional.map((value): Argument => ({ name: undefined, value })),
    ],
  }));
  await shell.run(commands, {
    output: (value) => result.output.push(value),
    error: (error) => result.errors.push(error),
    warning: (text) => result.warnings.push(text),
    verbose: () => {},
    host: (text) => result.host.push(text),
  });
  return result;
}

export const credential = (password: string, name = "TAILSPIN\\EXCH2016ASA$") => new CredentialValue(name, password);

/** A property of the only object that came. */
export function property(result: Result, name: string): Value {
  const [object] = result.output;
  if (result.output.length !== 1 || !(object instanceof ObjectValue)) {
    throw new Error(`Expected one object, got ${result.output.map(textOf).join(", ")}.`);
  }
  return object.properties[name] ?? null;
}
