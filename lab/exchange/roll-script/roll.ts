import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Call } from "../cmdlets/cmdlet";
import { CredentialValue, ObjectValue, type Value } from "../cmdlets/value";
import type { DirectoryAccount } from "../model/account-directory";
import { DirectoryRefusal } from "../model/account-directory";
import { qualifiedUserName } from "../model/credential";
import type { ExchangeServer } from "../model/server";
import type { ShellRegistry } from "../shell/shell-registry";
import { destinationServers } from "./destination";
import { type RollRequest, rollRequest, scriptError } from "./parameters";
import { Progress } from "./progress";
import { accountTable, configurationTables, credentialTable, serverTable, stamp } from "./report";
import { SessionError, TargetSessions } from "./target-sessions";

const eventSource = "MSExchange Management Application";

/**
 * `RollAlternateServiceAccountPassword.ps1` with its phases, lines and answers: servers first, the directory last.
 * @returns The exit code: 0 when at least one server was updated, in server scope all of them, and every password set.
 * @throws CmdletError where the script throws.
 */
export async function roll(call: Call, registry: ShellRegistry): Promise<number> {
  const request = rollRequest(call);
  const { server, organization } = call.session;
  const { timeZone } = server.state;
  const progress = new Progress(call, request.unattended);
  if (request.scheduledTask !== undefined) {
    progress.say(`SUCCESS: The scheduled task "${request.scheduledTask}" has successfully been created.`);
    return 0;
  }
  const event = (id: number, level: "Information" | "Warning" | "Error", message: string) =>
    server.events.write({ source: eventSource, id, category: 14, level, message });
  progress.say(`\n\n========== Starting at ${stamp(new Date(), timeZone)} ==========`);
  event(14001, "Information", "The alternate service account credential script has started.");
  const sessions = new TargetSessions(call, registry);
  let succeeded = false;
  try {
    if (!organization.rolesOf(call.session.user).has("Organization Configuration")) {
      throw scriptError(
        "The running user doesn't have enough privileges to perform this operation. Verify that he/she has the 'Organization Configuration' role assigned.",
      );
    }
    succeeded = await rollServers(call, request, sessions, progress);
  } catch (thrown) {
    event(14004, "Error", "The alternate service account credential script has failed.");
    throw thrown;
  } finally {
    sessions.close();
  }
  progress.say(`\n========== Finished at ${stamp(new Date(), timeZone)} ==========`);
  progress.say(`\n\tTHE SCRIPT HAS ${succeeded ? "SUCCEEDED" : "FAILED"}`);
  if (!succeeded) event(14004, "Error", "The alternate service account credential script has failed.");
  else if (progress.warnings > 0) event(14003, "Warning", "The script has succeeded with warnings.");
  else event(14002, "Information", "The script has succeeded.");
  return succeeded ? 0 : 1;
}

/** A password that goes to the servers, and to the directory when it is a new one. */
interface Push {
  readonly credentials: readonly CredentialValue[];
  readonly generatedFor: { readonly name: string; readonly account: DirectoryAccount } | undefined;
}

async function rollServers(
  call: Call,
  request: RollRequest,
  sessions: TargetSessions,
  progress: Progress,
): Promise<boolean> {
  const servers = await destinationServers(call, request, sessions, progress);
  const push =
    "generateFor" in request.source
      ? await generate(call, request.source.generateFor)
      : await copy(call, request.source.copyFrom, sessions, progress);
  if (push === undefined) return false;
  if (progress.criticalErrors.length > 0) {
    const question = "Errors were detected during the preparation stage. Do you want to continue and make changes?";
    if (!(await progress.confirm("Error detected", question, false))) return false;
  }
  progress.say("Destination servers that will be updated:");
  progress.say(serverTable(servers));
  progress.say("Credentials that will be pushed to every server in the specified scope (recent first):");
  progress.say(credentialTable(push.credentials.map(({ userName }) => userName)));
  const updated = await pushToServers(call, servers, push, sessions, progress);
  let passwordSet = true;
  if (push.generatedFor !== undefined) passwordSet = await setInDirectory(call, servers, push, progress);
  progress.say("Retrieving the current Alternate Service Account configuration from servers in scope");
  await describe(call, servers, push, progress);
  const complete = updated === servers.length && progress.criticalErrors.length === 0;
  return passwordSet && updated > 0 && (request.scope !== "Servers" || complete);
}

async function generate(call: Call, name: string): Promise<Push> {
  const account = await call.session.organization.directory.findAccount(name);
  if (account === undefined) throw scriptError(`A user or computer account ${name} was not found.`);
  const password = `${randomUUID()}X${randomUUID()}`;
  return { credentials: [new CredentialValue(name, password)], generatedFor: { name, account } };
}

async function copy(
  call: Call,
  source: string,
  sessions: TargetSessions,
  progress: Progress,
): Promise<Push | undefined> {
  const server = call.session.organization.find(source);
  if (server === undefined) {
    throw scriptError(
      `-CopyFrom parameter should be set to identity that resolves to exactly one Client Access Server. "${source}" doesn't.`,
    );
  }
  const credentials = await withPasswords(server, sessions);
  if (credentials.length === 0) {
    const question =
      "The source server doesn't have any credentials. All credentials on destination servers will therefore be removed.";
    if (!(await progress.confirm("Error detected", question, false))) {
      progress.critical(question);
      return undefined;
    }
  }
  return { credentials, generatedFor: undefined };
}

async function withPasswords(server: ExchangeServer, sessions: TargetSessions): Promise<CredentialValue[]> {
  const parameters = { Identity: server.fqdn, IncludeAlternateServiceAccountCredentialPassword: true };
  try {
    const [object] = await sessions.run(server, "Get-ClientAccessServer", parameters);
    const configuration = member(object, "AlternateServiceAccountConfiguration");
    const credentials = member(configuration, "EffectiveCredentials");
    return (Array.isArray(credentials) ? credentials : [])
      .map((one: Value) => member(one, "Credential"))
      .filter((one) => one instanceof CredentialValue);
  } catch (thrown) {
    if (!(thrown instanceof SessionError)) throw thrown;
    throw scriptError(thrown.message);
  }
}

function member(value: Value | undefined, name: string): Value {
  return value instanceof ObjectValue ? (value.properties[name] ?? null) : null;
}

/** @returns How many servers took the credentials. */
async function pushToServers(
  call: Call,
  servers: readonly ExchangeServer[],
  push: Push,
  sessions: TargetSessions,
  progress: Progress,
): Promise<number> {
  const generated = push.generatedFor !== undefined;
  progress.say(
    generated
      ? "Prior to pushing new credentials, all existing credentials that are invalid or no longer work will be removed from  the destination servers."
      : "Prior to pushing new credentials, all existing credentials will be removed from the destination servers.",
  );
  let updated = 0;
  for (const server of servers) {
    call.signal?.throwIfAborted();
    if (!call.shouldProcess) continue;
    progress.say(`Pushing credentials to server ${server.state.name}`);
    try {
      await sessions.run(server, "Set-ClientAccessServer", {
        Identity: server.fqdn,
        RemoveAlternateServiceAccountCredentials: !generated,
        CleanUpInvalidAlternateServiceAccountCredentials: generated,
        AlternateServiceAccountCredential: push.credentials,
      });
      updated += 1;
    } catch (thrown) {
      if (!(thrown instanceof SessionError)) throw thrown;
      progress.critical(thrown.message);
    }
  }
  return updated;
}

async function setInDirectory(
  call: Call,
  servers: readonly ExchangeServer[],
  push: Push,
  progress: Progress,
): Promise<boolean> {
  const { organization, logOn } = call.session;
  const password = push.credentials[0]?.password ?? "";
  const { name, account } = push.generatedFor ?? { name: "", account: undefined };
  if (account === undefined) return true;
  progress.say("Setting a new password on Alternate Service Account in Active Directory");
  const question = `Do you want to change password for ${name} in Active Directory at this time?`;
  if (!(await progress.confirm("Password change", question, progress.criticalErrors.length === 0))) return false;
  progress.say(`Preparing to update Active Directory with a new password for ${name} ...`);
  if (!call.shouldProcess) return true;
  // Between the last server and the directory lie seconds, 31 in the article's example: more than a Service Host takes.
  await delay(3 * organization.state.pickUpDelay);
  try {
    if (organization.faults.refusesPasswordChange) throw new DirectoryRefusal("Access is denied.");
    if (account.objectClass === "user" && (await changed(call, servers, name, account, password, progress)))
      return true;
    progress.say(`Resetting a password in the Active Directory for ${name} ...`);
    if (logOn === undefined) throw new DirectoryRefusal("Access is denied.");
    await organization.directory.resetPassword(account, password, logOn);
  } catch (thrown) {
    if (!(thrown instanceof DirectoryRefusal)) throw thrown;
    progress.critical(`Failed to set a new password for ${name} in Active Directory: ${thrown.message}`);
    return false;
  }
  progress.say("New password was successfully set to Active Directory.");
  return true;
}

/** A user's password is changed by means of the old one that the servers know; where that fails, it is reset after all. */
async function changed(
  call: Call,
  servers: readonly ExchangeServer[],
  name: string,
  account: DirectoryAccount,
  password: string,
  progress: Progress,
): Promise<boolean> {
  progress.say(`Changing a password in the Active Directory for ${name} ...`);
  const former = servers
    .flatMap((server) => server.credentials.all)
    .find((one) => qualifiedUserName(one).toLowerCase() === name.toLowerCase() && one.password !== password);
  try {
    if (former === undefined) throw new DirectoryRefusal("no old password is known.");
    await call.session.organization.directory.changePassword(account, former.password, password);
  } catch (thrown) {
    if (!(thrown instanceof DirectoryRefusal)) throw thrown;
    progress.nonCritical(`The old password of ${name} can't be used: ${thrown.message}`);
    return false;
  }
  progress.say("New password was successfully set to Active Directory.");
  return true;
}

async function describe(call: Call, servers: readonly ExchangeServer[], push: Push, progress: Progress): Promise<void> {
  const { organization, server } = call.session;
  const accounts = [];
  for (const name of new Set(push.credentials.map(({ userName }) => userName))) {
    const account = await organization.directory.findAccount(name);
    if (account !== undefined) accounts.push({ name, account });
  }
  progress.say("Alternate Service Account properties:");
  progress.say(accountTable(accounts, server));
  progress.say("Per-server Alternate Service Account configuration as of the time of script completion:");
  progress.say(configurationTables(organization, servers));
}
