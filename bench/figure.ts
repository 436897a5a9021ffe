/** One comparison, both sides measured in the same run on the same machine. */
export interface Figure {
  readonly name: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  /** Greatest ratio of ours to the peer's that is good enough; the least where more is better. */
  readonly goal: number;
  readonly better: "lower" | "higher";
  /** What the other side takes by itself, which we cannot hurry. */
  readonly floor?: number;
}

export function ratioOf({ ours, peer }: Figure): number {
  return ours / peer;
}

export function isMet(figure: Figure): boolean {
  return figure.better === "lower" ? ratioOf(figure) <= figure.goal : ratioOf(figure) >= figure.goal;
}

/** As `npm run bench` prints it. */
export function line(figure: Figure): string {
  const rounded = (value: number) => Number(value.toPrecision(4));
  const { ours, peer, floor } = figure;
  const numbers = {
    ours: rounded(ours),
    peer: rounded(peer),
    ...(floor === undefined ? {} : { floor: rounded(floor) }),
  };
  return JSON.stringify({ ...figure, ...numbers, ratio: rounded(ratioOf(figure)) });
}
