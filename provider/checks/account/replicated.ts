import { lagOf } from "../../directory/replication";
import { heading } from "../check";
import { fail, pass, unknown } from "../finding";
import { accountCheck } from "./on-account";

export const accountReplicated = accountCheck(
  "account-replicated",
  "Every domain controller has the account with the same password",
  heading.configureServers,
  async ({ account, name, subject }) => {
    const controllers = await subject.controllers();
    return Promise.all(
      controllers.map(async ({ host }) => {
        const lag = await lagOf(subject.world.directory, host, account);
        if (lag === undefined) return pass(name, "present.", host);
        if (lag.kind === "silent") return unknown(name, `a domain controller ${lag.text}.`, undefined, host);
        return fail(name, `a domain controller ${lag.text}.`, "Look at replication (repadmin /showrepl).", host);
      }),
    );
  },
);
