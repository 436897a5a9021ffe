import { routingOf, routingRemedy } from "../../directory/forest-trust-routing";
import { heading } from "../check";
import { fail, pass, unknown } from "../finding";
import { trustCheck } from "./user-forest";

export const trustRouting = trustCheck(
  "trust-routing",
  "Name suffix routing leads every name from the users' forest here",
  heading.crossForest,
  async ({ users, there, host }, subject) => {
    // What the trust lacks altogether is for trust-kind.
    if (there === undefined || there.kind !== "forest") return [];
    const { malformed, records = [] } = there;
    if (malformed !== undefined) return unknown(users, malformed.message, undefined, host);
    const hostNames = await subject.hostNames();
    return hostNames.map((hostName) => {
      const routing = routingOf(records, hostName);
      if (routing.routed) return pass(hostName, `routed by *.${routing.suffix}.`, host);
      const seen = {
        excluded: () => `${users} excludes it from what goes to ${there.partner}.`,
        disabled: () => `in ${users}, the suffix that covers it is disabled.`,
        "no-suffix": () => `no suffix that ${users} routes to ${there.partner} covers it.`,
      }[routing.because]();
      const steps = routingRemedy(there, hostName, routing).map(({ forest, windows }) => `In ${forest}: ${windows}`);
      return fail(hostName, seen, `${steps.join(" Then in turn. ")}`, host);
    });
  },
);
