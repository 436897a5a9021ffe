/** Whether a text has no half of a surrogate pair: nothing stands for it in UTF-8, so that a directory would get another text. */
export function isWhole(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

export const halfCharacter =
  "It has half of a character (a surrogate without the other one), which no directory can have";
