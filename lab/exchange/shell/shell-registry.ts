import type { Organization } from "../model/organization";

/** Opening a shell was refused; the words go into the fault that the client gets. */
export class ShellRefused extends Error {
  override readonly name = "ShellRefused";
}

interface OpenShell {
  readonly server: string;
  readonly user: string;
  readonly expire: () => void;
}

/** Who has how many shells open on which server. */
export class ShellRegistry {
  private readonly open = new Set<OpenShell>();

  constructor(private readonly organization: Organization) {}

  /** @returns What ends the shell's place in the count. @throws ShellRefused above the limit of one user on one server. */
  admit(server: string, user: string, expire: () => void): () => void {
    const limit = this.organization.state.maximumShells;
    if (this.count(server, user) >= limit) {
      throw new ShellRefused(
        `[Server=${server}] Fail to create a runspace because you have exceeded the maximum number of connections allowed : ${limit} for the policy party : MaxConcurrency. Please close existing runspace and try again.`,
      );
    }
    const shell = { server, user, expire };
    this.open.add(shell);
    return () => this.open.delete(shell);
  }

  count(server?: string, user?: string): number {
    return [...this.open].filter(
      (shell) => (server === undefined || shell.server === server) && (user === undefined || shell.user === user),
    ).length;
  }

  /** Ends every shell of a server (of all, when none is named), as an idle time-out or a recycled pool does. */
  expire(server?: string): number {
    const ended = [...this.open].filter((shell) => server === undefined || shell.server === server);
    for (const shell of ended) {
      this.open.delete(shell);
      shell.expire();
    }
    return ended.length;
  }
}
