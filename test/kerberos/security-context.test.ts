import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Attribute } from "ldapts";
import { after, afterEach, before, describe, it } from "mocha";
import { corp } from "../../lab/domain-controller";
import { kerberosConfiguration } from "../../lab/environment";
import { KerberosAcceptor } from "../../lab/exchange/kerberos/acceptor";
import { labFolder } from "../../lab/folders";
import { password } from "../../lab/passwords";
import { delegatedUser } from "../../lab/people";
import { unicodePwd } from "../../provider/directory/password";
import type { ProviderError } from "../../provider/error";
import { Credential, SecurityContext, ticketIn } from "../../provider/kerberos";
import { SecureString } from "../../provider/powershell/psrp";
import { enterForest, type Forest } from "../directory/forest";
import { keytabOf } from "../support/kerberos";

/** Both ends of a security context, between them nothing but the lab's KDC. */
describe("a security context", () => {
  let forest: Forest;
  const outside = process.env.KRB5_CONFIG;
  const closing: { close(): void }[] = [];

  before(async function () {
    forest = await enterForest(this);
  });
  afterEach(() => {
    process.env.KRB5_CONFIG = outside;
    for (const one of closing.splice(0).reverse()) one.close();
  });
  after(() => forest?.close());

  /** A service whose account has keys of these types, and a client that has come to it. */
  async function meet(encryptionTypes: number) {
    const name = forest.uniqueName();
    const secret = `Aa1.${name}-keeps-this`;
    const text = (type: string, value: string) => new Attribute({ type, values: [value] });
    await forest.admin.add(`CN=${name},${forest.organizationalUnit}`, [
      ...[text("objectClass", "user"), text("sAMAccountName", name), text("userAccountControl", "512")],
      text("servicePrincipalName", `HTTP/${name}.${corp.dnsName}`),
      text("msDS-SupportedEncryptionTypes", String(encryptionTypes)),
      new Attribute({ type: "unicodePwd", values: [unicodePwd(secret)] }),
    ]);
    const acceptor = new KerberosAcceptor(await keytabOf(name, secret));
    const identity = {
      ...{ kind: "password" as const, principal: `${delegatedUser}@${corp.realm}` },
      password: new SecureString(password(`${delegatedUser}@${corp.dnsName}`)),
    };
    const credential = await Credential.acquire(identity, "kerberos");
    const client = new SecurityContext(credential, { service: `HTTP/${name}.${corp.dnsName}@${corp.realm}` });
    closing.push(acceptor, credential, client);
    const token = await client.step();
    const server = acceptor.accept(token);
    assert.ok(server, "the service did not take the ticket");
    closing.push(server);
    return { client, server, ticket: ticketIn(token), answer: server.reply ?? Buffer.alloc(0) };
  }

  const refuses = (words: RegExp) => (error: ProviderError) => {
    assert.equal(error.code, "kerberos");
    assert.match(error.message, words);
    return true;
  };

  it("with AES seals as WinRM sends it, and opens what the server has sealed", async () => {
    const { client, server, ticket, answer } = await meet(24);
    await client.step(answer);
    assert.equal(ticket?.encryptionType, 18);
    const { token, data } = client.seal(Buffer.from("to the server"));
    assert.deepEqual([token.length, data.length], [60, "to the server".length]);
    assert.equal(server.unwrap(Buffer.concat([token, data]))?.toString(), "to the server");
    assert.equal(client.open(server.wrap(Buffer.from("to the client"))).toString(), "to the client");
  });

  it("refuses what is signed and not sealed, and goes on with what is", async () => {
    const { client, server, answer } = await meet(24);
    await client.step(answer);
    const signed = server.wrap(Buffer.from("for everybody to read"), "signed");
    assert.ok(signed.includes("for everybody to read"));
    assert.throws(() => client.open(signed), refuses(/signed, but not sealed/));
    assert.equal(client.open(server.wrap(Buffer.from("whispered"))).toString(), "whispered");
  });

  it("refuses to seal with RC4 as WinRM would have it, and says whose account lacks AES", async () => {
    const rc4 = join(labFolder, "krb5-rc4.conf");
    const permits =
      "[libdefaults]\n allow_weak_crypto = true\n permitted_enctypes = arcfour-hmac aes256-cts-hmac-sha1-96\n";
    writeFileSync(rc4, permits + readFileSync(kerberosConfiguration, "utf8"));
    process.env.KRB5_CONFIG = rc4;
    const { client, ticket, answer } = await meet(4);
    await client.step(answer);
    assert.equal(ticket?.encryptionType, 23);
    assert.throws(
      () => client.seal(Buffer.from("an envelope")),
      refuses(/^The ticket for HTTP\/\S+ has no AES key\. .*msDS-SupportedEncryptionTypes.*RC4/),
    );
  });
});
