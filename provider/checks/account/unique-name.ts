import { namesakes } from "../../directory/namesakes";
import { heading } from "../check";
import { pass, warn } from "../finding";
import { accountCheck } from "./on-account";

export const accountUniqueName = accountCheck(
  "account-unique-name",
  "No other object of the forest has the account's name",
  heading.createAccount,
  async ({ account, name, subject }) => {
    const { directory } = subject.world;
    const [others, catalog] = await Promise.all([namesakes(directory, account), directory.globalCatalog()]);
    if (others.length === 0) return pass(name, "no namesake.", catalog.host);
    return others.map(({ distinguishedName, samAccountName, conflict }) =>
      conflict
        ? warn(
            name,
            `replication has found two of it, and renamed one to ${distinguishedName}.`,
            "Delete the one that is not on the servers.",
            catalog.host,
          )
        : warn(
            name,
            `${distinguishedName} is called ${samAccountName}: whoever leaves out the $ or the domain means that one.`,
            "Rename one of the two.",
            catalog.host,
          ),
    );
  },
);
