/** Loads all of PowerShell remoting on a system that koffi has no build for, and says how far that comes. */
import Module from "node:module";
import { text } from "node:stream/consumers";

const loader = Module as unknown as { _resolveFilename: (name: string, ...more: unknown[]) => string };
const resolve = loader._resolveFilename;
loader._resolveFilename = function (name, ...more) {
  if (name === "koffi") throw new Error("Cannot find the native Koffi module");
  return resolve.call(this, name, ...more);
};

async function main(): Promise<void> {
  const remoting = require("../../provider/powershell") as typeof import("../../provider/powershell");
  const { startServer } =
    require("../../provider/powershell/server-process") as typeof import("../../provider/powershell/server-process");
  const { Credential } = require("../../provider/kerberos") as typeof import("../../provider/kerberos");
  const said = (await text(startServer("/bin/sh", ["-c", "echo hello"]).fromServer)).trim();
  const { code, message } = await Credential.acquire({ kind: "cache" }, "spnego").catch((error) => error);
  console.log(JSON.stringify({ open: typeof remoting.openWsmanSession, said, code, message }));
}

void main();
