import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Attribute, Change } from "ldapts";
import { after, before, describe, it } from "mocha";
import { corp } from "../../lab/domain-controller";
import { type Account, addAccount, setPassword } from "../../provider/directory/accounts";
import type { ProviderError } from "../../provider/error";
import { enterForest, type Forest } from "./forest";

/** Milliseconds from 1601, where FILETIME begins, to 1970. */
const filetimeEpoch = 11_644_473_600_000;

describe("a user whom the KDC refuses", () => {
  let forest: Forest;
  let folder: string;
  const password = "Refused-by-KDC-1";
  const trace = process.env.KRB5_TRACE;

  before(async function () {
    forest = await enterForest(this);
    folder = mkdtempSync(join(tmpdir(), "kerberos-refusal-"));
  });
  after(async () => {
    if (trace === undefined) delete process.env.KRB5_TRACE;
    else process.env.KRB5_TRACE = trace;
    if (folder !== undefined) rmSync(folder, { recursive: true });
    await forest?.close();
  });

  const set = (account: Account, type: string, value: string) =>
    forest.admin.modify(
      account.distinguishedName,
      new Change({ operation: "replace", modification: new Attribute({ type, values: [value] }) }),
    );
  const yesterday = String(BigInt(Date.now() - 86_400_000 + filetimeEpoch) * 10_000n);

  const cases: readonly (readonly [what: string, make: (account: Account) => Promise<unknown>, words: RegExp])[] = [
    [
      "is disabled",
      (account) => set(account, "userAccountControl", "514"),
      /have been revoked.*disabled, expired or locked/,
    ],
    [
      "has expired",
      (account) => set(account, "accountExpires", yesterday),
      /have been revoked.*disabled, expired or locked/,
    ],
    [
      "must change the password",
      (account) => set(account, "pwdLastSet", "0"),
      /password has expired.*Change the account's/i,
    ],
    [
      "has another password",
      (account) => setPassword(forest.open(), account, "Another-password-2"),
      /Preauthentication failed.*set the current one/,
    ],
    [
      "is not there",
      (account) => forest.admin.del(account.distinguishedName),
      /not found in Kerberos database.*user principal/,
    ],
  ];
  for (const [what, make, words] of cases) {
    it(`is told why, and tried once in a run: one who ${what}`, async () => {
      const name = forest.uniqueName();
      const account = await addAccount(forest.open(), {
        ...{ name, accountType: "user", container: forest.organizationalUnit, description: undefined },
        ...{ enabled: true, encryptionTypeBits: 24, password },
      });
      await make(account);
      process.env.KRB5_TRACE = join(folder, name);
      const directory = forest.open({ tls: "kerberos", username: `${name}@${corp.dnsName}`, password });
      const ask = () =>
        directory.forest().then(
          () => assert.fail("it connected"),
          (error: ProviderError) => error,
        );
      const errors = await Promise.all(Array.from({ length: 20 }, ask));
      errors.push(await ask());
      for (const { code, message } of errors) {
        assert.match(message, words);
        assert.deepEqual(
          [code, message.includes("No further logon is tried")],
          ["directory-credentials", true],
          message,
        );
      }
      // To ask for the proof of the password is no refusal.
      const refusals = /error from KDC: -?\d+\/(?!Additional pre-authentication)/g;
      assert.equal(readFileSync(join(folder, name), "utf8").match(refusals)?.length, 1);
    });
  }
});
