/** One comparison, both sides measured in the same run on the same machine. */
export interface Figure {
  readonly name: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  /** Greatest ratio of ours to the peer's that is good enough; the least where more is better. */
  readonly goal: number;
  readonly better: "lower" | "higher";
}

/** As `npm run bench` prints it. */
export function line(figure: Figure): string {
  const rounded = (value: number) => Number(value.toPrecision(4));
  const ratio = rounded(figure.ours / figure.peer);
  return JSON.stringify({ ...figure, ours: rounded(figure.ours), peer: rounded(figure.peer), ratio });
}
