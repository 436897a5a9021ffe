import { qualifiedUserName, type StoredCredential, splitQualifiedName } from "../model/credential";
import type { ExchangeServer } from "../model/server";
import type { Call } from "./cmdlet";
import { exchangeError, invalidArgument, serverUnreachable, wrongServer } from "./exchange-errors";

/** The parameter set `AlternateServiceAccount` of `Set-ClientAccessService`. */
export async function changeAlternateAccount(call: Call, server: ExchangeServer): Promise<void> {
  const { parameters, session } = call;
  const remove = parameters.flag("RemoveAlternateServiceAccountCredentials");
  const cleanUp = parameters.flag("CleanUpInvalidAlternateServiceAccountCredentials");
  const credentials = parameters.credentials("AlternateServiceAccountCredential");
  if (remove && cleanUp) {
    const message =
      "RemoveAlternateServiceAccountCredentials and CleanUpInvalidAlternateServiceAccountCredentials can't be used together.";
    throw exchangeError(message, "SyntaxError", "ArgumentException", server.state.name);
  }
  // Plain removal reaches another server's registry; whatever encrypts or decrypts has to run on the server itself.
  if ((cleanUp || credentials.length > 0) && server !== session.server) {
    throw wrongServer(session.server, server);
  }
  if (!server.online) throw serverUnreachable(server);
  const added = [];
  for (const { userName, password } of credentials) {
    const name = splitQualifiedName(userName);
    if (name === undefined) {
      const message = `The user name "${userName}" isn't valid for an alternate service account. It has to have the form DOMAIN\\name.`;
      throw invalidArgument(message, server.state.name);
    }
    added.push({ ...name, password });
  }
  if (!call.shouldProcess) return;
  if (remove) server.credentials.replace([]);
  if (cleanUp) await cleanUpInvalid(call, server);
  if (added.length > 0) server.credentials.add(added);
  setTimeout(() => server.pickUp(), session.organization.state.pickUpDelay).unref();
}

/**
 * Keeps, newest first and for each name, the first entry that can log on.
 * When that would leave nothing, everything stays: a domain controller that is away must not cost the last credential.
 */
async function cleanUpInvalid(call: Call, server: ExchangeServer): Promise<void> {
  const kept: StoredCredential[] = [];
  const names = new Set<string>();
  for (const credential of server.credentials.all) {
    const name = qualifiedUserName(credential);
    if (names.has(name.toLowerCase()) || !credential.isValid) continue;
    if (await call.session.organization.directory.canLogOn({ name, password: credential.password })) {
      kept.push(credential);
      names.add(name.toLowerCase());
    }
  }
  if (kept.length === 0 && server.credentials.all.length > 0) {
    call.warning(
      `No alternate service account credential of ${server.state.name} could be validated, so none has been removed.`,
    );
    return;
  }
  server.credentials.replace(kept);
}
