import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type BerWriter, BindRequest, ResultCodeError } from "ldapts";
import { ProviderError } from "../error";
import { Credential, channelBinding, type Identity, SecurityContext } from "../kerberos";
import { exchange } from "./ldap-exchange";
import { ldapFailure, ldapResult, noFurtherLogon } from "./ldap-failure";
import { SealedStream } from "./sealed-stream";

/** `sasl [3]` of a bind (RFC 4511, section 4.2). */
const saslTag = 0xa3;
const octetString = 0x04;
/** Kerberos inside SPNEGO takes one round, and one more where the server wants its list of mechanisms signed. */
const mostRounds = 4;

/**
 * One step of a bind by GSS-SPNEGO: what Active Directory calls Kerberos, with no negotiation behind it; the flags of the
 * security context say whether what follows is sealed (MS-ADTS, section 5.1.1.1.2).
 */
class SpnegoBindRequest extends BindRequest {
  constructor(
    messageId: number,
    private readonly token: Buffer,
  ) {
    super({ messageId });
  }

  override writeMessage(writer: BerWriter): void {
    writer.writeInt(this.version);
    writer.writeString("");
    writer.startSequence(saslTag);
    writer.writeString("GSS-SPNEGO");
    writer.writeBuffer(this.token, octetString);
    writer.endSequence();
  }
}

/** A logon by Kerberos: made before there is a connection, so that nobody is called whom we cannot talk to. */
export class KerberosLogon {
  private constructor(
    private readonly credential: Credential,
    private readonly host: string,
    private readonly seal: boolean,
  ) {}

  /**
   * @param host the domain controller, by the name in its service principal name `ldap/HOST`
   * @param seal whether what follows the bind is signed and sealed; never inside TLS, where domain controllers refuse it
   * @throws ProviderError `directory-credentials` where the KDC takes neither name nor key, `kerberos` where there is no ticket
   */
  static async acquire(identity: Identity, host: string, seal: boolean): Promise<KerberosLogon> {
    try {
      return new KerberosLogon(await Credential.acquire(identity, "spnego", { protection: seal }), host, seal);
    } catch (error) {
      throw asDirectoryFailure(error);
    }
  }

  /**
   * Binds, and makes sure that the server is who it should be, before anything else is said.
   * @param socket inside TLS where nothing is to be sealed
   * @param milliseconds how long the server may take for each answer
   * @returns what LDAP goes on over
   * @throws ProviderError `kerberos`, `directory-credentials`, `directory-failed`; Error where the connection is lost
   */
  async bind(socket: Socket, milliseconds: number): Promise<Duplex> {
    // Without a realm the KDC is asked whose the host is: it may be of another domain of the forest.
    const service = `ldap/${this.host}@`;
    const context = new SecurityContext(this.credential, {
      service,
      seal: this.seal,
      channelBinding: channelBinding(socket),
    });
    try {
      await this.prove(socket, context, milliseconds);
    } catch (error) {
      context.close();
      throw error instanceof ResultCodeError ? this.refusal(error) : asDirectoryFailure(error);
    }
    if (this.seal) return new SealedStream(socket, context, this.host);
    context.close();
    return socket;
  }

  /** Idempotent. What was bound stays bound. */
  close(): void {
    this.credential.close();
  }

  private async prove(socket: Socket, context: SecurityContext, milliseconds: number): Promise<void> {
    let token = await context.step();
    for (let round = 1; round <= mostRounds; round += 1) {
      const answer = await exchange(socket, new SpnegoBindRequest(round + 1, token), milliseconds);
      if (answer.rest.length > 0) socket.unshift(answer.rest);
      token = Buffer.alloc(0);
      if (answer.saslCredentials !== undefined && !context.established) {
        token = await context.step(answer.saslCredentials);
      }
      if (answer.status !== 0) continue;
      // Who has no proof to show may be anybody, and anybody can say that we are welcome.
      if (context.established && token.length === 0) return;
      throw new ProviderError("kerberos", `${this.host} did not prove who it is.`, {
        hint: "The answer did not come from the domain controller with that name's key; look for a proxy in between.",
      });
    }
    throw new ProviderError("kerberos", `${this.host} did not finish the logon.`);
  }

  private refusal(thrown: ResultCodeError): ProviderError {
    const failure = ldapFailure(thrown, this.host, { what: "log on by Kerberos" });
    const refuse = (sentence: string, hint: string) =>
      new ProviderError(failure.code, `${this.host}: could not log on by Kerberos: ${sentence}.`, {
        hint,
        cause: thrown,
      });
    if (thrown.code === ldapResult.strongerAuthRequired || thrown.code === ldapResult.unwillingToPerform) {
      return this.seal
        ? refuse("it takes no Kerberos logon on this port", "Use tls: ldaps.")
        : refuse("it takes no Kerberos logon inside TLS", "Use tls: kerberos, or a username and password.");
    }
    if (thrown.code !== ldapResult.invalidCredentials || /\bdata (53[0-3]|701|773|775)\b/i.test(thrown.message)) {
      return failure;
    }
    if (/\b80090346\b/.test(thrown.message)) {
      return refuse(
        "the TLS connection that it has is not the one that we have (channel binding)",
        `Look for a device between here and it that opens TLS. ${noFurtherLogon}`,
      );
    }
    return refuse(
      "it did not accept the ticket",
      `Look for a second account with the SPN ldap/${this.host} (setspn -Q), and at its clock. ${noFurtherLogon}`,
    );
  }
}

/** A refused name or key is kept for good, as a refused password is: the next try might lock the account. */
function asDirectoryFailure(thrown: unknown): unknown {
  if (!(thrown instanceof ProviderError) || thrown.code !== "kerberos-refused") return thrown;
  return new ProviderError("directory-credentials", thrown.message, { hint: noFurtherLogon, cause: thrown });
}
