import type { Call } from "../cmdlets/cmdlet";
import type { ExchangeServer } from "../model/server";
import { type RollRequest, scriptError } from "./parameters";
import type { Progress } from "./progress";
import { SessionError, type TargetSessions } from "./target-sessions";

/** The servers that the parameters mean, each one reached: what cannot be reached is an error, not yet the end. */
export async function destinationServers(
  call: Call,
  request: RollRequest,
  sessions: TargetSessions,
  progress: Progress,
): Promise<ExchangeServer[]> {
  const { organization } = call.session;
  const names = [...new Set(namesInScope(call, request))];
  const reached: ExchangeServer[] = [];
  for (const name of names) {
    const server = organization.find(name);
    if (server === undefined) {
      progress.critical(`The server ${name} couldn't be found in the organization.`);
      continue;
    }
    if (server.state.product === "2010") {
      progress.critical(`The server ${server.fqdn} runs a version of Exchange that this script doesn't support.`);
      continue;
    }
    try {
      await sessions.run(server, `Get-ClientAccessServer`, {
        Identity: server.fqdn,
        IncludeAlternateServiceAccountCredentialStatus: true,
      });
      reached.push(server);
    } catch (thrown) {
      if (!(thrown instanceof SessionError)) throw thrown;
      progress.critical(thrown.message);
    }
  }
  if (reached.length === 0) {
    throw scriptError(
      `Couldn't figure out valid servers from the specified destination scope. ${progress.criticalErrors.join(" ")}`.trim(),
    );
  }
  return reached;
}

function namesInScope(call: Call, request: RollRequest): readonly string[] {
  const { arrays } = call.session.organization.state;
  switch (request.scope) {
    case "Servers":
      return request.identity;
    case "Array":
      return request.identity.flatMap((array) => {
        const found = Object.entries(arrays).find(([name]) => name.toLowerCase() === array.toLowerCase());
        if (found === undefined) throw scriptError(`The Client Access Array ${array} couldn't be found.`);
        return found[1];
      });
    case "Forest":
      if (Object.keys(arrays).length === 0) {
        throw scriptError("No Client Access Arrays are defined in the current forest");
      }
      return Object.values(arrays).flat();
  }
}
