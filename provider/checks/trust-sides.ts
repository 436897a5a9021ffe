import type { Directory } from "../directory/directory";
import { readTrusts, type Trust } from "../directory/forest-trust";
import { dnsNameOf } from "../directory/identifiers";

/** The two sides of the trust with one forest of users. */
export interface TrustSides {
  /** DNS name of the users' forest. */
  readonly users: string;
  /** DNS name of the forest with Exchange. */
  readonly resource: string;
  /** The object in the users' forest, which decides where a request for a ticket goes. */
  readonly there: Trust | undefined;
  /** The object in the forest with Exchange, which decides whether it is taken. */
  readonly here: Trust | undefined;
  /** The domain controller of the users' forest that was asked. */
  readonly host: string;
}

/** Reads the trust between the forest with Exchange and one of users, from both sides. */
export async function trustSides(directory: Directory, usersDirectory: Directory): Promise<TrustSides> {
  const [resource, users] = await Promise.all([rootOf(directory), rootOf(usersDirectory)]);
  const [here, there, dc] = await Promise.all([
    readTrusts(directory),
    readTrusts(usersDirectory),
    usersDirectory.domainController(),
  ]);
  const between = (trusts: readonly Trust[], partner: string) =>
    trusts.find((trust) => trust.partner === partner && trust.kind !== "within-forest");
  return { users, resource, here: between(here, users), there: between(there, resource), host: dc.host };
}

async function rootOf(directory: Directory): Promise<string> {
  return dnsNameOf((await directory.forest()).rootDomain);
}
