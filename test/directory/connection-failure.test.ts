import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import packet from "dns-packet";
import { describe, it } from "mocha";
import { connect } from "../../provider/directory/connect";
import { connectionFailure } from "../../provider/directory/connection-failure";
import { settingsSchema } from "../../provider/settings";

/** The answers that a name server gives in place of one (RFC 1035, section 4.1.1): SERVFAIL, NXDOMAIN, REFUSED. */
const codes = { ESERVFAIL: 2, ENOTFOUND: 3, EREFUSED: 5 } as const;

describe("a host that there is no connection to", () => {
  /** Why, in the words for people. */
  async function failure(host: string, port: number, dnsServers?: string[]): Promise<string> {
    const endpoint = { host, port };
    const settings = settingsSchema.parse({ domain: "corp.example", dnsServers, directoryTimeoutSeconds: 20 });
    const thrown = await connect(endpoint, "ldaps", settings).then(
      () => assert.fail("it connected"),
      (error: unknown) => error,
    );
    const { code, message } = connectionFailure(thrown, endpoint);
    assert.equal(code, "directory-unreachable");
    return message;
  }

  /** A port of this host where nobody listens. */
  async function closedPort(): Promise<number> {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, "close");
    return port;
  }

  for (const [name, code] of Object.entries(codes)) {
    it(`is not blamed for its name server's ${name}`, async () => {
      const socket = dgram.createSocket("udp4");
      socket.on("message", (message, from) => {
        const { id = 0, questions = [] } = packet.decode(message);
        socket.send(packet.encode({ type: "response", id, flags: code, questions }), from.port, from.address);
      });
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
      try {
        assert.match(
          await failure("dc1.corp.example", 636, [`127.0.0.1:${socket.address().port}`]),
          /^The name dc1\.corp\.example could not be resolved( \(E\w+\))?\. Check the name and the DNS servers/,
        );
      } finally {
        socket.close();
      }
    });
  }

  it("is not said to refuse us where the name server does", async () => {
    assert.equal(
      await failure("dc1.corp.example", 636, [`127.0.0.1:${await closedPort()}`]),
      "The name dc1.corp.example could not be resolved (ECONNREFUSED). Check the name and the DNS servers (dnsServers).",
    );
  });

  it("is said to refuse us where it does", async () => {
    const port = await closedPort();
    assert.ok((await failure("127.0.0.1", port)).startsWith(`127.0.0.1 refused the connection to port ${port}.`));
  });
});
