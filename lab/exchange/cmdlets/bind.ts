import type { ManagementRole } from "../model/organization";
import { BoundParameters } from "./bound-parameters";
import type { Cmdlet, Parameter, ParameterType } from "./cmdlet";
import { bindingError, CmdletError } from "./cmdlet-error";
import { CredentialValue, textOf, type Value } from "./value";

/** An argument as it came: named, or by position. */
export interface Argument {
  readonly name: string | undefined;
  readonly value: Value;
}

const choice = (of: readonly string[]): Parameter => ({ type: { kind: "choice", of } });
const text: Parameter = { type: { kind: "text" } };
const aSwitch: Parameter = { type: { kind: "switch" } };
const preference = choice(["SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend", "Break"]);

const commonParameters: Readonly<Record<string, Parameter>> = {
  Verbose: aSwitch,
  Debug: aSwitch,
  ErrorAction: preference,
  WarningAction: preference,
  InformationAction: preference,
  ErrorVariable: text,
  WarningVariable: text,
  InformationVariable: text,
  OutVariable: text,
  OutBuffer: text,
  PipelineVariable: text,
};
const processParameters: Readonly<Record<string, Parameter>> = { WhatIf: aSwitch, Confirm: aSwitch };

/** The parameters that a person with these roles sees of a command. */
export function visibleParameters(cmdlet: Cmdlet, roles: ReadonlySet<ManagementRole>): Record<string, Parameter> {
  const own = Object.entries(cmdlet.parameters).filter(([, { role }]) => role === undefined || roles.has(role));
  return { ...Object.fromEntries(own), ...(cmdlet.changes ? processParameters : {}), ...commonParameters };
}

/** Gives each argument its parameter, as PowerShell's binder would. @throws CmdletError that ends the pipeline. */
export function bind(
  cmdlet: Cmdlet,
  roles: ReadonlySet<ManagementRole>,
  args: readonly Argument[],
  piped: boolean,
): BoundParameters {
  const parameters = visibleParameters(cmdlet, roles);
  const bound = new Map<string, Value>();
  for (const { name, value } of args) {
    if (name === undefined) continue;
    const full = fullName(cmdlet, parameters, name);
    if (bound.has(full)) {
      const message = `Cannot bind parameter because parameter '${full}' is specified more than once. To provide multiple values to parameters that can accept multiple values, use the array syntax. For example, "-parameter value1,value2,value3".`;
      throw bindingError("ParameterAlreadyBound", cmdlet.name, message, "InvalidArgument");
    }
    bound.set(full, value);
  }
  bindByPosition(cmdlet, parameters, args, bound);
  const set = parameterSet(cmdlet, parameters, bound);
  for (const [name, parameter] of Object.entries(parameters)) {
    const missing = parameter.mandatory === true && !bound.has(name) && !(piped && parameter.pipeline === true);
    if (missing && (parameter.sets === undefined || set === undefined || parameter.sets.includes(set))) {
      const message = `Cannot process command because of one or more missing mandatory parameters: ${name}.`;
      throw bindingError("MissingMandatoryParameter", cmdlet.name, message, "InvalidArgument");
    }
  }
  const converted = [...bound].map(
    ([name, value]) => [name, convert(cmdlet, name, parameterOf(parameters, name).type, value)] as const,
  );
  return new BoundParameters(new Map(converted), set);
}

function parameterOf(parameters: Record<string, Parameter>, name: string): Parameter {
  const parameter = parameters[name];
  if (parameter === undefined) throw new Error(`${name} was bound without being a parameter.`);
  return parameter;
}

/** The whole name, any case, or a beginning that only one parameter has. */
function fullName(cmdlet: Cmdlet, parameters: Record<string, Parameter>, given: string): string {
  const asked = given.replace(/^-/, "").replace(/:$/, "").toLowerCase();
  const names = Object.keys(parameters);
  const exact = names.find((name) => name.toLowerCase() === asked);
  if (exact !== undefined) return exact;
  const [first, ...others] = names.filter((name) => name.toLowerCase().startsWith(asked));
  if (first === undefined) {
    const message = `A parameter cannot be found that matches parameter name '${given}'.`;
    throw bindingError("NamedParameterNotFound", cmdlet.name, message, "InvalidArgument");
  }
  if (others.length > 0) {
    const matches = [first, ...others].map((name) => `-${name}`).join(" ");
    const message = `Parameter cannot be processed because the parameter name '${given}' is ambiguous. Possible matches include: ${matches}.`;
    throw bindingError("AmbiguousParameter", cmdlet.name, message, "InvalidArgument");
  }
  return first;
}

function bindByPosition(
  cmdlet: Cmdlet,
  parameters: Record<string, Parameter>,
  args: readonly Argument[],
  bound: Map<string, Value>,
): void {
  const open = Object.entries(parameters)
    .filter(([name, { position }]) => position !== undefined && !bound.has(name))
    .sort(([, a], [, b]) => (a.position ?? 0) - (b.position ?? 0));
  for (const { name, value } of args) {
    if (name !== undefined) continue;
    const next = open.shift();
    if (next === undefined) {
      const message = `A positional parameter cannot be found that accepts argument '${textOf(value)}'.`;
      throw bindingError("PositionalParameterNotFound", cmdlet.name, message, "InvalidArgument");
    }
    bound.set(next[0], value);
  }
}

/** The one set that has all bound parameters; undefined for a command without sets. */
function parameterSet(cmdlet: Cmdlet, parameters: Record<string, Parameter>, bound: Map<string, Value>) {
  const all = [...new Set(Object.values(parameters).flatMap(({ sets }) => sets ?? []))];
  if (all.length === 0) return undefined;
  const fits = all.filter((set) =>
    [...bound.keys()].every((name) => parameterOf(parameters, name).sets?.includes(set) ?? true),
  );
  if (fits.length === 0) {
    const message = "Parameter set cannot be resolved using the specified named parameters.";
    throw bindingError("AmbiguousParameterSet", cmdlet.name, message, "InvalidArgument");
  }
  return fits.includes(cmdlet.defaultSet ?? "") ? cmdlet.defaultSet : fits[0];
}

function convert(cmdlet: Cmdlet, name: string, type: ParameterType, value: Value): Value {
  const refuse = (why: string): never => {
    throw new CmdletError(`Cannot process argument transformation on parameter '${name}'. ${why}`, {
      category: "InvalidData",
      errorId: `ParameterArgumentTransformationError,${cmdlet.name}`,
      reason: "ParameterBindingArgumentTransformationException",
      terminating: true,
    });
  };
  const items = Array.isArray(value) ? value : [value];
  const chosen = (of: readonly string[], item: Value): string => {
    const asked = textOf(item).toLowerCase();
    return (
      of.find((one) => one.toLowerCase() === asked) ??
      refuse(`Cannot convert value "${textOf(item)}": it is none of ${of.join(", ")}.`)
    );
  };
  switch (type.kind) {
    case "text":
      return value === null ? null : textOf(value);
    case "switch":
    case "boolean":
      if (typeof value === "boolean") return value;
      if (typeof value === "number") return value !== 0;
      return refuse(`Cannot convert value "${textOf(value)}" to type "System.Boolean".`);
    case "texts":
      return value === null ? null : items.map(textOf);
    case "choice":
      return chosen(type.of, value);
    case "choices":
      // "Ntlm,Negotiate" in one text is a list too: PowerShell converts it for a list of an enumeration.
      if (value === null) return null;
      return items
        .flatMap((item) => (typeof item === "string" ? item.split(",") : [item]))
        .map((item) => (typeof item === "string" ? item.trim() : item))
        .map((item) => chosen(type.of, item));
    case "credentials":
      return items.every((item) => item instanceof CredentialValue)
        ? items
        : refuse("Cannot convert a value to type System.Management.Automation.PSCredential.");
  }
}
