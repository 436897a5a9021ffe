import type { Check, Finding, Heading } from "../check";
import type { Subject } from "../subject";
import type { TrustSides } from "../trust-sides";

/** A check of the trust with each forest whose users have mailboxes here; none where all users are of this forest. */
export function trustCheck(
  id: `trust-${string}`,
  name: string,
  heading: Heading,
  look: (sides: TrustSides, subject: Subject) => Promise<Finding | readonly Finding[]>,
): Check {
  return {
    id,
    name,
    heading,
    async run(subject) {
      const found = (await subject.trusts()).map((sides) => look(sides, subject));
      return (await Promise.all(found)).flat();
    },
  };
}
