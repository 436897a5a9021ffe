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
    socket.once("error", (cause) => reject(new Error(`The Exchange lab does not answer on ${socketPath}.`, { cause })));
    createInterface({ input: socket }).once("line", (line) => {
      socket.destroy();
      const reply = replySchema.parse(JSON.parse(line));
      if ("error" in reply) reject(new Error(reply.error));
      else resolve(reply.result);
    });
    socket.once("close", () => reject(new Error("The Exchange lab closed its control socket without an answer.")));
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

export async function labStatus(socketPath: string): Promise<LabStatus> {
  return statusSchema.parse(await control(socketPath, { request: "status" }));
}
