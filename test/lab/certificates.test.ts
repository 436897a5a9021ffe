import { mustRun } from "../../lab/command";
import { checkoutFolder } from "../../lab/folders";

/** In a lab that has no authority yet: what is made is kept for its whole life. */
const fourAtOnce = `
  const { rmSync } = require("node:fs");
  const { authorityFile, provideCertificate } = require("./lab/certificates");
  const { mustRun } = require("./lab/command");
  const { labFolder } = require("./lab/folders");
  const names = ["one", "two", "three", "four"];
  Promise.all(names.map((name) => provideCertificate(name, [name + ".example"])))
    .then((made) => mustRun("openssl", ["verify", "-CAfile", authorityFile, ...made.map(({ certificate }) => certificate)]))
    .finally(() => rmSync(labFolder, { recursive: true }));`;

describe("certificates of a lab", function () {
  this.timeout(60_000);

  it("are all of one authority, also those that are asked for at the same time", async () => {
    const environment = { ...process.env, LAB_COPY: `certificates-${process.pid}`, TS_NODE_TRANSPILE_ONLY: "1" };
    const options = { environment, folder: checkoutFolder };
    await mustRun("node", ["-r", "ts-node/register", "-e", fourAtOnce], options);
  });
});
