import { accountEncryptionTypes } from "../../checks/account/encryption-types";
import { accountGroups } from "../../checks/account/groups";
import { accountUniqueName } from "../../checks/account/unique-name";
import { serviceHostOf } from "../../checks/server/service-host";
import { warningLines, warningsOf } from "../../checks/warnings";
import type { Context } from "../handler";
import type { AsaDeploymentInputs } from "./schema";
import type { Survey } from "./survey";

/** What `exchange-kerberos check` would find of an account that is new to a deployment. */
export async function warnOfAccount(
  { connection, account }: Pick<AsaDeploymentInputs, "connection" | "account">,
  context: Context,
): Promise<void> {
  const checks = [accountEncryptionTypes, accountGroups, accountUniqueName];
  for (const line of await warningsOf(context.connection(connection), { account }, checks)) context.progress(line);
}

/** The same of servers that are new to it: without this service a server keeps a credential that it does not use. */
export async function warnOfServers(connection: string, { found }: Survey, context: Context): Promise<void> {
  const { exchange } = context.connection(connection);
  const settled = await exchange.onEach([...found.values()], ({ exchangeServer }) =>
    serviceHostOf(exchange.endpoint(exchangeServer.fqdn), exchangeServer, context.signal),
  );
  // A server whose services cannot be seen can be given the credential all the same.
  const findings = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  for (const line of warningLines(findings)) context.progress(line);
}
