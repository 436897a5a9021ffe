import { sameAccount } from "../../directory/qualified-name";
import { predatesPassword } from "../../exchange/alternate-account";
import { heading } from "../check";
import { fail, pass, unknown } from "../finding";
import { serverCheck } from "./on-servers";

/**
 * Exchange says when a server got a credential, and never whether its password is right: older than the account's password
 * is wrong for certain. `proof-accepted` tells the rest.
 */
export const serverGeneration = serverCheck(
  "server-generation",
  "No server's credential is older than the account's password",
  heading.verifyDeployment,
  async ({ fqdn, alternate }, subject) => {
    const [name, account] = await Promise.all([subject.accountName(), subject.account()]);
    const [newest] = alternate.credentials;
    if (newest === undefined || account?.passwordLastSet === undefined) return [];
    if (name === undefined || !sameAccount(newest.account, name)) return [];
    if (!alternate.comparable) {
      const seen = `it tells the time of its credential as “${newest.added}”, which cannot be compared.`;
      return unknown(fqdn, seen, "Run the check with --connect: a ticket tells.", fqdn);
    }
    const { passwordLastSet } = account;
    if (!predatesPassword(newest.added, passwordLastSet)) {
      return pass(fqdn, `added ${newest.added}, password of ${passwordLastSet}.`, fqdn);
    }
    return fail(
      fqdn,
      `its credential is of ${newest.added}, and the account got another password on ${passwordLastSet}.`,
      `.\\RollAlternateServiceAccountPassword.ps1 -ToSpecificServers ${fqdn} -CopyFrom SERVER, from one that has the new one.`,
      fqdn,
    );
  },
);
