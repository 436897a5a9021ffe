import { ProviderError } from "../../error";
import { channelBinding, type Identity, SecurityContext } from "../../kerberos";
import type { SecureString } from "../psrp";
import type { CookieJar } from "./cookie-jar";
import { type HttpAnswer, HttpExchange } from "./http-exchange";
import { Logon } from "./logon";
import { refusedStatus } from "./refused-status";
import { openBody, type Scheme, sealBody, sealedType } from "./sealed-body";
import { connectSocket } from "./socket";

/** Name and password as they are: inside TLS only. */
export interface BasicIdentity {
  readonly kind: "basic";
  readonly username: string;
  readonly password: SecureString;
}

/** Who logs on. */
export type WsmanIdentity = Identity | BasicIdentity;

export interface ConnectionOptions {
  readonly url: URL;
  /** The Kerberos logon that all connections of a session share, or a password for inside TLS. */
  readonly logon: Logon | BasicIdentity;
  /** The server's principal. */
  readonly service: string;
  readonly ca?: string | undefined;
  readonly connectDeadline: number;
  readonly cookies: CookieJar;
}

/** A security context, which lives and dies with its connection. */
interface Proved {
  readonly scheme: Scheme;
  readonly context: SecurityContext;
}

const soapType = "application/soap+xml;charset=UTF-8";

/** One connection on which both sides have proved who they are. Over plain HTTP every body is sealed. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #http: HttpExchange;
  #proved: Proved | undefined;
  /** Whether this server wants a logon with each request: IIS does where `authPersistNonNTLM` is off. */
  #logsOnEachTime = false;

  private constructor(options: ConnectionOptions, http: HttpExchange) {
    this.#options = options;
    this.#http = http;
  }

  /**
   * Connects and logs on. Nothing that has an effect is sent.
   * @throws ProviderError `name-not-resolved`, `port-closed`, `timeout`, `wrong-server`, `kerberos`, `password-refused`, `access-denied`, `not-exchange`
   */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options, new HttpExchange(options.url, await connectSocket(options)));
    try {
      if (options.logon instanceof Logon)
        await connection.#prove(
          options.logon,
          "Negotiate",
          Buffer.alloc(0),
          performance.now() + options.connectDeadline,
        );
      return connection;
    } catch (error) {
      connection.destroy();
      throw beforeAnyEffect(error);
    }
  }

  get alive(): boolean {
    return this.#http.alive;
  }

  /**
   * Posts an envelope.
   * @param deadline milliseconds until the whole answer must be here
   * @returns the answer's XML, a fault's as well
   * @throws ProviderError `unclear-outcome` where it may have taken effect; anything else where it did not
   */
  async post(xml: string, deadline: number): Promise<string> {
    const proved = this.#proved;
    const { logon, url } = this.#options;
    const seals = proved !== undefined && url.protocol === "http:";
    const body = seals ? sealBody(xml, proved.context, proved.scheme) : Buffer.from(xml, "utf8");
    const until = performance.now() + deadline;
    const answer = await this.#send(body, seals ? sealedType(proved.scheme) : soapType, until).catch((error) => {
      this.destroy();
      throw error;
    });
    const type = answer.headers["content-type"] ?? "";
    try {
      if (seals && /^multipart\/(x-multi-)?encrypted/i.test(type)) return openBody(answer.body, proved.context);
    } catch (error) {
      this.destroy();
      throw maybeCarriedOut(url, error);
    }
    // A fault in clear could be anybody's; only where nothing is sealed is it the server's.
    if (!seals && (answer.status === 200 || answer.status === 500) && type.toLowerCase().includes("xml")) {
      return answer.body.toString("utf8");
    }
    this.destroy();
    throw answer.status === 401 && !(logon instanceof Logon)
      ? passwordRefused(url, logon.username, schemes(answer))
      : refusedStatus(url, answer, seals);
  }

  /** Idempotent, never throws. */
  destroy(): void {
    this.#http.destroy();
    this.#forget();
  }

  /** @param until by {@link performance.now}, when the whole answer must be here, that of a logon on the way included */
  async #send(body: Buffer, type: string, until: number): Promise<HttpAnswer> {
    const { logon, url } = this.#options;
    const proved = this.#proved;
    if (!(logon instanceof Logon) || proved === undefined) {
      const authorization = logon instanceof Logon ? {} : { Authorization: basic(logon) };
      return this.#exchange({ "Content-Type": type, ...authorization }, body, until);
    }
    if (!this.#logsOnEachTime) {
      const answer = await this.#exchange({ "Content-Type": type }, body, until);
      const asked = answer.status === 401 && schemes(answer).has(proved.scheme.toLowerCase());
      // Sealed, the context is all the logon there is. Else RFC 9110 section 15.5.2: what got a 401 has not been carried out.
      if (url.protocol === "http:" || !asked || !this.alive) return answer;
      this.#logsOnEachTime = true;
    }
    return this.#prove(logon, proved.scheme, body, until);
  }

  /**
   * RFC 4559: posts with a token, until the token of an answer proves the server.
   * @param body empty for a logon that has no effect
   */
  async #prove(logon: Logon, scheme: Scheme, body: Buffer, until: number): Promise<HttpAnswer> {
    const { url, service } = this.#options;
    this.#forget();
    const secure = url.protocol === "https:";
    const asked = performance.now();
    const credential = await logon.credential(scheme === "Negotiate" ? "spnego" : "kerberos");
    const binding = channelBinding(this.#http.socket);
    const context = new SecurityContext(credential, { service, seal: !secure, channelBinding: binding });
    this.#proved = { scheme, context };
    let token = await context.step();
    // The KDC has its own time: the server is not late for it.
    const end = until + performance.now() - asked;
    for (let round = 0; round < 4; round += 1) {
      const headers = { Authorization: `${scheme} ${token.toString("base64")}`, "Content-Type": soapType };
      const answer = await this.#exchange(headers, body, end);
      const taken = body.length > 0 && answer.status !== 401;
      const offered = schemes(answer);
      const reply = offered.get(scheme.toLowerCase());
      if (reply !== undefined && reply !== "") {
        token = await context.step(Buffer.from(reply, "base64")).catch((error: unknown) => {
          throw taken ? maybeCarriedOut(url, error) : error;
        });
        if (context.established) return answer;
        if (taken) throw maybeCarriedOut(url, notProved(url, answer.status, []));
        continue;
      }
      if (answer.status === 401 && scheme === "Negotiate" && !offered.has("negotiate") && offered.has("kerberos"))
        return this.#prove(logon, "Kerberos", body, end);
      // TLS has proved the server too: what it says of a body that it took is its own word.
      if (taken) return answer;
      if (answer.status !== 401 && answer.status >= 300) throw refusedStatus(url, answer, false);
      throw notProved(url, answer.status, [...offered.keys()]);
    }
    throw new ProviderError("kerberos", `${url.hostname} did not finish the logon.`);
  }

  /** @throws ProviderError `unclear-outcome` where it was sent, and no whole answer came; anything else where it was not sent */
  async #exchange(headers: Record<string, string>, body: Buffer, until: number): Promise<HttpAnswer> {
    const { cookies, url } = this.#options;
    if (!this.alive) throw notKept(url);
    const deadline = until - performance.now();
    if (deadline <= 0) throw new ProviderError("timeout", `${url.hostname} did not finish the logon in time.`);
    const cookie = cookies.header;
    const answer = await this.#http.post({
      headers: { ...headers, "User-Agent": "pulumi-exchange-kerberos", ...(cookie === "" ? {} : { Cookie: cookie }) },
      body,
      deadline,
    });
    cookies.store(answer.headers["set-cookie"] ?? []);
    return answer;
  }

  #forget(): void {
    this.#proved?.context.close();
    this.#proved = undefined;
  }
}

/** What is lost before a command went out is lost without harm. */
export function beforeAnyEffect(error: unknown): ProviderError {
  const failure = ProviderError.from(error, "protocol");
  if (failure.code !== "unclear-outcome") return failure;
  return new ProviderError("protocol", failure.message, { cause: failure });
}

function notKept({ hostname }: URL): ProviderError {
  return new ProviderError("protocol", `${hostname} does not keep the connection on which it takes our logon.`, {
    hint:
      "A Kerberos logon needs a connection that stays: allow HTTP keep-alive on the server (IIS), and look for a proxy or a load " +
      "balancer in between that closes it.",
  });
}

function maybeCarriedOut({ hostname }: URL, error: unknown): ProviderError {
  const { message } = ProviderError.from(error);
  return new ProviderError("unclear-outcome", `${hostname}: ${message}`, { cause: error });
}

function passwordRefused({ hostname }: URL, username: string, offered: ReadonlyMap<string, string>): ProviderError {
  if (offered.has("basic")) {
    return new ProviderError("password-refused", `${hostname} refuses the password of ${username}.`, {
      hint: "Check the name (user@domain) and the password, and that the account is neither locked nor disabled.",
    });
  }
  return new ProviderError(
    "access-denied",
    `${hostname} takes no password (Basic); it offers ${[...offered.keys()].join(", ") || "nothing"}.`,
    { hint: "Use Kerberos, or turn it on there: Set-PowerShellVirtualDirectory -BasicAuthentication $true." },
  );
}

function basic({ username, password }: BasicIdentity): string {
  return `Basic ${Buffer.from(`${username}:${password.reveal()}`, "utf8").toString("base64")}`;
}

/** The schemes of `WWW-Authenticate`, in small letters, with their tokens. */
function schemes({ headers }: HttpAnswer): Map<string, string> {
  const offered = (headers["www-authenticate"] ?? "").split(",").map((one) => one.trim().split(/\s+/, 2));
  return new Map(offered.filter(([name]) => name !== "").map(([name = "", token = ""]) => [name.toLowerCase(), token]));
}

function notProved({ hostname }: URL, status: number, offered: readonly string[]): ProviderError {
  if (status === 401 && offered.some((one) => one === "negotiate" || one === "kerberos")) {
    return new ProviderError("access-denied", `${hostname} did not accept our Kerberos ticket.`, {
      hint:
        "Its HTTP SPN must be on the account whose key it holds (look for a second holder with setspn -Q), its clock must be right, " +
        "and the account must be allowed to use remote PowerShell.",
    });
  }
  if (status === 401) {
    const list = offered.length === 0 ? "nothing" : offered.join(", ");
    return new ProviderError("access-denied", `${hostname} offers no Kerberos for PowerShell, only: ${list}.`, {
      hint: "Allow Windows authentication on its PowerShell virtual directory, or use HTTPS.",
    });
  }
  return new ProviderError("wrong-server", `${hostname} did not prove who it is.`, {
    hint: "The answer did not come from a server with the key of that name; look for a proxy in between.",
  });
}
