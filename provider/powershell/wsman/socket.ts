import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { certificateFailures } from "../../certificate-failure";
import { ProviderError } from "../../error";

export interface SocketOptions {
  readonly url: URL;
  /** Whose certificate it has to be. Default: the host of the address. */
  readonly certificateName?: string | undefined;
  /** Certificate authorities to trust, PEM. Default: those of Node. */
  readonly ca?: string | undefined;
  /** Milliseconds. */
  readonly connectDeadline: number;
}

/**
 * A connection to the server, TLS included. A certificate that will not do is never accepted.
 * @throws ProviderError `name-not-resolved`, `port-closed`, `wrong-server` (certificate), `protocol` (no TLS), `timeout`
 */
export function connectSocket({ url, certificateName, ca, connectDeadline }: SocketOptions): Promise<Socket> {
  const host = url.hostname;
  const servername = certificateName ?? host;
  const secure = url.protocol === "https:";
  const port = Number(url.port || (secure ? 443 : 80));
  return new Promise((resolve, reject) => {
    const socket = secure
      ? // Said, as NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would take any certificate.
        connectTls({ host, port, servername, ca, minVersion: "TLSv1.2", rejectUnauthorized: true })
      : connectPlain({ host, port });
    const fail = (error: ProviderError) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      const hint = "Check that the server runs and that no firewall drops the connection.";
      fail(
        new ProviderError("timeout", `Port ${port} of ${host} did not answer within ${connectDeadline / 1000} s.`, {
          hint,
        }),
      );
    }, connectDeadline);
    let answers = false;
    socket.once("connect", () => {
      answers = true;
    });
    // For good: once it is connected this changes nothing, and between two requests nobody else listens.
    socket.on("error", (error) => fail(connectFailure(host, port, error, servername, answers)));
    socket.once(secure ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

function connectFailure(
  host: string,
  port: number,
  error: Error & { code?: string },
  certificateName: string,
  answers: boolean,
): ProviderError {
  const { code = "" } = error;
  const certificate = certificateFailures.get(code);
  if (certificate !== undefined) {
    const [what, hint] = certificate;
    const askedFor = certificateName === host ? "" : ` asked for as ${certificateName},`;
    return new ProviderError("wrong-server", `The certificate of ${host}, port ${port},${askedFor} ${what}.`, {
      hint,
      cause: error,
    });
  }
  if (/^ENOTFOUND$|^EAI_/.test(code)) {
    return new ProviderError("name-not-resolved", `The name ${host} could not be resolved.`, {
      hint: "Check its spelling, and this machine's DNS servers.",
      cause: error,
    });
  }
  // Who speaks TLS badly is up, and must not pass for one that is down. Windows resets the connection where it lacks a certificate.
  if (answers) {
    const what = `Port ${port} of ${host} answers, but no TLS connection came about (${code || error.message}).`;
    const hint = "Check that HTTPS is served there with a certificate, and that TLS 1.2 is on.";
    return new ProviderError("protocol", what, { hint, cause: error });
  }
  return new ProviderError("port-closed", `Port ${port} of ${host} could not be reached (${code || error.message}).`, {
    hint: "Check that the server runs IIS, and the firewall between.",
    cause: error,
  });
}
