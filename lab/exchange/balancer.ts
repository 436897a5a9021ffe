import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { ExchangeConfiguration, ExchangeSite } from "./configuration";

/** HAProxy in front of the servers of every site: TCP, one connection after the other, ports 80 and 443. */
export class Balancer {
  private process: ChildProcess | undefined;

  constructor(private readonly configuration: ExchangeConfiguration) {}

  async start(): Promise<void> {
    const path = join(this.configuration.folder, "haproxy.cfg");
    writeFileSync(path, haproxyConfiguration(this.configuration));
    const child = spawn("haproxy", ["-db", "-f", path], { stdio: ["ignore", "ignore", "pipe"] });
    this.process = child;
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = `${complaint}${chunk.toString("utf8")}`.slice(-2000);
    });
    child.on("error", (error) => {
      complaint = error.message;
    });
    const deadline = Date.now() + 10_000;
    for (const { balancerAddress } of this.configuration.sites) {
      while (!(await answers(balancerAddress, 443))) {
        if (child.exitCode !== null || Date.now() > deadline) throw new Error(`HAProxy does not run: ${complaint}`);
      }
    }
  }

  async stop(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
}

function haproxyConfiguration({ sites }: ExchangeConfiguration): string {
  const section = ({ name: site, servers, balancerAddress }: ExchangeSite, port: number) => [
    `listen ${site}-${port}`,
    `  bind ${balancerAddress}:${port}`,
    "  balance roundrobin",
    ...servers.map(({ name, address }) => `  server ${name} ${address}:${port} check inter 500ms fall 1 rise 1`),
  ];
  return [
    "global",
    "  maxconn 2000",
    "defaults",
    "  mode tcp",
    // A connection that one server refuses goes to the next.
    "  retries 3",
    "  option redispatch 1",
    "  timeout connect 2s",
    "  timeout client 120s",
    "  timeout server 120s",
    ...sites.flatMap((site) => [...section(site, 80), ...section(site, 443)]),
    "",
  ].join("\n");
}

/** Tries one connection; a refusal is told after a moment, so that asking again does not spin. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(resolve, 50, false));
  });
}
