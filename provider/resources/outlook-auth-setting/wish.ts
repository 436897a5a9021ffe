/** A setting of a virtual directory: one authentication method, or a list of them whose order means nothing. */
export type Value = string | readonly string[];

/** What a program wants of a setting. */
export type Wish =
  | string
  | { readonly include: readonly string[]; readonly exactly?: undefined }
  | { readonly exactly: readonly string[]; readonly include?: undefined };

/** A setting that we have set: what it was before, and what was wanted of it. */
export interface Change {
  readonly before: Value;
  readonly wish: Wish;
}

export function sameValue(a: Value, b: Value): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return new Set(a).size === new Set(b).size && a.every((method) => b.includes(method));
}

export function sameWish(a: Wish | undefined, b: Wish | undefined): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  const [aList, bList] = [a.exactly ?? a.include, b.exactly ?? b.include];
  return (a.exactly === undefined) === (b.exactly === undefined) && sameValue(aList, bList);
}

/** The value that fulfils a wish, in the order of what is there. */
export function fulfilled(wish: Wish, now: Value): Value {
  if (typeof wish === "string") return wish;
  const present = listOf(now);
  const listed = wish.exactly ?? wish.include;
  const stays = wish.exactly === undefined ? present : present.filter((method) => listed.includes(method));
  return [...stays, ...listed.filter((method) => !stays.includes(method))];
}

/**
 * The value with our change taken back, method by method in a list: what we added goes, what we took away returns, and
 * what others have changed since stays as they want it.
 */
export function takenBack({ before, wish }: Change, now: Value): Value {
  if (typeof wish === "string") return now === wish ? before : now;
  const former = listOf(before);
  const present = listOf(now);
  const added = (wish.exactly ?? wish.include).filter((method) => !former.includes(method));
  const removed = wish.exactly === undefined ? [] : former.filter((method) => !wish.exactly.includes(method));
  const stays = present.filter((method) => !added.includes(method));
  return [...stays, ...removed.filter((method) => !stays.includes(method))];
}

/** Whether others have changed a setting of ours: it is neither as we left it nor as it was before. */
export function changedByOthers(change: Change, now: Value): boolean {
  return !sameValue(fulfilled(change.wish, now), now) && !sameValue(change.before, now);
}

/** What is there now, in the form of the wish; the wish itself where it is fulfilled. */
export function asFound(wish: Wish, now: Value): Wish {
  if (sameValue(fulfilled(wish, now), now)) return wish;
  if (typeof wish === "string") return String(now);
  const present = listOf(now);
  if (wish.exactly !== undefined) return { exactly: present };
  return { include: wish.include.filter((method) => present.includes(method)) };
}

export function show(value: Value): string {
  if (typeof value === "string") return value === "" ? "none" : value;
  return value.length === 0 ? "none" : value.join(", ");
}

function listOf(value: Value): readonly string[] {
  return typeof value === "string" ? [value] : value;
}
