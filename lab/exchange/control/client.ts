import { connect } from "node:net";
import { createInterface } from "node:readline";
import { type ControlRequest, type LabStatus, replySchema, statusSchema } from "./request";

/**
 * Tells the running lab something and gives back its answer.
 * @param socketPath The control socket in the lab's folder.
 */
export function control(socketPath: string, request: ControlRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const lines = createInterface({ input: socket });
    // The reader passes on the socket's errors.
    lines.once("error", (cause) => reject(new Error(`The Exchange lab does not answer on ${socketPath}.`, { cause })));
    lines.once("line", (line) => {
      socket.destroy();
      const reply = replySchema.safeParse(JSON.parse(line));
      if (!reply.success) reject(new Error(`The Exchange lab said what it should not: ${reply.error.message}`));
      else if ("error" in reply.data) reject(new Error(reply.data.error));
      else resolve(reply.data.result);
    });
    socket.once("close", () => reject(new Error("The Exchange lab closed its control socket without an answer.")));
    socket.on("error", () => {});
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

export async function labStatus(socketPath: string): Promise<LabStatus> {
  return statusSchema.parse(await control(socketPath, { request: "status" }));
}
