import { ProviderError } from "../error";
import type { Credential } from "./credential";
import {
  bufferOf,
  call,
  callAsync,
  continueNeeded,
  emptyBuffer,
  failed,
  gssapi,
  importPrincipal,
  mechanisms,
  releaseName,
  type Status,
  take,
} from "./gssapi";
import { kerberosFailure } from "./kerberos-failure";

/** RFC 2744, section 5.19. */
const flags = { mutual: 2, replay: 4, sequence: 8, confidential: 16, integrity: 32 } as const;
const authenticated = flags.mutual | flags.replay | flags.sequence;
const protectedMessages = flags.confidential | flags.integrity;

/** An AES token's own header and the confounder behind it (RFC 4121, section 4.2.6.2). */
const tokenHeader = 16;
const confounder = 16;

export interface ContextOptions {
  /**
   * The service's principal: `HTTP/cas-1.corp.tailspintoys.com@CORP.TAILSPINTOYS.COM`. With nothing behind the `@` the KDC is
   * asked whose the host is (RFC 6806, section 8).
   */
  readonly service: string;
  /** Whether messages will be sealed. Inside TLS they are not, and some servers refuse who asks for both. Default true. */
  readonly seal?: boolean | undefined;
  /** What binds the context to its TLS channel: `tls-server-end-point:` and the hash of the certificate (RFC 5929). */
  readonly channelBinding?: Uint8Array | undefined;
}

/** The client's end of a security context: both sides prove who they are, then messages can be sealed. */
export class SecurityContext {
  readonly #credential: Credential;
  readonly #options: ContextOptions;
  readonly #bindings: object | null;
  /** The service's name for people. */
  readonly #service: string;
  #name: unknown;
  #pointer: unknown = null;
  #established = false;
  #stepping = false;
  #closed = false;

  /** @throws ProviderError `kerberos` for a name that is none */
  constructor(credential: Credential, options: ContextOptions) {
    this.#credential = credential;
    this.#options = options;
    this.#service = options.service.replace(/@$/, "");
    this.#bindings = options.channelBinding === undefined ? null : bindingsOf(options.channelBinding);
    const { name, status } = importPrincipal(options.service);
    if (failed(status.major)) throw kerberosFailure(`use the name ${this.#service}`, "kerberos", status);
    this.#name = name;
  }

  /** Whether the other side has proved who it is, and messages can be sealed. */
  get established(): boolean {
    return this.#established;
  }

  /**
   * The next token for the server; empty where there is none.
   * @param answer the server's last token; left out at the start
   * @throws ProviderError `kerberos` with the KDC's or the library's words and the remedy
   */
  async step(answer?: Uint8Array): Promise<Buffer> {
    const wanted = authenticated | (this.#options.seal === false ? 0 : protectedMessages);
    const context: [unknown] = [this.#pointer];
    const output = emptyBuffer();
    const granted: [number] = [0];
    const mechanism = mechanisms[this.#credential.mechanism];
    const input = answer === undefined ? null : bufferOf(answer);
    this.#stepping = true;
    let status: Status;
    try {
      status = await this.#credential.use((credential) =>
        callAsync(
          gssapi().initContext,
          ...[credential, context, this.#name, mechanism, wanted, 0, this.#bindings, input, null, output],
          ...[granted, [0]],
        ),
      );
    } finally {
      this.#stepping = false;
      this.#pointer = context[0];
      if (this.#closed) this.close();
    }
    const token = take(output);
    if (this.#closed) throw new ProviderError("kerberos", "The security context is closed.");
    if (failed(status.major)) {
      const what =
        answer === undefined ? `get a ticket for ${this.#service}` : `verify that the server is ${this.#service}`;
      throw kerberosFailure(what, this.#credential.mechanism, status);
    }
    this.#established = (status.major & continueNeeded) === 0;
    if (this.#established && (granted[0] & wanted) !== wanted) {
      throw new ProviderError("kerberos", `The server of ${this.#service} does not protect what it is sent.`, {
        hint: "Kerberos with AES is needed; look at the server's settings.",
      });
    }
    return token;
  }

  /** A sealed message in one piece, as the library makes it (RFC 4121, section 4.2.4). */
  wrap(message: Uint8Array): Buffer {
    const output = emptyBuffer();
    const sealed: [number] = [0];
    const status = call(gssapi().wrap, this.#pointer, 1, 0, bufferOf(message), sealed, output);
    const wrapped = take(output);
    if (failed(status.major)) throw kerberosFailure("seal a message", this.#credential.mechanism, status);
    if (sealed[0] !== 1) throw new ProviderError("kerberos", `Nothing can be sealed for ${this.#service}.`);
    return wrapped;
  }

  /** A sealed message as WinRM sends it: the token (header, trailer, confounder), then data as long as the message. */
  seal(message: Uint8Array): { readonly token: Buffer; readonly data: Buffer } {
    const wrapped = this.wrap(message);
    // 05 04 is a token of RFC 4121; RC4 and DES have the older form, which is cut otherwise.
    const trailer = wrapped.length - message.length - tokenHeader - confounder;
    if (wrapped.readUInt16BE(0) !== 0x0504 || trailer <= 0) {
      throw new ProviderError("kerberos", `The ticket for ${this.#service} has no AES key.`, {
        hint: "Allow AES for the server's account (msDS-SupportedEncryptionTypes): RC4 is not spoken here.",
      });
    }
    // MIT leaves the trailer at the end. The rotation count that tells so is not covered by the checksum (RFC 4121, section 4.2.5).
    wrapped.writeUInt16BE(trailer, 6);
    const end = wrapped.length - trailer;
    const cut = tokenHeader + confounder;
    // After a rotation to the right by the trailer's length: header | trailer | confounder | data.
    const token = Buffer.concat([
      wrapped.subarray(0, tokenHeader),
      wrapped.subarray(end),
      wrapped.subarray(tokenHeader, cut),
    ]);
    return { token, data: wrapped.subarray(cut, end) };
  }

  /**
   * Opens a sealed message: token and data in one.
   * @throws ProviderError `kerberos` for one that is damaged, not sealed, out of order or a replay
   */
  open(sealedMessage: Uint8Array): Buffer {
    const output = emptyBuffer();
    const sealed: [number] = [0];
    const status = call(gssapi().unwrap, this.#pointer, bufferOf(sealedMessage), output, sealed, null);
    const message = take(output);
    // Any other status than zero is an error here: a replay or a gap is only a bit beside success.
    if (status.major !== 0) throw kerberosFailure("open a sealed message", this.#credential.mechanism, status);
    if (sealed[0] !== 1)
      throw new ProviderError("kerberos", "The server sent a message that is signed, but not sealed.");
    return message;
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#established = false;
    // The library may be at it on another thread: then it is given back behind that.
    if (this.#stepping) return;
    if (this.#pointer !== null) call(gssapi().deleteContext, [this.#pointer], null);
    this.#pointer = null;
    releaseName(this.#name);
    this.#name = null;
  }
}

function bindingsOf(applicationData: Uint8Array): object {
  return {
    initiatorAddressType: 0,
    initiatorAddress: emptyBuffer(),
    acceptorAddressType: 0,
    acceptorAddress: emptyBuffer(),
    applicationData: bufferOf(applicationData),
  };
}
