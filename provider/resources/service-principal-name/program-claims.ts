import { perDomain } from "../per-domain";

/**
 * Which names the resources of this run claim. To the directory, the second resource with the same name on the same
 * account looks like one that finds its work done; only here is it seen that both are of one program.
 */
class ProgramClaims {
  /** Names of resources that state has, and for which accounts. */
  private readonly inState = new Map<string, Set<string>>();
  private readonly checkedAsNew = new Set<string>();
  private readonly made = new Set<string>();
  /** Names that a resource had made, and that stayed for another one. */
  private readonly passedOn = new Set<string>();

  /** A resource that state has and that keeps its name, as `check` meets it. */
  keeps(spn: string, account: string): void {
    const key = spn.toLowerCase();
    this.inState.set(key, (this.inState.get(key) ?? new Set()).add(account));
  }

  /** The accounts for which state has that name: a new resource may replace the old one. */
  accountsInState(spn: string): readonly string[] {
    return [...(this.inState.get(spn.toLowerCase()) ?? [])];
  }

  /** A resource that state does not have, as `check` meets it. `false` for the second with this name. */
  asksFor(spn: string): boolean {
    const key = spn.toLowerCase();
    if (this.inState.has(key)) return true;
    if (this.checkedAsNew.has(key)) return false;
    this.checkedAsNew.add(key);
    return true;
  }

  /** A resource about to be made. `false` where another of this run has the name. */
  takes(spn: string): boolean {
    const key = spn.toLowerCase();
    if (this.made.has(key) || this.inState.has(key)) return false;
    this.made.add(key);
    return true;
  }

  /** The making failed. */
  gaveUp(spn: string): void {
    this.made.delete(spn.toLowerCase());
  }

  /**
   * A resource is deleted. `false` where another one has its name, in this run or since one before, or is about to: then the
   * name has to stay. It may also be the same one, which is replaced, and then finds its name again.
   * @param ours the one that is deleted had made the name, so that it is the other one's now, to take off one day.
   */
  releases(spn: string, ours: boolean): boolean {
    const key = spn.toLowerCase();
    const kept = this.inState.delete(key);
    const wanted = kept || this.made.has(key) || this.checkedAsNew.has(key);
    if (wanted && ours) this.passedOn.add(key);
    return !wanted;
  }

  /** Whether a name that is there already was made by another resource of the program. */
  inherits(spn: string): boolean {
    return this.passedOn.has(spn.toLowerCase());
  }
}

export const claimsOf = perDomain(() => new ProgramClaims());

export function claimedTwice(spn: string): string {
  return `Another resource of this program has ${spn} already. Each service principal name is one resource: remove one of the two.`;
}
