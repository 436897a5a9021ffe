import {
  acceptUsage,
  bufferOf,
  channelBound,
  continueNeeded,
  emptyBuffer,
  failed,
  gssapi,
  gssCall,
  take,
} from "./gssapi";

/** A security context that a client has opened. */
export class AcceptedClient {
  /**
   * @param principal Kerberos principal, e.g. `wendy@USERS.CONTOSO.COM`.
   * @param reply What goes back to the client: the proof that the server is who it says.
   * @param bound Whether the logon is bound to the channel.
   */
  constructor(
    readonly principal: string,
    readonly reply: Buffer | undefined,
    readonly bound: boolean,
    private context: unknown,
  ) {}

  /** Seals a message, or signs it and leaves it as it is. */
  wrap(message: Uint8Array, how: "sealed" | "signed" = "sealed"): Buffer {
    const output = emptyBuffer();
    const sealed: [number] = [0];
    const confidential = how === "sealed" ? 1 : 0;
    const { major } = gssCall((status) =>
      gssapi().wrap(status, this.context, confidential, 0, bufferOf(message), sealed, output),
    );
    if (failed(major)) throw new Error(`GSSAPI could not seal a message (${major.toString(16)}).`);
    return take(output) ?? Buffer.alloc(0);
  }

  /** Opens a sealed message; undefined for one that is damaged, replayed or not sealed. */
  unwrap(message: Uint8Array): Buffer | undefined {
    const output = emptyBuffer();
    const sealed: [number] = [0];
    const { major } = gssCall((status) =>
      gssapi().unwrap(status, this.context, bufferOf(message), output, sealed, null),
    );
    const text = take(output) ?? Buffer.alloc(0);
    return major === 0 && sealed[0] === 1 ? text : undefined;
  }

  /** Gives the context back; it can be used no more. */
  close(): void {
    const { context } = this;
    this.context = null;
    if (context !== null) gssCall((status) => gssapi().deleteContext(status, [context], null));
  }
}

/** Bound to no address, as clients do that bind to a certificate. */
function bindingsOf(applicationData: Uint8Array): object {
  return {
    initiatorType: 0,
    initiatorAddress: emptyBuffer(),
    acceptorType: 0,
    acceptorAddress: emptyBuffer(),
    applicationData: bufferOf(applicationData),
  };
}

/** Accepts the one token of a Kerberos client, bare or inside SPNEGO, with the keys of a keytab and no others. */
export class KerberosAcceptor {
  private readonly credential: unknown;

  /** @param keytab Path of the keytab. The key is what decides: neither the name in a ticket nor the key version has to match. */
  constructor(keytab: string) {
    const credential: [unknown] = [null];
    const store = { count: 1, elements: [{ key: "keytab", value: `FILE:${keytab}` }] };
    const { major, minor } = gssCall((status) =>
      gssapi().acquireCredentialFrom(status, null, 0xffffffff, null, acceptUsage, store, credential, null, null),
    );
    if (failed(major)) throw new Error(`The keytab ${keytab} cannot be used (GSSAPI ${major.toString(16)}, ${minor}).`);
    this.credential = credential[0];
  }

  /**
   * @param channel What the client must have bound the logon to (RFC 5929), where it binds it to anything.
   * @returns The client, or undefined when no key opens the ticket or the client would need another round.
   */
  accept(token: Uint8Array, channel?: Uint8Array): AcceptedClient | undefined {
    const context: [unknown] = [null];
    const name: [unknown] = [null];
    const output = emptyBuffer();
    const flags: [number] = [0];
    const { major } = gssCall((status) =>
      gssapi().acceptContext(
        ...[
          status,
          context,
          this.credential,
          bufferOf(token),
          channel ? bindingsOf(channel) : null,
          name,
          null,
          output,
          flags,
          null,
          null,
        ],
      ),
    );
    const reply = take(output);
    if (failed(major) || (major & continueNeeded) !== 0) {
      if (context[0] !== null) gssCall((status) => gssapi().deleteContext(status, context, null));
      return undefined;
    }
    const text = emptyBuffer();
    gssCall((status) => gssapi().displayName(status, name[0], text, null));
    gssCall((status) => gssapi().releaseName(status, name));
    const bound = (flags[0] & channelBound) !== 0;
    return new AcceptedClient(take(text)?.toString("utf8") ?? "", reply, bound, context[0]);
  }

  close(): void {
    gssCall((status) => gssapi().releaseCredential(status, [this.credential]));
  }
}
