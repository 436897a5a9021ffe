import { ProviderError } from "../../error";
import type { Finding } from "../check";
import { unknown } from "../finding";

/** Judges each name alone: one that cannot be asked for keeps nothing from the others. */
export function eachName(
  names: readonly string[],
  judge: (name: string) => Promise<Finding>,
): Promise<readonly Finding[]> {
  return Promise.all(
    names.map((name) => judge(name).catch((thrown) => unknown(name, ProviderError.from(thrown).message))),
  );
}
