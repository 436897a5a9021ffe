import type { dynamic } from "@pulumi/pulumi";
import { ProviderError } from "../error";
import { handlers } from "../resources";
import { adapt } from "./adapter";
import { Run } from "./run";

const run = new Run(process.env, (line) => console.log(line));

/**
 * The provider of one resource type. Every state holds a text that calls this (sdk/resource.ts): name and signature stay.
 * @throws ProviderError `refused` for a resource that this version does not have.
 */
export function provider(kind: string): dynamic.ResourceProvider {
  const handler = handlers[kind];
  if (!handler) {
    throw new ProviderError("refused", `This version of pulumi-exchange-kerberos has no resource ${kind}.`, {
      hint: "Install the version that the stack was made with, or a newer one.",
    });
  }
  return {
    ...adapt(handler, run),
    async configure(request) {
      run.configure(request.config);
      endWithProcess();
    },
  };
}

let endsWithProcess = false;

/** Pulumi ends a plugin with SIGINT: what is under way saves its state, and no connection is left behind on a server. */
function endWithProcess(): void {
  if (endsWithProcess) return;
  endsWithProcess = true;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void run.end().finally(() => process.exit()));
  }
}
