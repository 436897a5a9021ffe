import assert from "node:assert/strict";
import { mock } from "node:test";
import { after, before, beforeEach, describe, it } from "mocha";
import { dc1 } from "../../lab/domain-controller";
import {
  type Account,
  addAccount,
  changeAccount,
  deleteAccount,
  moveAccount,
  readAccount,
  setPassword,
} from "../../provider/directory/accounts";
import type { Directory } from "../../provider/directory/directory";
import { commonName } from "../../provider/directory/distinguished-name";
import { LdapSession } from "../../provider/directory/ldap-session";
import { randomPassword } from "../../provider/directory/password";
import { addSpn, removeSpn } from "../../provider/directory/spn-holders";
import { enterForest, type Forest } from "./forest";
import { type Fault, lossyLine } from "./lossy-proxy";

/** Each kind of write looks afterwards whether it was done, and neither takes it for granted nor sends it again. */
describe("a write that nobody answered", function () {
  this.timeout(30_000);
  let forest: Forest;
  let line: Awaited<ReturnType<typeof lossyLine>>;
  let directory: Directory;
  let account: Account;

  before(async function () {
    forest = await enterForest(this);
    line = await lossyLine(dc1);
    directory = forest.open(line.settings);
  });
  beforeEach(async () => {
    const { guid } = await add();
    await addSpn(directory, { guid, distinguishedName: "" }, `http/${guid}`);
    account = (await readAccount(directory, guid)) ?? assert.fail("no account");
  });
  after(async () => {
    line?.close();
    await forest?.close();
  });

  const add = (more: { name?: string; container?: string } = {}) =>
    addAccount(directory, {
      name: forest.uniqueName(),
      accountType: "computer",
      container: forest.organizationalUnit,
      description: "before",
      enabled: true,
      encryptionTypeBits: 28,
      password: randomPassword(),
      ...more,
    });
  const change = (to: Parameters<typeof changeAccount>[2]) => () => changeAccount(directory, account, to);
  const writes: readonly [what: string, write: () => Promise<unknown>][] = [
    ["a new account", () => add()],
    ["disabling it", change({ enabled: false })],
    ["a description", change({ description: "after" })],
    ["no description", change({ description: "" })],
    ["encryption types", change({ encryptionTypeBits: 24 })],
    ["another sAMAccountName", () => change({ samAccountName: `${forest.uniqueName()}$` })()],
    [
      "another place",
      () => moveAccount(directory, account, `CN=Computers,${forest.domain}`, commonName(account.distinguishedName)),
    ],
    ["a password", () => setPassword(directory, account, randomPassword())],
    ["its end", () => deleteAccount(directory, account)],
    ["one more name", () => addSpn(directory, account, `http/${account.guid}.example.com`)],
    ["a name less", () => removeSpn(directory, account, `HTTP/${account.guid}`)],
  ];

  /** The fault meets the write itself, and not what is asked before it. */
  async function meeting(fault: Fault, write: () => Promise<unknown>): Promise<unknown> {
    const kinds = (["add", "modify", "move", "delete"] as const).map((kind) => {
      const real: (...given: never[]) => Promise<void> = LdapSession.prototype[kind];
      return mock.method(LdapSession.prototype, kind, function (this: LdapSession, ...given: never[]) {
        line.proxy.fault = fault;
        return real.apply(this, given);
      });
    });
    try {
      return await write();
    } finally {
      for (const kind of kinds) kind.mock.restore();
    }
  }

  for (const [what, write] of writes) {
    it(`is done where only the answer was lost: ${what}`, () => meeting("lose-answer", write));

    it(`is not taken for done where it was lost itself: ${what}`, () =>
      assert.rejects(meeting("lose-request", write), {
        code: "directory-unclear",
        message: /It was not done when looked at afterwards, and was not sent again/,
      }));
  }

  it("is not taken for done where another account has the name of the new one", () =>
    assert.rejects(
      meeting("lose-request", () =>
        add({ name: commonName(account.distinguishedName), container: `CN=Computers,${forest.domain}` }),
      ),
      { code: "directory-unclear" },
    ));
});
