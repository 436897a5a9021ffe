import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, it } from "mocha";
import { askWebSite } from "../../provider/exchange/web-site";
import type { Settings } from "../../provider/settings";

describe("a request to a server's web site", () => {
  let site: Server;
  afterEach(() => site.close());

  /** What becomes of a request that is answered so, and then hung up on. */
  const askWith = async (answer: string) => {
    site = createServer((socket) => socket.once("data", () => socket.end(answer))).listen(0, "127.0.0.1");
    await once(site, "listening");
    const server = `127.0.0.1:${(site.address() as AddressInfo).port}`;
    // Nothing of the settings is asked for without TLS.
    return askWebSite({ server, protocol: "http", path: "/" }, {} as Settings);
  };

  it("comes to an end whatever is answered", async () => {
    for (const answer of [
      "",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
      "SSH-2.0-OpenSSH\r\n",
    ]) {
      await assert.rejects(askWith(answer), { code: "port-closed", message: /does not answer: .*Look at IIS/ }, answer);
    }
    assert.equal((await askWith("HTTP/1.1 204 No Content\r\n\r\n")).status, 204);
  });
});
