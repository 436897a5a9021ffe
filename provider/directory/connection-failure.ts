import { certificateFailures } from "../certificate-failure";
import { type ErrorCode, ProviderError } from "../error";

/** One end of a connection. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

type Explanation = readonly [code: ErrorCode, sentence: string, hint: string];

function explain(error: Error & { code?: unknown; syscall?: unknown }, { host, port }: Endpoint): Explanation {
  const code = typeof error.code === "string" ? error.code : "";
  // Before the codes: a name server that is closed or silent gives the same ones as a domain controller.
  if (/^(query|getaddrinfo)/.test(String(error.syscall))) {
    return [
      "directory-unreachable",
      `The name ${host} could not be resolved${code === "ENOTFOUND" ? "" : ` (${code})`}.`,
      "Check the name and the DNS servers (dnsServers).",
    ];
  }
  const certificate = certificateFailures.get(code);
  if (certificate !== undefined) {
    return ["directory-certificate", `The certificate of ${host}:${port} ${certificate[0]}.`, certificate[1]];
  }
  switch (code) {
    case "ECONNREFUSED":
      return [
        "directory-unreachable",
        `${host} refused the connection to port ${port}.`,
        "Check that it is a domain controller that runs, and that it has a certificate for LDAP over TLS.",
      ];
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return [
        "directory-unreachable",
        `There is no route to ${host}:${port}.`,
        "Check the network between here and it.",
      ];
    case "EPROTO":
      return ["directory-certificate", `${host}:${port} does not speak TLS as we do.`, "It needs TLS 1.2 or later."];
  }
  if (/timeout|timed out/i.test(error.message)) {
    return [
      "directory-unreachable",
      `${host}:${port} did not answer in time.`,
      "Check that it runs and that no firewall drops the connection.",
    ];
  }
  return [
    "directory-unreachable",
    `The connection to ${host}:${port} was lost before it was ready${code === "" ? "" : ` (${code})`}.`,
    "Check that it is a domain controller that runs, and that it has a certificate for LDAP over TLS.",
  ];
}

/** Why there is no connection, from what Node's sockets and TLS threw. */
export function connectionFailure(thrown: unknown, endpoint: Endpoint): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const [code, sentence, hint] = explain(error, endpoint);
  return new ProviderError(code, sentence, { hint, cause: thrown });
}
