import { join } from "node:path";
import { mustRun, runCommand } from "../../../lab/command";
import { corp } from "../../../lab/domain-controller";
import { labFolder } from "../../../lab/folders";
import { password } from "../../../lab/passwords";
import { corpUser } from "../../../lab/people";

const url = `http://mail.${corp.dnsName}/mapi/`;
/** Requests of one curl, each over a connection of its own, so that the balancer spreads them. */
const burst = 25;
/** No test waits for more. */
const most = 12_000;

export async function logOn(cache: string): Promise<void> {
  const input = `${password(`${corpUser}@${corp.dnsName}`)}\n`;
  await mustRun("kinit", ["-c", cache, `${corpUser}@${corp.realm}`], { input });
}

/** Statuses of so many requests with the tickets of a cache. A connection that is lost with its server is tried again. */
export async function request(cache: string, count: number): Promise<string[]> {
  const { stdout } = await runCommand(
    "curl",
    [
      ...["-s", "-o", "/dev/null", "-w", "%{http_code}\\n", "--negotiate", "-u", ":", "-H", "Connection: close"],
      ...["--retry", "5", "--retry-all-errors", "--retry-delay", "1", "--connect-timeout", "5", "--max-time", "20"],
      `${url}?[1-${count}]`,
    ],
    { environment: { ...process.env, KRB5CCNAME: cache } },
  );
  return stdout.trim().split("\n");
}

/**
 * Users at work all the time: half of them with tickets from before, half of them logging on anew again and again, so that
 * they get tickets of whatever password is the newest.
 */
export class ClientsUnderLoad {
  private readonly statuses = new Map<string, number>();
  private stopping = false;
  private total = 0;
  private readonly workers: Promise<void>[];

  private constructor(
    private readonly atLeast: number,
    caches: readonly string[],
  ) {
    this.workers = caches.map((cache, index) => this.work(cache, index % 2 === 1));
  }

  /** @param atLeast requests before it is over, however quick the work is */
  static async start(atLeast: number): Promise<ClientsUnderLoad> {
    const caches = [1, 2, 3, 4].map((number) => join(labFolder, `load-${process.pid}-${number}.ccache`));
    for (const cache of caches) {
      await logOn(cache);
      // A ticket for the service from before the roll.
      await request(cache, 2);
    }
    return new ClientsUnderLoad(atLeast, caches);
  }

  /** Ends when enough was asked. @returns how many requests, and those that were not answered with 200, by status */
  async end(): Promise<{ total: number; failed: Record<string, number> }> {
    this.stopping = true;
    await Promise.all(this.workers);
    const failed = [...this.statuses].filter(([status]) => status !== "200");
    return { total: this.total, failed: Object.fromEntries(failed) };
  }

  private async work(cache: string, anew: boolean): Promise<void> {
    while (this.total < (this.stopping ? this.atLeast : most)) {
      this.total += burst;
      if (anew) await logOn(cache);
      for (const status of await request(cache, burst)) this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    }
  }
}
