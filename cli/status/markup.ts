/** Text that is HTML or SVG already: made by `markup`, or a text of our own. Nothing else gets into a page unescaped. */
export class Markup {
  constructor(readonly text: string) {}
}

type Value = string | number | Markup | readonly Markup[] | undefined;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A template whose values are escaped, as text or within quotes of an attribute, unless they are markup themselves. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + rendered(values[index - 1]) + part));
}

function rendered(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return (value as readonly Markup[]).map((one) => one.text).join("");
  // Control characters are not allowed in HTML, escaped or not.
  return String(value ?? "")
    .replace(/[&<>"']/g, (character) => entities[character] ?? "")
    .replace(/(?![\n\t])\p{Cc}/gu, "�");
}
