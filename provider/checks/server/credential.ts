import { sameAccount } from "../../directory/qualified-name";
import { heading } from "../check";
import { fail, pass } from "../finding";
import { serverCheck } from "./on-servers";

export const serverCredential = serverCheck(
  "server-credential",
  "Every server's newest credential is the account's",
  heading.verifyDeployment,
  async ({ fqdn, alternate }, subject) => {
    const name = await subject.accountName();
    if (name === undefined) return [];
    const [newest] = alternate.credentials;
    const copy = ".\\RollAlternateServiceAccountPassword.ps1 -ToSpecificServers";
    const remedy = `Copy it from a server that has it: ${copy} ${fqdn} -CopyFrom SERVER`;
    if (newest === undefined) return fail(fqdn, "it has no alternate service account.", remedy, fqdn);
    if (sameAccount(newest.account, name)) return pass(fqdn, `since ${newest.added}.`, fqdn);
    return fail(fqdn, `its newest credential is that of ${newest.account}, not of ${name}.`, remedy, fqdn);
  },
);
