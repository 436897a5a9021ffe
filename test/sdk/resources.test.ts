import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as ek from "../../sdk";

const made: pulumi.runtime.MockResourceArgs[] = [];

/** Asks the promise behind an output; `undefined` is a value like another. */
function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

describe("the classes of the SDK", () => {
  const password = "given-password";
  let account: ek.AsaAccount;
  let registered: pulumi.runtime.MockResourceArgs | undefined;
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource(args) {
          made.push(args);
          return { id: `${args.name}-id`, state: { enabled: true, ...args.inputs, qualifiedName: "TAILSPIN\\ASA$" } };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    );
    account = new ek.AsaAccount("asa", { name: "ASA", password, replication: { timeoutSeconds: 60 } });
    await resolved(account.urn);
    registered = made.find(({ name }) => name === "asa");
  });

  it("have types of their own among the dynamic resources", async () => {
    assert.equal(registered?.type, "pulumi-nodejs:dynamic/exchangeKerberos:AsaAccount");
    const spn = new ek.ServicePrincipalName("mail", { account: account.qualifiedName, spn: "http/mail" });
    assert.match(await resolved(spn.urn), /pulumi-nodejs:dynamic\/exchangeKerberos:ServicePrincipalName::mail$/);
    assert.equal(await resolved(spn.account), "TAILSPIN\\ASA$");
  });

  it("put one frozen line into every state, and nothing else of theirs", () => {
    // Every stack ever deployed holds this line. It must keep working, so it must not change.
    const loader = 'exports.handler = () => require("pulumi-exchange-kerberos/runtime").provider("AsaAccount");';
    assert.equal(registered?.inputs.__provider, loader);
    assert.equal(loader.length, 91);
    const { __provider: _, ...inputs } = registered?.inputs ?? {};
    assert.deepEqual(Object.keys(inputs).sort(), ["name", "password", "replication"]);
  });

  it("have outputs that resolve to what the provider found", async () => {
    assert.equal(await resolved(account.qualifiedName), "TAILSPIN\\ASA$");
    assert.equal(await resolved(account.name), "ASA");
  });

  it("have those of inputs that were left out too", async () => {
    const { accountType, enabled, encryptionTypes } = account;
    for (const output of [accountType, enabled, encryptionTypes]) assert.ok(pulumi.Output.isInstance(output));
    assert.equal(await resolved(enabled), true);
  });

  it("encrypt a password that was given in clear", () => {
    const wrapped = registered?.inputs.password;
    assert.notEqual(wrapped, password);
    assert.equal(wrapped.value, password);
    assert.equal(wrapped["4dabf18193072939515e22adb298388d"], "1b47061264138c4ac30d75fd1eb44270");
  });

  it("point from import, and from reading by id, to adopt", () => {
    for (const options of [{ import: "guid" }, { id: "guid" }]) {
      const make = () => new ek.AsaAccount("old", { name: "ASA" }, options);
      assert.throws(make, /AsaAccount "old" cannot be imported, nor read by its id.* adopt: true/);
    }
  });
});
