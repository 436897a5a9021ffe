/** The products a lab server can pretend to be, with the build that `AdminDisplayVersion` shows. */
export const products = ["2010", "2013", "2016", "2019", "SE"] as const;
export type Product = (typeof products)[number];

/** `Version MAJOR.MINOR (Build BUILD.REVISION)`, as four numbers. */
export interface Build {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  readonly revision: number;
}

const builds: Record<Product, Build> = {
  "2010": { major: 14, minor: 3, build: 513, revision: 0 },
  "2013": { major: 15, minor: 0, build: 1497, revision: 2 },
  "2016": { major: 15, minor: 1, build: 2507, revision: 6 },
  "2019": { major: 15, minor: 2, build: 1544, revision: 4 },
  SE: { major: 15, minor: 2, build: 2562, revision: 17 },
};

export function buildOf(product: Product): Build {
  return builds[product];
}

/** The text of `AdminDisplayVersion`, and what is left of it after a plain remote session. */
export function versionText(product: Product): string {
  const { major, minor, build, revision } = builds[product];
  return `Version ${major}.${minor} (Build ${build}.${revision})`;
}

/** The version as HttpProxy logs and `X-FEServer` peers write it: `15.01.2507.006`. */
export function logVersion(product: Product): string {
  const { major, minor, build, revision } = builds[product];
  return `${major}.${String(minor).padStart(2, "0")}.${String(build).padStart(4, "0")}.${String(revision).padStart(3, "0")}`;
}

/** 2016 renamed the Client Access cmdlets and kept the old names with a warning. */
export function hasClientAccessService(product: Product): boolean {
  return product === "2016" || product === "2019" || product === "SE";
}
