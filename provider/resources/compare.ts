import { isDeepStrictEqual } from "node:util";
import { type PreviewInputs, unknown } from "./handler";

function mayDiffer(old: unknown, wanted: unknown): boolean {
  if (wanted === unknown) return true;
  if (Array.isArray(wanted)) {
    return (
      !Array.isArray(old) || old.length !== wanted.length || wanted.some((item, index) => mayDiffer(old[index], item))
    );
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (typeof old !== "object" || old === null || Array.isArray(old)) return true;
    return [...new Set([...Object.keys(old), ...Object.keys(wanted)])].some((key) =>
      mayDiffer(Reflect.get(old, key), Reflect.get(wanted, key)),
    );
  }
  return !isDeepStrictEqual(old, wanted);
}

/** Those of `properties` whose values differ, or may differ because the new one is still unknown. Order in lists counts. */
export function changedProperties<Name extends string>(
  olds: Readonly<Partial<Record<Name, unknown>>>,
  news: Readonly<Partial<Record<Name, unknown>>>,
  properties: readonly Name[],
): Name[] {
  return properties.filter((name) => mayDiffer(olds[name], news[name]));
}

/** Whether any part of a value is still unknown. */
export function holdsUnknown(value: unknown): boolean {
  return value === unknown || (typeof value === "object" && value !== null && Object.values(value).some(holdsUnknown));
}

/** Whether all of the inputs are known, as at `up` and in most previews. */
export function isKnown<Inputs>(inputs: PreviewInputs<Inputs>): inputs is PreviewInputs<Inputs> & Inputs {
  return !holdsUnknown(inputs);
}
