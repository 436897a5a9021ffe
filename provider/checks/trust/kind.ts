import { heading } from "../check";
import { fail, pass, warn } from "../finding";
import { trustCheck } from "./user-forest";

export const trustKind = trustCheck(
  "trust-kind",
  "A forest trust lets the users of each user forest in",
  heading.crossForest,
  async ({ users, resource, here, there, host }) => {
    const create = `Make a forest trust in which ${resource} trusts ${users} (Active Directory Domains and Trusts).`;
    if (here === undefined || there === undefined) {
      const side = here === undefined ? resource : users;
      return fail(users, `${side} has no trust with ${side === users ? resource : users}.`, create, host);
    }
    for (const trust of [here, there]) {
      if (trust.kind === "forest") continue;
      const seen = `in ${trust.holder}, the trust is of the kind “${trust.kind}”, which does not route names of services.`;
      return fail(users, seen, create, host);
    }
    if (!here.outbound || !there.inbound) {
      const seen = `${resource} does not trust ${users}: the trust goes the other way only.`;
      return fail(users, seen, create, host);
    }
    if (here.selectiveAuthentication) {
      const seen = "the trust has selective authentication.";
      return warn(users, seen, "Grant its users “Allowed to authenticate” on the account.", host);
    }
    return pass(users, "a forest trust that lets its users in.", host);
  },
);
