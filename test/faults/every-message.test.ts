import assert from "node:assert/strict";
import { corp } from "../../lab/domain-controller";
import { ProviderError } from "../../provider/error";
import { addAlternateAccount, readAlternateAccount } from "../../provider/exchange/alternate-account";
import { type ExchangeServer, listExchangeServers } from "../../provider/exchange/exchange-servers";
import { openSessions } from "../../provider/exchange/open-sessions";
import { ExchangeOrganization } from "../../provider/exchange/organization";
import { run } from "../../provider/exchange/remote-shell";
import { SecureString } from "../../provider/powershell/psrp";
import { resolveSettings } from "../../provider/settings";
import { tell } from "../exchange-lab/support/clients";
import { fullNames, Site } from "../stack/exchange/site";
import { fault } from "./table";
import { type Lost, Wire } from "./wire";

const [host = ""] = fullNames;
const service = "MSExchangeMailboxReplication";

/** Where a transport says that a command may have run. Whatever else it says, the command has not. */
const unclear = "unclear-outcome";

/**
 * One command that changes something, over a session of its own, cut at each message that the session sends: from its logon to
 * its farewell. What is said of the command must be true, and it is never sent twice.
 */
describe("a session with Exchange that is cut at any of its messages", function () {
  this.timeout(120_000);
  let site: Site;
  let server: ExchangeServer;
  let open: ExchangeOrganization[] = [];

  const settings = () => resolveSettings("default", { config: () => undefined, environment: process.env });
  const exchange = () => {
    const one = new ExchangeOrganization(openSessions(settings()), 1);
    open.push(one);
    return one;
  };
  const close = async () => {
    await Promise.all(open.map((one) => one.close()));
    open = [];
  };

  before(async function () {
    site = await Site.enter(this, "Messages");
    const found = (await listExchangeServers(exchange().endpoint(host))).find(({ fqdn }) => fqdn === host);
    server = found ?? assert.fail(`no ${host}`);
    await close();
  });
  after(async () => {
    if (site === undefined) return;
    await tell({ request: "set-service", server: host, service, state: "Running" });
    await close();
    await site.leave();
  });

  /**
   * @param act does the command, over sessions of its own
   * @param done how often it was done
   */
  async function cutEach(
    lost: Lost,
    act: (organization: ExchangeOrganization, at: number) => Promise<unknown>,
    done: (at: number) => Promise<number>,
  ) {
    let mayHaveRun = 0;
    for (let at = 1; ; at += 1) {
      const wire = new Wire({ at, lost, network: "up" });
      const organization = exchange();
      const error = await wire
        .run(() => act(organization, at))
        .then(
          () => undefined,
          (thrown: unknown) => ProviderError.from(thrown),
        );
      await close();
      // What the cut has left open would end by idling, minutes later.
      await tell({ request: "expire-shells" });
      const count = await done(at);
      const said = `message ${at}: ${error?.code}: ${error?.message}`;
      if (!wire.isCut) {
        assert.equal(count, 1, said);
        assert.ok(mayHaveRun > 0, "no cut hit the command itself");
        return at - 1;
      }
      if (error === undefined) assert.equal(count, 1, said);
      else if (error.code === unclear) assert.ok(count <= 1, said);
      else assert.equal(count, 0, said);
      if (error !== undefined) {
        assert.ok(error.message.includes(host), said);
        assert.notEqual(error.code, "unexpected", said);
        assert.doesNotMatch(error.message, /Secret-of-the-message/);
      }
      if (error?.code === unclear) mayHaveRun += 1;
    }
  }

  const credentialsOf = async (account: string) => {
    const found = (await site.status()).find(({ fqdn }) => fqdn === host);
    return found?.credentials.filter((one) => one.account === account).length ?? 0;
  };
  const accountAt = (lost: Lost, at: number) => `${corp.netbiosName}\\MESSAGE-${lost}-${at}$`;

  for (const lost of ["request", "answer"] as const) {
    fault(
      {
        name: `WS-Management: the ${lost} is lost`,
        how: "each message of a session that carries a password",
        expected: "the command is done once, or was not done, or nobody knows and that is what is said",
      },
      () =>
        cutEach(
          lost,
          async (organization, at) => {
            const password = new SecureString("Secret-of-the-message-1");
            const credential = { account: accountAt(lost, at), password };
            const shell = organization.endpoint(host);
            await addAlternateAccount(shell, server, credential, "keep");
            await organization.close();
          },
          (at) => credentialsOf(accountAt(lost, at)),
        ),
    );
  }

  for (const lost of ["request", "answer"] as const) {
    fault(
      {
        name: `SSH: the ${lost} is lost`,
        how: "each packet of a session, from the first greeting on",
        expected: "the command is done, or was not done, or nobody knows and that is what is said",
      },
      async () => {
        let before = "Running";
        const state = async () => (await site.status()).find(({ fqdn }) => fqdn === host)?.services[service] ?? "";
        return cutEach(
          lost,
          async (organization) => {
            before = await Wire.aside(state);
            const name = before === "Running" ? "Stop-Service" : "Start-Service";
            const pipeline = [{ name, parameters: { Name: service } }] as const;
            await run(organization.managementShell(host), pipeline, { what: `turn ${service} around` });
            await organization.close();
          },
          async () => ((await state()) === before ? 0 : 1),
        );
      },
    );
  }

  it("works as before once nobody cuts anything", async () => {
    const { credentials } = await readAlternateAccount(exchange().endpoint(host), server);
    assert.ok(credentials.length > 0);
  });
});
