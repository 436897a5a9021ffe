import { strict as assert } from "node:assert";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { HttpExchange } from "../../../provider/powershell/wsman/http-exchange";

describe("HTTP over one connection", () => {
  let server: Server;
  let http: HttpExchange;
  /** What was asked, and what is answered to it. */
  let asked: string;
  let answer: string | undefined;
  /** The server's end of each connection that there was. */
  let ends: Socket[];

  const empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const post = (body = "") => http.post({ headers: { "User-Agent": "me" }, body: Buffer.from(body), deadline: 10_000 });
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

  beforeEach(async () => {
    [asked, answer, ends] = ["", empty, []];
    server = createServer((end) => {
      ends.push(end);
      end
        .on("error", () => {})
        .on("data", (piece) => {
          asked += piece;
          if (answer === undefined) end.destroy();
          else end.write(answer);
        });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const socket: Socket = connect({ host: "127.0.0.1", port });
    await Promise.all([once(socket, "connect"), once(server, "connection")]);
    http = new HttpExchange(new URL(`http://cas-1.example:${port}/PowerShell/?a=b`), socket);
  });
  afterEach(() => {
    http.destroy();
    server.close();
  });

  it("sends what IIS has to know: host and port, length, and that nothing is to be packed or closed", async () => {
    for (const body of ["", "abc"]) {
      asked = "";
      await post(body);
      const [head = "", sent] = asked.split("\r\n\r\n");
      const { port } = server.address() as AddressInfo;
      assert.deepEqual(
        new Set(head.toLowerCase().split("\r\n")),
        new Set([
          "post /powershell/?a=b http/1.1",
          `host: cas-1.example:${port}`,
          `content-length: ${body.length}`,
          "accept-encoding: identity",
          "connection: keep-alive",
          "user-agent: me",
        ]),
      );
      assert.equal(sent, body);
    }
    assert.equal(ends.length, 1);
  });

  it("is gone once the server closes it, whatever was answered", async () => {
    answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    await post();
    assert.equal(http.alive, false);
    await assert.rejects(post(), { code: "unclear-outcome", message: /the connection is gone/ });
    assert.equal(ends.length, 1);
  });

  it("may break under a request that waits for the one before it, which was answered before it had come", async () => {
    ends[0]?.once("data", () => ends[0]?.pause());
    answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n";
    assert.equal((await post("x".repeat(20_000_000))).status, 401);
    assert.equal(http.alive, true);
    const waiting = post();
    ends[0]?.resetAndDestroy();
    await assert.rejects(waiting, { code: "unclear-outcome" });
  });

  for (const [what, text, words] of [
    ["is cut off", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", /: ECONNRESET\.$/],
    [
      "is cut off between two chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
      /: ECONNRESET\.$/,
    ],
    [
      "goes on in another protocol",
      "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
      /another protocol\.$/,
    ],
  ] as const) {
    it(`may have been carried out where the answer ${what}`, async () => {
      answer = text;
      ends[0]?.once("data", () => ends[0]?.end());
      await assert.rejects(post(), { code: "unclear-outcome", message: words });
      assert.equal(http.alive, false);
    });
  }

  it("leaves no timer behind, answered or not", async () => {
    await post();
    const first = timers();
    await post();
    assert.ok(timers() <= first);
    answer = undefined;
    await assert.rejects(post(), { code: "unclear-outcome", message: /broke before its answer was complete/ });
    assert.ok(timers() <= first);
  });
});
