import { strict as assert } from "node:assert";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { connectSocket } from "../../../provider/powershell/wsman/socket";

describe("a connection for WS-Management", () => {
  let server: Server;
  /** The server's ends. */
  const ends: Socket[] = [];

  beforeEach(async () => {
    server = createServer((socket) => ends.push(socket.on("error", () => {})));
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  afterEach(() => {
    for (const end of ends.splice(0)) end.destroy();
    server.close();
  });

  const connect = (protocol: "http" | "https", connectDeadline = 10_000) => {
    const { port } = server.address() as AddressInfo;
    return connectSocket({ url: new URL(`${protocol}://localhost:${port}/`), connectDeadline });
  };
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

  it("that is reset where TLS begins, as Windows does without a certificate, is not one to a server that is down", async () => {
    server.once("connection", (end) => end.once("data", () => end.resetAndDestroy()));
    await assert.rejects(connect("https"), {
      code: "protocol",
      message:
        /^Port \d+ of localhost answers, but no TLS connection came about \(ECONNRESET\)\. .* with a certificate/,
    });
  });

  it("is given up at the deadline where TLS does not come about, and closed", async () => {
    const taken = once(server, "connection");
    const message = /^Port \d+ of localhost did not answer within 0\.2 s\./;
    await assert.rejects(connect("https", 200), { code: "timeout", message });
    const [end] = (await taken) as [Socket];
    await once(end.resume(), "close");
  });

  it("is not ended by the deadline once it is there, nor waited for once it failed", async () => {
    const both = async () => {
      (await connect("http")).destroy();
      server.once("connection", (end) => end.destroy());
      await assert.rejects(connect("https"));
      return timers();
    };
    const first = await both();
    assert.ok((await both()) <= first);
  });

  it("may break while nobody uses it", async () => {
    const taken = once(server, "connection");
    const socket = await connect("http");
    const [end] = (await taken) as [Socket];
    const closed = new Promise((resolve) => socket.once("close", resolve));
    end.resetAndDestroy();
    await closed;
  });
});
