import { readFileSync } from "node:fs";
import { arch, cpus, release, totalmem, type } from "node:os";

/** What the figures were measured on, as the machine tells it. */
export function machine(): string {
  const processors = cpus();
  const gibibytes = (totalmem() / 2 ** 30).toFixed(1);
  const system = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? type();
  return [
    `${processors[0]?.model.trim() ?? arch()}, ${processors.length} cores, ${gibibytes} GiB`,
    `${system}, ${type()} ${release().split("-")[0]} ${arch()}`,
    `Node ${process.version}`,
  ].join("; ");
}
