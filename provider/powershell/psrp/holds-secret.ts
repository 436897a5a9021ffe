import { PsDictionary, PsList, PsObject, SecureString } from "./clixml";

/** Whether a secure string is anywhere inside: values, pipelines, and whatever is made of arrays, Maps and plain objects. */
export function holdsSecret(value: unknown): boolean {
  const seen = new Set<object>();
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    if (next instanceof SecureString) return true;
    seen.add(next);
    if (next instanceof Uint8Array) continue;
    if (next instanceof PsObject) waiting.push(next.base, ...next.adapted.values(), ...next.extended.values());
    if (next instanceof PsList) waiting.push(next.items);
    else if (next instanceof PsDictionary) waiting.push(next.entries);
    else if (Array.isArray(next)) for (const item of next) waiting.push(item);
    else if (next instanceof Map) for (const entry of next) waiting.push(entry);
    else if (!(next instanceof PsObject)) waiting.push(...Object.values(next));
  }
  return false;
}
