import { encryptionTypesOf } from "../../directory/encryption-types";
import { heading } from "../check";
import { fail, pass, quoted, warn } from "../finding";
import { accountCheck } from "./on-account";

/** UF_USE_DES_KEY_ONLY of `userAccountControl` (MS-ADTS 2.2.16). */
const desOnly = 0x200000;

export const accountEncryptionTypes = accountCheck(
  "account-encryption-types",
  "The account's encryption types are set, with AES",
  heading.createAccount,
  async ({ account, name, host }) => {
    const set = (value: number) =>
      `Set-ADObject ${quoted(account.distinguishedName)} -Replace @{"msDS-SupportedEncryptionTypes"=${value}}`;
    if ((account.userAccountControl & desOnly) !== 0) {
      const remedy = `Set-ADAccountControl ${quoted(account.distinguishedName)} -UseDESKeyOnly $false`;
      return fail(name, "it is set to use DES only, which domain controllers do not speak any more.", remedy, host);
    }
    const types = encryptionTypesOf(account.encryptionTypeBits);
    if (types.includes("aes256") || types.includes("aes128")) return pass(name, `${types.join(", ")}.`, host);
    if (account.encryptionTypeBits === undefined) {
      const seen = "msDS-SupportedEncryptionTypes is not set, so it depends on the updates of each domain controller.";
      return warn(name, seen, set(28), host);
    }
    const seen = `msDS-SupportedEncryptionTypes is ${account.encryptionTypeBits}: no AES.`;
    return fail(name, seen, `${set(account.encryptionTypeBits | 24)}, then roll the password.`, host);
  },
);
