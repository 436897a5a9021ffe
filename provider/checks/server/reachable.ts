import { type Check, heading } from "../check";
import { fail, pass, sentenceOf } from "../finding";

export const serverReachable: Check = {
  id: "server-reachable",
  name: "Every server's PowerShell endpoint answers",
  heading: heading.verifyDeployment,
  async run(subject) {
    const { answered, silent } = await subject.servers();
    return [
      ...answered.map(({ fqdn, product, version }) => pass(fqdn, `Exchange ${product}, ${version}.`, fqdn)),
      ...[...silent].map(([server, error]) => {
        const remedy = error.hint ?? "Give it no traffic until it is back: it may have missed a new password.";
        return fail(server, sentenceOf(error), remedy, server);
      }),
    ];
  },
};
