import { sameAccount } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import type { ExchangeServer } from "../../exchange/exchange-servers";
import { type Check, type Finding, heading } from "../check";
import { fail, pass, unknown } from "../finding";
import type { Server, Subject } from "../subject";

/** "Exchange 2010 and Exchange 2016 can't share the same ASA credential" (article, "Important"). */
export const accountExchange2010: Check = {
  id: "account-exchange-2010",
  name: "No server of Exchange 2010 has the account",
  heading: heading.createAccount,
  async run(subject) {
    const [name, organization, { answered }] = await Promise.all([
      subject.accountName(),
      subject.organization(),
      subject.servers(),
    ]);
    const old = organization.filter(({ product, clientAccess }) => product === "2010" && clientAccess);
    // Which accounts a server has can be read from any later one, with the cmdlets of that one.
    const reader = answered.find(({ product }) => product !== "2010");
    if (name === undefined || reader === undefined) return [];
    if (old.length === 0) return [pass(name, "the organization has no Exchange 2010.", reader.fqdn)];
    return Promise.all(old.map((server) => shares(server, name, reader, subject)));
  },
};

async function shares(server: ExchangeServer, name: string, reader: Server, subject: Subject): Promise<Finding> {
  const { fqdn } = server;
  try {
    const asked = { ...server, product: reader.product };
    const { credentials } = await subject.alternateOf(reader.shell, asked);
    if (!credentials.some(({ account }) => sameAccount(account, name))) {
      return pass(fqdn, "it runs Exchange 2010, and does not have the account.", reader.fqdn);
    }
    const seen = `it runs Exchange 2010 and holds ${name} too.`;
    return fail(fqdn, seen, "Make an account of its own for the later versions, and deploy that.", reader.fqdn);
  } catch (thrown) {
    return unknown(fqdn, `it runs Exchange 2010. ${ProviderError.from(thrown).message}`, undefined, reader.fqdn);
  }
}
