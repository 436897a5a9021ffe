import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** A secret in every form in which it could come to be written. */
export function formsOf(secret: string): string[] {
  const utf16 = Buffer.from(`"${secret}"`, "utf16le");
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
    Buffer.from(secret).toString("hex"),
    utf16.toString("base64"),
    utf16.toString("latin1").slice(2, -2),
  ];
}

/** Fails where any form of any of the secrets is in a text, and shows what stands before it, not the secret. */
export function assertAbsent(text: string, ...secrets: readonly string[]): void {
  assert.ok(text.length > 100, "nothing to look through");
  for (const form of secrets.flatMap(formsOf)) {
    const place = text.indexOf(form);
    assert.equal(place, -1, text.slice(Math.max(0, place - 200), place));
  }
}

/** A file that may be gone by now, as those of processes are. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Everything in a folder, byte by byte. */
export function textUnder(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((file) => Buffer.from(readIfThere(join(file.parentPath, file.name)), "latin1").toString("utf8"))
    .join("\n");
}

/** What anyone on the machine could see of processes and of temporary files while something ran. */
export class Exposure {
  /** Command lines of all processes of the machine, as `ps` shows them. */
  commandLines = "";
  /** Environments of the processes that the run has started, by program; Pulumi's own apart from ours. */
  readonly environments = new Map<string, string>();
  temporary = "";
  private last = "";

  /** @param folder where temporary files of the run are made, and nothing else is */
  constructor(private readonly folder: string) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    let running = true;
    const watching = (async () => {
      while (running) {
        this.look();
        await setTimeout(40);
      }
    })();
    try {
      return await work();
    } finally {
      running = false;
      await watching;
      this.look();
    }
  }

  private look(): void {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    for (const pid of pids) {
      const line = readIfThere(join("/proc", pid, "cmdline"));
      if (line === "" || this.commandLines.includes(line)) continue;
      this.commandLines += `${line}\n`;
    }
    for (const pid of pids) {
      const environment = readIfThere(join("/proc", pid, "environ"));
      // The run's temporary folder marks what it has started.
      if (!environment.includes(`TMPDIR=${this.folder}`)) continue;
      const program = readIfThere(join("/proc", pid, "cmdline")).replaceAll("\0", " ");
      this.environments.set(program, environment);
    }
    const text = textUnder(this.folder);
    if (text !== this.last) this.temporary += text;
    this.last = text;
  }
}
