import { type ErrorCode, ProviderError } from "../../error";
import type { HttpAnswer } from "./http-exchange";

type Meaning = readonly [code: ErrorCode, sentence: string, hint: string];

function meaning({ status, headers }: HttpAnswer, host: string, sealed: boolean): Meaning {
  if (status >= 300 && status < 400) {
    const place = (headers.location ?? "").replace(/\p{Cc}+/gu, " ").slice(0, 200);
    return [
      "wrong-server",
      `${host} sends us on to ${place || "another place"}.`,
      "Redirects are not followed: name that server itself.",
    ];
  }
  switch (status) {
    case 401:
      return [
        "access-denied",
        `${host} asks for a logon again, after one that it had accepted.`,
        "Run again. If it stays so, the account is known there but not let in (remote PowerShell, authorization rules of its " +
          "PowerShell virtual directory), or something on the way changes connections (a proxy, a load balancer).",
      ];
    case 403:
      return [
        "access-denied",
        `${host} forbids it (HTTP 403).`,
        "The account needs remote PowerShell (Set-User -RemotePowerShellEnabled $true).",
      ];
    case 404:
    case 405:
      return [
        "not-exchange",
        `${host} has no PowerShell endpoint at this address (HTTP ${status}).`,
        "Name an Exchange server, not a load balancer or a proxy.",
      ];
    case 408:
    case 413:
    case 400:
      return [
        "protocol",
        `${host} did not understand the request (HTTP ${status}).`,
        "Look at the event log and the HttpProxy log of the server.",
      ];
    case 429:
    case 503:
      return [
        "quota",
        `${host} is too busy (HTTP ${status}).`,
        "Wait some minutes and run again; is its PowerShell application pool running?",
      ];
  }
  const type = (headers["content-type"] ?? "nothing").split(";")[0] ?? "";
  const inClear = sealed && type.includes("xml");
  if (status === 200 && !inClear) {
    return [
      "not-exchange",
      `${host} answered with ${type} instead of WS-Management.`,
      "Name an Exchange server, not a load balancer or a proxy.",
    ];
  }
  const how = inClear ? "in clear what had to be sealed" : `HTTP ${status} (${type})`;
  // The server, or something before it, failed while it was at it.
  return ["unclear-outcome", `${host} answered ${how}.`, "Look at the event log and the HttpProxy log of the server."];
}

/** An answer that is none of WS-Management. `unclear-outcome` where the request may have taken effect all the same. */
export function refusedStatus(url: URL, answer: HttpAnswer, sealed: boolean): ProviderError {
  const [code, sentence, hint] = meaning(answer, url.hostname, sealed);
  return new ProviderError(code, sentence, { hint });
}
