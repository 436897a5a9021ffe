import { stripVTControlCharacters } from "node:util";

export interface Column {
  readonly title: string;
  /** Numbers stand right. Default: left. */
  readonly align?: "left" | "right";
}

/**
 * Rows under titles (a title alone is a column of texts), in columns as wide as their widest cell; a column without any value is left out.
 * Cells may be coloured.
 */
export function table(columns: readonly (string | Column)[], rows: readonly (readonly string[])[]): string {
  const named = columns.map((column): Column => (typeof column === "string" ? { title: column } : column));
  const used = named.flatMap((column, index) => (rows.some((row) => row[index]) ? [{ column, index }] : []));
  const lines = [named.map(({ title }) => title), ...rows];
  const widths = used.map(({ index }) => Math.max(...lines.map((line) => width(line[index] ?? ""))));
  return lines
    .map((line) =>
      used
        .map(({ column, index }, place) => {
          const cell = line[index] ?? "";
          const space = " ".repeat((widths[place] ?? 0) - width(cell));
          return column.align === "right" ? space + cell : cell + space;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}

/** Text from a log or a directory, harmless for a terminal. */
export function harmless(text: string): string {
  return text.replace(/\p{Cc}/gu, "�");
}
