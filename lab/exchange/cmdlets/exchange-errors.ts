import type { ExchangeServer } from "../model/server";
import type { ExchangeSession } from "./cmdlet";
import { CmdletError, type ErrorCategory } from "./cmdlet-error";

/** Errors of Exchange's own cmdlets. Where the words are not known to us, the lab's words say the same. */

export function objectNotFound(session: ExchangeSession, identity: string): CmdletError {
  const message = `The operation couldn't be performed because object '${identity}' couldn't be found on '${session.organization.state.domainController}'.`;
  return new CmdletError(message, {
    category: "NotSpecified",
    errorId: "ManagementObjectNotFoundException",
    reason: "ManagementObjectNotFoundException",
    target: identity,
  });
}

export function invalidArgument(message: string, target?: string): CmdletError {
  return exchangeError(message, "InvalidArgument", "ArgumentException", target);
}

/** What a server writes only for itself was asked of another one. */
export function wrongServer(running: ExchangeServer, target: ExchangeServer): CmdletError {
  const message = `This operation on the alternate service account credentials of "${target.fqdn}" has to run on that server, but it was run on "${running.fqdn}". Connect to "${target.fqdn}" and run it there.`;
  return exchangeError(message, "InvalidOperation", "InvalidOperationException", target.state.name);
}

export function serverUnreachable(target: ExchangeServer): CmdletError {
  const message = `The network path was not found: server "${target.fqdn}" could not be contacted to read its settings.`;
  return exchangeError(message, "ResourceUnavailable", "IOException", target.state.name);
}

/** What Test-ServiceHealth writes of a service that should run. */
export function serviceStopped(server: ExchangeServer, service: string): CmdletError {
  const message = `The service ${service} of ${server.fqdn} starts automatically, and is not running.`;
  return exchangeError(message, "ResourceUnavailable", "ServiceNotRunningException", service);
}

export function exchangeError(
  message: string,
  category: ErrorCategory,
  reason: string,
  target: string | undefined,
): CmdletError {
  return new CmdletError(message, {
    category,
    errorId: reason,
    reason,
    ...(target === undefined ? {} : { target }),
  });
}
