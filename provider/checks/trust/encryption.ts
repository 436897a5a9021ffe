import { heading } from "../check";
import { fail, pass, unknown, warn } from "../finding";
import { trustCheck } from "./user-forest";

export const trustEncryption = trustCheck(
  "trust-encryption",
  "Referral tickets over the trust are made with AES",
  heading.crossForest,
  async ({ users, here, there, host }) => {
    if (here === undefined || there === undefined) return [];
    return [here, there].map((trust) => {
      const { holder, partner, aes } = trust;
      if (aes === "yes") return pass(users, `AES in ${holder}.`, host);
      if (aes === "unknown") {
        return unknown(users, `in ${holder}, the trust's encryption types cannot be seen from this domain.`);
      }
      const remedy = `ksetup /setenctypeattr ${partner} AES256-CTS-HMAC-SHA1-96 AES128-CTS-HMAC-SHA1-96, in ${holder}.`;
      if (aes === "no") return fail(users, `in ${holder}, the trust does not allow AES.`, remedy, host);
      const seen = `in ${holder}, nobody has set the trust's encryption types: without newer updates that means RC4.`;
      return warn(users, seen, remedy, host);
    });
  },
);
