import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { mustRun, waitUntil } from "../../lab/command";
import { OutOfProcessChannel } from "../../provider/powershell/out-of-process-channel";
import { poolGuid } from "../../provider/powershell/psrp";
import { startServer } from "../../provider/powershell/server-process";

const shell = (script: string) => startServer("/bin/sh", ["-c", script]);

/** All that a program writes. */
async function spoken(script: string): Promise<string> {
  const server = shell(script);
  const chunks: Buffer[] = [];
  server.fromServer.on("data", (chunk: Buffer) => chunks.push(chunk));
  await server.ended;
  return Buffer.concat(chunks).toString("utf8");
}

const openFiles = () => readdirSync("/proc/self/fd").length;

/** Runs the work where there is no pipe of the kernel to be had. */
async function elsewhere(work: () => Promise<void>): Promise<void> {
  const platform = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
  Object.defineProperty(process, "platform", { ...platform, value: "darwin" });
  try {
    await work();
  } finally {
    Object.defineProperty(process, "platform", platform);
  }
}

describe("a child as a server", () => {
  const wholeAndEnded = async () => {
    const server = shell("echo $$; head -c 100000 /dev/zero | tr '\\0' a; echo 'no licence' >&2; exit 3");
    const chunks: Buffer[] = [];
    server.fromServer.on("data", (chunk: Buffer) => chunks.push(chunk));
    // The program is long gone when the rest is read.
    await once(server.fromServer, "data");
    server.fromServer.pause();
    const pid = Number.parseInt(String(chunks[0]), 10);
    await waitUntil("it is gone", async () => !existsSync(`/proc/${pid}`), 5_000);
    server.fromServer.resume();
    const { message } = await server.ended;
    assert.equal(Buffer.concat(chunks).toString("utf8"), `${pid}\n${"a".repeat(100_000)}`);
    assert.match(message, /exit code 3.*no licence/);
  };
  it("is heard to its last byte before it counts as ended", wholeAndEnded);
  it("is so where Node's own sockets are all there is", () => elsewhere(wholeAndEnded));

  it("counts as ended though what it started holds its ends, and is heard to its last byte", async () => {
    const server = shell("sleep 60 & echo $!; head -c 300000 /dev/zero | tr '\\0' a; echo 'no licence' >&2; exit 3");
    const chunks: Buffer[] = [];
    server.fromServer.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(server.fromServer, "data");
    const pid = Number.parseInt(String(chunks[0]), 10);
    try {
      server.fromServer.pause();
      const resumed = delay(2_500).then(() => server.fromServer.resume());
      const { message } = await server.ended;
      await resumed;
      assert.match(message, /exit code 3.*no licence/);
      assert.equal(Buffer.concat(chunks).toString("utf8"), `${pid}\n${"a".repeat(300_000)}`);
    } finally {
      process.kill(pid, "SIGKILL");
      server.destroy();
    }
  });

  it("writes into a pipe of the kernel", async () => {
    assert.match(await spoken("readlink /proc/$$/fd/1"), /^pipe:/);
    await elsewhere(async () => assert.match(await spoken("readlink /proc/$$/fd/1"), /^socket:/));
  });

  it("does not hold the ends of another's pipe", async () => {
    const first = shell("readlink /proc/$$/fd/1; sleep 60");
    const [chunk] = (await once(first.fromServer, "data")) as [Buffer];
    const text = await spoken("for file in /proc/$$/fd/*; do readlink $file; done");
    assert.ok(text.includes("pipe:"), text);
    assert.ok(!text.includes(String(chunk).trim()), text);
    first.destroy();
    await first.ended;
  });

  it("may end in the middle of what is sent to it, and keeps neither that nor what would follow waiting", async () => {
    const channel = () => new OutOfProcessChannel(shell("head -c 1 >/dev/null; exit 3"));
    const piece = (size: number) => ({ pipelineId: null, stream: "default", data: new Uint8Array(size) }) as const;
    const events = { data: () => {}, lost: () => {} };
    await channel().open("", [piece(2_000_000)], events);
    const second = channel().open("", [piece(1), piece(1)], events);
    await assert.rejects(second, { code: "protocol", message: /exit code 3/ });
  });

  it("may stop reading and live on: what is sent to it then is lost, and ends nothing in us", async () => {
    const server = shell(`exec <&-; echo "<DataAck PSGuid='${poolGuid}' />"; sleep 60`);
    const channel = new OutOfProcessChannel(server);
    const piece = { pipelineId: null, stream: "default", data: new Uint8Array(1) } as const;
    await channel.open("", [piece], { data: () => {}, lost: () => {} });
    const closed = new Promise((resolve) => server.toServer.once("close", resolve));
    await channel.send(piece);
    await closed;
    channel.destroy();
    await server.ended;
  });

  it("is quoted with the end of its complaints, which does nothing to a terminal", async () => {
    const script = "head -c 1000 /dev/zero | tr '\\0' y >&2; printf '\\033[0m no\\tlicence' >&2; exit 3";
    assert.match((await shell(script).ended).message, /It said: "y{185} \[0m no licence"\.$/);
  });

  it("leaves no file open in us, however it ended", async () => {
    await spoken("exit 0");
    const before = openFiles();
    await spoken("echo bye");
    const missing = startServer("/no/such/program", []);
    missing.fromServer.resume();
    assert.match((await missing.ended).message, /there is no such program\. Install PowerShell/);
    const killed = shell("sleep 60");
    killed.destroy();
    await killed.ended;
    const holding = shell("sleep 60 & echo $!; wait");
    const [holder] = (await once(holding.fromServer, "data")) as [Buffer];
    try {
      holding.destroy();
      await waitUntil("all are closed", async () => openFiles() <= before, 5_000);
    } finally {
      process.kill(Number(holder), "SIGKILL");
    }
  });
});

it("PowerShell remoting needs koffi for Kerberos only, and then says so", async () => {
  const script = join(__dirname, "without-koffi.ts");
  const { open, said, code, message } = JSON.parse(await mustRun(process.execPath, ["-r", "ts-node/register", script]));
  assert.deepEqual([open, said, code], ["function", "hello", "kerberos"]);
  assert.match(message, /koffi, .* cannot be loaded\. .*optional dependencies.*exchangeAuthentication: basic/);
});
