import assert from "node:assert/strict";
import type { Command } from "commander";
import { describe, it } from "mocha";
import { checkCommand } from "../../cli/check-command";
import { planCommand } from "../../cli/plan-command";
import { rollCommand } from "../../cli/roll-command";
import { selectionOf } from "../../cli/selection";
import { statusCommand } from "../../cli/status-command";
import { Subject } from "../../provider/checks/subject";
import type { World } from "../../provider/checks/world";

const noServer = /Give the server by its full name, as cas-1\./;
const noName = /Give the name that clients use, without http\/ or a port/;
const noAccount = /Give the account as DOMAIN\\name, with a \$/;

/** What the command line says of these words, before anybody is asked; nothing where it takes them. */
async function said(make: () => Command, ...words: string[]): Promise<string> {
  const command = make()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command
    .action(() => {})
    .parseAsync(words, { from: "user" })
    .then(
      () => "",
      ({ message }: Error) => message,
    );
}

describe("names on the command line", () => {
  it("each count where an option is given more than once", async () => {
    const command = checkCommand();
    const given = ["cas-1", "cas-2"].flatMap((name) => ["--server", `${name}.example.com`, "--host-name", name]);
    await command.action(() => {}).parseAsync(given, { from: "user" });
    const { servers, hostNames, maxPasswordAgeDays } = selectionOf(command.opts());
    assert.deepEqual(
      [servers, hostNames],
      [
        ["cas-1.example.com", "cas-2.example.com"],
        ["cas-1", "cas-2"],
      ],
    );
    assert.equal(maxPasswordAgeDays, 365);
  });

  it("has an age in days that a calendar can show", async () => {
    const refused = (text: string) => said(statusCommand, `--max-password-age=${text}`);
    for (const text of ["0.5", "99999"]) assert.equal(await refused(text), "", text);
    for (const text of ["0", "-1", "100000", "a year"]) assert.match(await refused(text), /no number of days/, text);
  });

  it("are refused where nobody can have them: checks of what nobody asks for would pass", async () => {
    for (const name of [
      "mail.corp.example.com.",
      "http/mail.corp.example.com",
      "mail.example.com:443",
      "10.0.0.1",
      "büro.de",
    ])
      assert.match(await said(checkCommand, "--host-name", name), noName, name);
    for (const name of [
      "cas-1",
      "cas-1.corp.example.com ",
      "cas-1.corp.example.com.",
      "https://cas-1.corp.example.com/ecp",
      "10.0.0.1",
    ]) {
      assert.match(await said(statusCommand, "--server", "cas-2.example.com", "--server", name), noServer, name);
      assert.match(await said(planCommand, "--entry", name), noServer, name);
      assert.match(await said(rollCommand, "--account", "CORP\\ASA$", "--entry", name), noServer, name);
    }
  });

  it("of accounts have their domain, as a program for what is nobody's would make another account", async () => {
    for (const name of ["ASA$", "ASA$@corp.example.com", "CORP\\", "CORP\\A\\B"])
      assert.match(await said(planCommand, "--program", "--account", name), noAccount, name);
  });

  it("of clients are nothing to a plan, which is to find them: it takes no option that would change nothing", async () => {
    for (const option of ["--host-name", "--max-password-age", "--user-forest"])
      assert.match(await said(planCommand, option, "30"), new RegExp(`unknown option '${option}'`));
  });

  it("are taken in every form that there is", async () => {
    const names = ["--host-name", "Mail.corp.example.com", "--host-name", "mail"];
    const accounts = ["CORP\\ASA$", "corp.example.com/asa", "CORP\\exchange asa"];
    for (const account of accounts) {
      const words = [
        "--entry",
        "CAS-1.corp.example.com",
        "--server",
        "cas_1.example.com",
        "--account",
        account,
        ...names,
      ];
      assert.equal(await said(checkCommand, ...words), "");
    }
  });

  it("are asked for by the names of the option and the setting", async () => {
    const subject = new Subject({ settings: {} } as World, {});
    await assert.rejects(subject.organization(), /Name one of them \(--entry, or the setting managementHost\)/);
  });
});
