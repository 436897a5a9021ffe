import dgram from "node:dgram";
import { once } from "node:events";
import packet, { type SrvAnswer, type StringAnswer } from "dns-packet";

type Answer = StringAnswer | SrvAnswer;

/** A name server on loopback that knows what it is given, so that a host's real name can lead to a proxy. */
export async function nameServer(answers: readonly Answer[]): Promise<{ address: string; close(): void }> {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (message, from) => {
    const { id, questions = [] } = packet.decode(message);
    const known = answers.filter((answer) =>
      questions.some(({ name, type }) => type === answer.type && name.toLowerCase() === answer.name.toLowerCase()),
    );
    const reply = packet.encode({ type: "response", id: id ?? 0, questions, answers: [...known] });
    socket.send(reply, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}
