import { randomInt } from "node:crypto";
import type { SrvRecord } from "node:dns";
import { getServers } from "node:dns";
import { Resolver } from "node:dns/promises";
import net from "node:net";
import packet from "dns-packet";

const milliseconds = 5000;

/** One question over TCP (RFC 7766), to one name server. */
function ask(server: string, name: string): Promise<SrvRecord[]> {
  const id = randomInt(0x10000);
  const question = packet.streamEncode({
    type: "query",
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: "SRV", name }],
  });
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: server, port: 53 }, () => socket.write(question));
    // For all of the answer: one that comes byte by byte is none.
    const timer = setTimeout(() => socket.destroy(new Error("timed out")), milliseconds);
    let received = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      socket.destroy();
      try {
        const { id: answered, answers = [] } = packet.streamDecode(received);
        if (answered !== id) throw new Error("an answer to another question");
        const records = answers.flatMap((answer) => (answer.type === "SRV" ? [answer.data] : []));
        resolve(
          records.map(({ target, port, priority = 0, weight = 0 }) => ({ name: target, port, priority, weight })),
        );
      } catch (error) {
        reject(error);
      }
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      reject(new Error("the name server closed the connection"));
    });
  });
}

/** SRV records of a name, from the given name servers or the system's. Throws where there are none. */
export async function serviceRecords(name: string, dnsServers: readonly string[] | undefined): Promise<SrvRecord[]> {
  const resolver = new Resolver({ timeout: milliseconds, tries: 2 });
  if (dnsServers !== undefined) resolver.setServers(dnsServers);
  try {
    return await resolver.resolveSrv(name);
  } catch (thrown) {
    // Samba's own name server compresses the target of an SRV record, which RFC 2782 forbids and Node therefore refuses to read.
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EBADRESP")) throw thrown;
    const servers = dnsServers ?? getServers();
    const records = await Promise.any(servers.map((server) => ask(server, name)));
    if (records.length === 0) throw thrown;
    return records;
  }
}
