import { z } from "zod";
import { serialize } from "../../../provider/powershell/psrp";
import { CmdletError } from "../cmdlets/cmdlet-error";
import { CredentialValue, EnumValue, ObjectValue, UriValue, type Value } from "../cmdlets/value";
import type { Organization } from "../model/organization";
import { RestrictedShell } from "../shell/restricted-shell";
import type { ShellRegistry } from "../shell/shell-registry";
import { toWire } from "../shell/wire-value";
import type { ParsedRequest } from "./request";

type InvokeRequest = Extract<ParsedRequest, { request: "invoke" }>;

/** A credential in JSON; everything else is what JSON has. */
const credential = z.strictObject({ userName: z.string(), password: z.string() });

const errorSchema = z.object({
  message: z.string(),
  category: z.string(),
  errorId: z.string(),
  terminating: z.boolean(),
});

export const invocationResultSchema = z.object({
  output: z.array(z.unknown()),
  errors: z.array(errorSchema),
  warnings: z.array(z.string()),
});
export type InvocationResult = z.infer<typeof invocationResultSchema>;

/** Runs commands as a session of their own would, for a home of the model that has no wire. */
export async function invoke(
  organization: Organization,
  registry: ShellRegistry,
  request: InvokeRequest,
): Promise<InvocationResult> {
  const entry = organization.require(request.server);
  const shell = new RestrictedShell(organization, registry, { entry, user: request.user, query: request.query });
  const result: InvocationResult = { output: [], errors: [], warnings: [] };
  const commands = request.commands.map(({ name, parameters }) => ({
    name,
    script: false,
    arguments: Object.entries(parameters).map(([parameter, value]) => ({ name: parameter, value: fromJson(value) })),
  }));
  const full = shell.session.fullSerialization;
  const form = (value: Value) => (request.form === "clixml" ? clixml(value) : toJson(value, full, 0));
  try {
    await shell.run(commands, {
      output: (value) => result.output.push(form(value)),
      error: (error) => result.errors.push(described(error)),
      warning: (text) => result.warnings.push(text),
      verbose: () => {},
      host: () => {},
    });
  } catch (thrown) {
    if (!(thrown instanceof CmdletError)) throw thrown;
    result.errors.push({ ...described(thrown), terminating: true });
  } finally {
    shell.close();
  }
  return result;
}

/** A document of one object, as `PSSerializer.Deserialize` reads it. */
function clixml(value: Value): string {
  const namespace = "http://schemas.microsoft.com/powershell/2004/04";
  return `<Objs Version="1.1.0.1" xmlns="${namespace}">${serialize(toWire(value, "plain"))}</Objs>`;
}

function described({ message, category, errorId, terminating }: CmdletError): z.infer<typeof errorSchema> {
  return { message, category, errorId, terminating };
}

function fromJson(value: unknown): Value {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  if (Array.isArray(value)) return value.map(fromJson);
  const { userName, password } = credential.parse(value);
  return new CredentialValue(userName, password);
}

/** Objects by their properties; inside an object, a plain session has only texts. */
function toJson(value: Value, full: boolean, depth: number): unknown {
  if (value instanceof UriValue || value instanceof EnumValue) return value.text;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof CredentialValue) return { userName: value.userName, password: value.password };
  if (value instanceof Uint8Array) return [...value];
  if (value instanceof ObjectValue) {
    if (depth > 0 && !full) return value.text;
    const properties = Object.entries(value.properties);
    return Object.fromEntries(properties.map(([name, property]) => [name, toJson(property, full, depth + 1)]));
  }
  if (typeof value === "object" && value !== null) return value.map((item) => toJson(item, full, depth + 1));
  return value;
}
