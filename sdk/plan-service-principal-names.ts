import * as pulumi from "@pulumi/pulumi";
import type { NamespacePlan } from "../provider/checks/plan";

export type { NamespacePlan };

/** Inputs of {@link planServicePrincipalNames}: plain values, as the answer may name resources. */
export interface PlanArgs {
  /** Full name of any Exchange server; it knows the others. */
  entry: string;
  /** Look at these servers only. Default: all that run Client Access services. */
  servers?: readonly string[];
  /** Default: `"default"`. */
  connection?: string;
}

/**
 * Reads what the servers give to clients and says which `http/` names each site needs, as `exchange-kerberos plan` does.
 * It only reads, and does so in `pulumi preview` too.
 * @throws ProviderError where a setting is missing, or the server or the directory does not answer.
 */
export async function planServicePrincipalNames(args: PlanArgs): Promise<NamespacePlan> {
  // Loaded when it is called: a program that makes resources alone does without LDAP and PowerShell in its own process.
  const { makeNamespacePlan } =
    require("../provider/checks/namespace-plan") as typeof import("../provider/checks/namespace-plan");
  const { openConnection } =
    require("../provider/resources/connection") as typeof import("../provider/resources/connection");
  const { configNamespace, defaultConnection, resolveSettings } =
    require("../provider/settings") as typeof import("../provider/settings");
  const config = new pulumi.Config(configNamespace);
  const settings = resolveSettings(args.connection ?? defaultConnection, {
    config: (key) => config.get(key.slice(configNamespace.length + 1)),
    environment: process.env,
  });
  const connection = openConnection(settings);
  try {
    const { directory, exchange } = connection;
    const selection = { entry: args.entry, servers: args.servers };
    return await makeNamespacePlan({ settings, directory, exchange, userForests: [] }, selection);
  } finally {
    await connection.close();
  }
}
