import { z } from "zod";
import type { Refusal } from "../resources/handler";
import { holdsUnknown, isUnknown } from "./unknowns";

type Path = readonly PropertyKey[];

export interface ParsedInputs {
  /** Defaults filled in, sentinels left where they were; as given where something is refused. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly refusals: readonly Refusal[];
}

/**
 * Inputs against their schema, around whatever is unknown: what is known is validated and completed at any depth.
 * Rules that span several properties of an object wait until all of it is known.
 */
export function parseInputs(schema: z.ZodObject, given: Readonly<Record<string, unknown>>): ParsedInputs {
  const refusals: Refusal[] = [];
  const inputs = parseKnown(schema, given, [], refusals);
  return { inputs: refusals.length > 0 ? given : (inputs as Record<string, unknown>), refusals };
}

function parseKnown(schema: z.ZodType, value: unknown, path: Path, refusals: Refusal[]): unknown {
  if (isUnknown(value)) return value;
  if (!holdsUnknown(value)) {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    refusals.push(...parsed.error.issues.flatMap((issue) => explain(issue, value, path)));
    return undefined;
  }
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item, index) => parseKnown(inner.element as z.ZodType, item, [...path, index], refusals));
  }
  if (inner instanceof z.ZodObject && isRecord(value)) return parseObject(inner, value, path, refusals);
  if (inner instanceof z.ZodRecord && isRecord(value)) {
    return fromKeys(Object.keys(value), (key) =>
      parseKnown(inner.valueType as z.ZodType, value[key], [...path, key], refusals),
    );
  }
  if (inner instanceof z.ZodUnion) {
    const options = inner.options.map((option) => unwrap(option as z.ZodType));
    const fitting = options.filter((option) => option instanceof (Array.isArray(value) ? z.ZodArray : z.ZodObject));
    const [only, ...others] = fitting;
    if (only && others.length === 0) return parseKnown(only, value, path, refusals);
  }
  // Which branch of a union it will be depends on what is unknown.
  return value;
}

function parseObject(
  schema: z.ZodObject,
  value: Readonly<Record<string, unknown>>,
  path: Path,
  refusals: Refusal[],
): Record<string, unknown> {
  const { shape } = schema;
  const strange = Object.keys(value).filter((key) => !(key in shape));
  if (schema.def.catchall instanceof z.ZodNever) {
    refusals.push(...strange.map((key) => noSuchProperty([...path, key])));
  }
  const keys = [...new Set([...Object.keys(shape), ...Object.keys(value)])];
  return fromKeys(keys, (key) => {
    const property = shape[key];
    return property ? parseKnown(property as z.ZodType, value[key], [...path, key], refusals) : value[key];
  });
}

/** The schema below what only says whether a value may be left out. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.def.in as z.ZodType);
  const wrapped =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly;
  return wrapped ? unwrap(schema.def.innerType as z.ZodType) : schema;
}

function explain(issue: z.core.$ZodIssue, value: unknown, path: Path): Refusal[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => noSuchProperty([...path, ...issue.path, key]));
  }
  const found = issue.path.reduce<unknown>((part, key) => (isRecord(part) ? Reflect.get(part, key) : undefined), value);
  const missing = issue.code === "invalid_type" && found === undefined;
  return [
    { property: dotted([...path, ...issue.path]), reason: missing ? "It is required." : sentence(issue.message) },
  ];
}

function noSuchProperty(path: Path): Refusal {
  return { property: dotted(path), reason: "There is no such property." };
}

function dotted(path: Path): string {
  return path.map(String).join(".");
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function fromKeys(keys: readonly string[], valueFor: (key: string) => unknown): Record<string, unknown> {
  const entries = keys.map((key) => [key, valueFor(key)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
