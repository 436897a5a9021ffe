import { type Check, heading } from "../check";
import { pass, warn } from "../finding";

export const serverNames: Check = {
  id: "server-names",
  name: "All servers of a site give clients the same names",
  heading: heading.identifyNames,
  async run(subject) {
    const [{ disagreements }, organization, { answered, silent }] = await Promise.all([
      subject.namePlan(),
      subject.organization(),
      subject.servers(),
    ]);
    const looked = new Set([...answered.map(({ fqdn }) => fqdn), ...silent.keys()]);
    return organization
      .filter(({ fqdn }) => looked.has(fqdn))
      .flatMap(({ fqdn, site }) => {
        const own = disagreements.filter(({ server }) => server === fqdn);
        if (own.length === 0) return [pass(fqdn, `as all of ${site}.`)];
        return own.map(({ service, scope, name, others }) =>
          warn(
            fqdn,
            `it gives ${scope} clients of ${service} ${name ?? "no name"}, and most servers of ${site} ${others ?? "none"}.`,
            "Give it the name of the load balancer, or leave it out of the pool.",
          ),
        );
      });
  },
};
