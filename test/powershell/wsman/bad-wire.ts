import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { after, afterEach, before, beforeEach } from "mocha";
import { authorityFile } from "../../../lab/certificates";
import { corp } from "../../../lab/domain-controller";
import { password } from "../../../lab/passwords";
import { delegatedUser } from "../../../lab/people";
import type { PowerShellSession } from "../../../provider/powershell/pipeline";
import { SecureString } from "../../../provider/powershell/psrp";
import { openWsmanSession, type WsmanOptions } from "../../../provider/powershell/wsman";
import { requireExchange } from "../../support/lab";
import { Gateway, type Meddling } from "./gateway";
import { Greeter } from "./greeter";

const resourceUri = "http://schemas.microsoft.com/powershell/Microsoft.Exchange";

export const secret = (text = password(`${delegatedUser}@${corp.dnsName}`)) => new SecureString(text);

export const byPassword = () =>
  ({ kind: "password", principal: `${delegatedUser}@${corp.realm}`, password: secret() }) as const;

/** Tells requests of one kind from the others; bodies inside TLS can be read. */
export const withBody = (request: IncomingMessage) => Number(request.headers["content-length"] ?? 0) > 0;

/** Answers every request so. */
export const refuse = (
  status: number,
  headers: Record<string, string | string[]> = {},
  body = "",
): Required<Pick<Meddling, "instead">> => ({
  instead: (request, response) => {
    request.resume().once("end", () => response.writeHead(status, headers).end(body));
    return true;
  },
});

/** Sessions with a server that greets, through a gateway that meddles. */
class BadWire {
  gateway!: Gateway;
  /** How many the server has carried out in this test. */
  commands = 0;
  private readonly sessions: PowerShellSession[] = [];

  async open(more: Partial<WsmanOptions> & { closeDeadline?: number } = {}): Promise<PowerShellSession> {
    const session = await openWsmanSession({
      url: this.gateway.url,
      identity: byPassword(),
      realm: corp.realm,
      resourceUri,
      ca: readFileSync(authorityFile, "utf8"),
      closeDeadline: 1000,
      ...more,
    });
    this.sessions.push(session);
    return session;
  }

  /** A session that is open and idle, and then meets this. */
  async meet(meddling: Meddling, more: Partial<WsmanOptions> = {}): Promise<PowerShellSession> {
    const session = await this.open(more);
    this.gateway.meddling = meddling;
    return session;
  }

  closeSessions() {
    return Promise.all(this.sessions.splice(0).map((session) => session.close()));
  }
}

/** For the suite it is called in: the gateway for all of it, which meddles with nothing when a test begins. */
export function badWire(): BadWire {
  const wire = new BadWire();
  before(async function () {
    await requireExchange(this);
    wire.gateway = await Gateway.open(
      (_user, _query, listener) =>
        new Greeter(listener, () => {
          wire.commands += 1;
        }),
    );
  });
  beforeEach(() => {
    wire.commands = 0;
  });
  afterEach(async () => {
    if (wire.gateway !== undefined) wire.gateway.meddling = {};
    await wire.closeSessions();
  });
  after(() => wire.gateway?.close());
  return wire;
}
