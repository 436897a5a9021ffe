import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { waitUntil } from "../../lab/command";
import { ProviderError } from "../../provider/error";
import {
  type Pipeline,
  type PipelineResult,
  type PowerShellSession,
  processChannel,
  RunspacePoolSession,
  SessionPool,
  type SessionTarget,
} from "../../provider/powershell";
import { Deferred } from "../../provider/powershell/deferred";
import { engineMissing, findEngine } from "../support/engine";
import { completed } from "../support/pipeline-result";

const pipeline = (name: string): Pipeline => [{ name }];
/** A server of which all is known: what was opened, sent and closed, in order; a command lasts until it is let go. */
class Server {
  readonly log: string[] = [];
  readonly running = new Map<string, (error?: Error) => void>();
  open = 0;
  /** Commands that wait to be let go; others end at once. */
  slow = false;
  failsToOpen = false;
  private current: { usable: boolean } | undefined;

  readonly target: SessionTarget;

  constructor(readonly host: string) {
    this.target = { key: `${host} as admin`, host, open: async () => this.session() };
  }

  /** As a server that restarts: the session is found dead. */
  dies(): void {
    if (this.current !== undefined) this.current.usable = false;
  }

  /** A target whose session opens when that is said. */
  opensSlowly(): { target: SessionTarget; opens: () => void } {
    const opening = new Deferred();
    const open = async () => {
      await opening.promise;
      return this.session();
    };
    return { target: { ...this.target, open }, opens: () => opening.resolve() };
  }

  private session(): PowerShellSession {
    if (this.failsToOpen) throw new ProviderError("port-closed", `Port 22 of ${this.host} did not answer.`);
    this.open += 1;
    this.log.push("open");
    const state = { usable: true };
    this.current = state;
    return {
      host: this.host,
      get usable() {
        return state.usable;
      },
      invoke: async (commands) => {
        const { name } = commands[0];
        this.log.push(name);
        if (!this.slow) return completed;
        return new Promise((resolve, reject) => {
          this.running.set(name, (error) => (error === undefined ? resolve(completed) : reject(error)));
        });
      },
      close: async () => {
        // A turn of the event loop, so that a pool that does not wait is caught.
        await setImmediate();
        state.usable = false;
        for (const end of this.running.values()) end(new ProviderError("cancelled", "The session was closed."));
        this.open -= 1;
        this.log.push("close");
      },
    };
  }
}

const soon = async () => {
  for (let turn = 0; turn < 10; turn++) await setImmediate();
};

describe("a pool of sessions", () => {
  it("opens with the first command, once for all commands, and runs those of a server one after another", async () => {
    const pool = new SessionPool();
    const server = new Server("cas-1");
    server.slow = true;
    const both = [pool.invoke(server.target, pipeline("first")), pool.invoke(server.target, pipeline("second"))];
    await soon();
    assert.deepEqual(server.log, ["open", "first"]);
    server.running.get("first")?.();
    await soon();
    assert.deepEqual(server.log, ["open", "first", "second"]);
    server.running.get("second")?.();
    await Promise.all(both);
    await pool.close();
    assert.deepEqual(server.log, ["open", "first", "second", "close"]);
  });

  it("runs commands of different servers at the same time, with no more sessions than its limit", async () => {
    const pool = new SessionPool({ maxSessions: 2 });
    const servers = ["cas-1", "cas-2", "cas-3"].map((host) => new Server(host));
    for (const server of servers) server.slow = true;
    const all = servers.map((server) => pool.invoke(server.target, pipeline("go")));
    await soon();
    assert.deepEqual(
      servers.map(({ open }) => open),
      [1, 1, 0],
    );
    servers[1]?.running.get("go")?.();
    await soon();
    assert.deepEqual(
      servers.map(({ open }) => open),
      [1, 0, 1],
    );
    for (const server of servers) server.running.get("go")?.();
    await Promise.all(all);

    // The one that was used longest ago gives way.
    for (const server of servers) server.slow = false;
    await pool.invoke((servers[0] as Server).target, pipeline("again"));
    await pool.invoke((servers[1] as Server).target, pipeline("again"));
    assert.deepEqual(
      servers.map(({ open }) => open),
      [1, 1, 0],
    );
    await pool.close();
    assert.deepEqual(
      servers.map(({ open }) => open),
      [0, 0, 0],
    );
  });

  it("opens another session where one is found dead, before the next command and not for one that failed", async () => {
    const pool = new SessionPool();
    const server = new Server("cas-1");
    await pool.invoke(server.target, pipeline("first"));
    server.dies();
    await pool.invoke(server.target, pipeline("second"));
    assert.deepEqual(server.log, ["open", "first", "close", "open", "second"]);

    server.slow = true;
    const broken = pool.invoke(server.target, pipeline("third"));
    await soon();
    server.dies();
    server.running.get("third")?.(new ProviderError("unclear-outcome", "The connection broke."));
    await assert.rejects(broken, { code: "unclear-outcome" });
    assert.deepEqual(server.log.slice(5), ["third", "close"]);
    server.slow = false;
    await pool.invoke(server.target, pipeline("fourth"));
    assert.deepEqual(server.log.slice(7), ["open", "fourth"]);
    await pool.close();
  });

  it("replaces a session after so many commands", async () => {
    const pool = new SessionPool({ commandQuota: 2 });
    const server = new Server("cas-1");
    for (const name of ["first", "second", "third"]) await pool.invoke(server.target, pipeline(name));
    assert.deepEqual(server.log, ["open", "first", "second", "close", "open", "third"]);
    await pool.close();
  });

  it("runs several commands in one turn with none of another between them, and replaces the session after them all", async () => {
    const pool = new SessionPool({ commandQuota: 2 });
    const server = new Server("cas-1");
    const turn = pool.inTurn(server.target, "three", async (shell) => {
      for (const name of ["first", "second", "third"]) {
        await shell.invoke(pipeline(name));
        await soon();
      }
      return shell.host;
    });
    const other = pool.invoke(server.target, pipeline("other"));
    assert.equal(await turn, "cas-1");
    await other;
    assert.deepEqual(server.log, ["open", "first", "second", "third", "close", "open", "other"]);
    await pool.close();
  });

  it("tries again to open what could not be opened, and lets nobody wait for it", async () => {
    const pool = new SessionPool({ maxSessions: 1 });
    const [down, up] = [new Server("cas-1"), new Server("cas-2")];
    down.failsToOpen = true;
    const failed = pool.invoke(down.target, pipeline("first"));
    const fine = pool.invoke(up.target, pipeline("first"));
    await assert.rejects(failed, { code: "port-closed" });
    await fine;
    down.failsToOpen = false;
    await pool.invoke(down.target, pipeline("second"));
    assert.deepEqual(down.log, ["open", "second"]);
    await pool.close();
  });

  it("does not send a command that is cancelled while it waits, and says so at once", async () => {
    const pool = new SessionPool();
    const server = new Server("cas-1");
    server.slow = true;
    const running = pool.invoke(server.target, pipeline("first"));
    const abort = new AbortController();
    const waiting = pool.invoke(server.target, pipeline("second"), { signal: abort.signal });
    await soon();
    abort.abort();
    await assert.rejects(waiting, { code: "cancelled", message: /second on cas-1 .* before it was sent/ });
    server.running.get("first")?.();
    await running;
    await soon();
    assert.deepEqual(server.log, ["open", "first"]);
    await assert.rejects(pool.invoke(server.target, pipeline("third"), { signal: abort.signal }), {
      code: "cancelled",
    });
    assert.deepEqual(server.log, ["open", "first"]);

    const another = new Server("cas-2");
    await assert.rejects(pool.invoke(another.target, pipeline("fourth"), { signal: abort.signal }), {
      code: "cancelled",
    });
    await soon();
    assert.deepEqual(another.log, [], "nobody logs on for a command that is not sent");
    await pool.close();
  });

  it("does not send a command that is cancelled while its session opens", async () => {
    const pool = new SessionPool();
    const server = new Server("cas-1");
    const { target, opens } = server.opensSlowly();
    const abort = new AbortController();
    const cancelled = pool.invoke(target, pipeline("first"), { signal: abort.signal });
    const refused = assert.rejects(cancelled, { code: "cancelled", message: /before it was sent/ });
    await soon();
    abort.abort();
    await refused;
    opens();
    await pool.invoke(target, pipeline("second"));
    assert.deepEqual(server.log, ["open", "second"]);
    await pool.close();
  });

  it("leaves a command that was sent to say itself how its cancellation ends", async () => {
    const pool = new SessionPool();
    const server = new Server("cas-1");
    server.slow = true;
    const abort = new AbortController();
    const running = pool.invoke(server.target, pipeline("first"), { signal: abort.signal });
    const ended = assert.rejects(running, { code: "cancelled", message: "It was stopped." });
    await soon();
    abort.abort();
    await soon();
    server.running.get("first")?.(new ProviderError("cancelled", "It was stopped."));
    await ended;
    await pool.close();
  });

  it("opens sessions of several servers at the same time", async () => {
    const pool = new SessionPool();
    const slow = new Server("cas-1");
    let opened = () => {};
    const target = {
      ...slow.target,
      open: async () => {
        await new Promise<void>((resolve) => {
          opened = resolve;
        });
        return slow.target.open();
      },
    };
    const waiting = pool.invoke(target, pipeline("late"));
    const quick = new Server("cas-2");
    await pool.invoke(quick.target, pipeline("soon"));
    assert.deepEqual(slow.log, []);
    opened();
    await waiting;
    assert.deepEqual(slow.log, ["open", "late"]);
    await pool.close();
  });

  it("tells all who wait that a server does not let them in, and asks it once for them", async () => {
    const pool = new SessionPool();
    const server = new Server("cas-1");
    server.failsToOpen = true;
    let tries = 0;
    const target = {
      ...server.target,
      open: async () => {
        tries += 1;
        await setImmediate();
        return server.target.open();
      },
    };
    const all = ["first", "second", "third"].map((name) => pool.invoke(target, pipeline(name)));
    for (const one of await Promise.allSettled(all)) assert.equal(one.status, "rejected");
    assert.equal(tries, 1);
    server.failsToOpen = false;
    await pool.invoke(target, pipeline("fourth"));
    assert.equal(tries, 2);
    await pool.close();
  });

  it("stops at its close what runs, and refuses what has not begun", async () => {
    const pool = new SessionPool();
    const server = new Server("cas-1");
    server.slow = true;
    const [running, waiting] = [pipeline("first"), pipeline("second")].map((one) => pool.invoke(server.target, one));
    const refused = [running, waiting].map((one) =>
      assert.rejects(one as Promise<PipelineResult>, { code: "cancelled" }),
    );
    await soon();
    await pool.close();
    await Promise.all(refused);
    await assert.rejects(pool.invoke(server.target, pipeline("third")), { code: "cancelled" });
    assert.deepEqual(server.log, ["open", "first", "close"]);
  });

  it("closes at its close what was just being opened", async () => {
    const pool = new SessionPool();
    const server = new Server("cas-1");
    const running = pool.invoke(server.target, pipeline("first"));
    const refused = running.catch((error: ProviderError) => error.code);
    await pool.close();
    await refused;
    assert.equal(server.open, 0);
  });

  it("sends nothing over what was still being opened at its close", async () => {
    const pool = new SessionPool();
    const server = new Server("cas-1");
    const { target, opens } = server.opensSlowly();
    const refused = assert.rejects(pool.invoke(target, pipeline("first")), { code: "cancelled" });
    await soon();
    const closed = pool.close();
    opens();
    await Promise.all([refused, closed]);
    assert.deepEqual(server.log, ["open", "close"]);
  });

  it("goes on with a new process where the engine was killed or a command stopped, and leaves none behind", async function () {
    this.timeout(30_000);
    const engine = await findEngine();
    if (engine === undefined) {
      console.log(engineMissing);
      return this.skip();
    }
    const pool = new SessionPool();
    const target: SessionTarget = {
      key: "engine",
      host: "localhost",
      open: () => RunspacePoolSession.open("localhost", processChannel(engine)),
    };
    const pid = async () => {
      const stat: Pipeline = [{ name: "Get-Content", parameters: { Path: "/proc/self/stat" } }];
      const { output } = await pool.invoke(target, stat);
      return Number.parseInt(String(output[0]), 10);
    };
    try {
      const first = await pid();
      assert.equal(await pid(), first);
      process.kill(first, "SIGKILL");
      await waitUntil("the engine is gone", async () => !existsSync(`/proc/${first}`));
      const second = await pid();
      assert.notEqual(second, first);
      const sleep: Pipeline = [{ name: "Start-Sleep", parameters: { Seconds: 30 } }];
      await assert.rejects(pool.invoke(target, sleep, { deadline: 300 }), { code: "timeout" });
      await waitUntil("the second is gone", async () => !existsSync(`/proc/${second}`), 5_000);
      const third = await pid();
      await pool.close();
      await waitUntil("the third is gone", async () => !existsSync(`/proc/${third}`), 5_000);
    } finally {
      await pool.close();
    }
  });
});
