import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutFolder } from "../../lab/folders";

/** One page, by its path in the checkout. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code. */
export interface Block {
  readonly page: string;
  /** Of its first line of code. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

const markdownIn = (folder: string) =>
  readdirSync(join(checkoutFolder, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));

/** What users and contributors read: at the top, in docs, and beside each example. */
export function userPages(): Page[] {
  const examples = readdirSync(join(checkoutFolder, "examples")).flatMap((name) => markdownIn(join("examples", name)));
  return [...markdownIn("."), ...markdownIn("docs"), ...examples].map(page);
}

export function page(path: string): Page {
  return { path, text: readFileSync(join(checkoutFolder, path), "utf8") };
}

export function blocksOf({ path, text }: Page): Block[] {
  return [...text.matchAll(/^```(\S*)\n(.*?)^```$/gms)].map(({ 1: language = "", 2: code = "", index }) => ({
    page: path,
    line: text.slice(0, index).split("\n").length + 1,
    language,
    code,
  }));
}

/** The part below a heading, up to the next one of its level or above. */
export function section({ path, text }: Page, heading: string): Page {
  const lines = text.split("\n");
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`${path} has no heading "${heading}".`);
  const level = /^#+/.exec(heading)?.[0].length ?? 1;
  let inBlock = false;
  const end = lines.findIndex((line, index) => {
    if (line.startsWith("```")) inBlock = !inBlock;
    return index > start && !inBlock && (/^(#+) /.exec(line)?.[1]?.length ?? level + 1) <= level;
  });
  return { path, text: lines.slice(start, end < 0 ? undefined : end).join("\n") };
}

/** Rows of the tables whose first heading is that one, cell by cell. */
export function tableRows({ text }: Page, firstHeading: string): string[][] {
  const tables = text.matchAll(/(?:^\|.*\|\n)+/gm);
  return [...tables].flatMap(([table]) => {
    const [heading, , ...rows] = table.trim().split("\n").map(cells);
    return heading?.[0] === firstHeading ? rows : [];
  });
}

function cells(row: string): string[] {
  return row
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Anchors of a page's headings, as GitHub makes them. */
export function anchorsOf({ text }: Page): string[] {
  const prose = text.replace(/^```.*?^```$/gms, "");
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

export function isFile(path: string): boolean {
  return existsSync(join(checkoutFolder, path));
}
