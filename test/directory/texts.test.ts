import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { accountOf } from "../../provider/directory/account";
import {
  childOf,
  commonName,
  domainOf,
  isDistinguishedName,
  parentOf,
  sameDistinguishedName,
} from "../../provider/directory/distinguished-name";
import { encryptionTypeBits, encryptionTypesOf } from "../../provider/directory/encryption-types";
import { filetimeText, guidText, sidText } from "../../provider/directory/identifiers";
import { randomPassword, unicodePwd } from "../../provider/directory/password";
import { parseServicePrincipalName } from "../../provider/directory/service-principal-name";

describe("identifiers", () => {
  it("reads a GUID with its first three groups little-endian", () => {
    const bytes = Buffer.from("00112233445566778899aabbccddeeff", "hex");
    assert.equal(guidText(bytes), "33221100-5544-7766-8899-aabbccddeeff");
  });

  it("reads a SID", () => {
    const bytes = Buffer.from("010500000000000515000000a065cf7e784b9b5fe77c8770091c0100", "hex");
    assert.equal(sidText(bytes), "S-1-5-21-2127521184-1604012920-1887927527-72713");
  });

  it("reads a FILETIME, and nothing from one that was never set", () => {
    assert.equal(filetimeText("132539328000000000"), "2021-01-01T00:00:00.000Z");
    assert.equal(filetimeText("0"), undefined);
  });
});

describe("an account as a directory shows it", () => {
  const shown = {
    dn: "CN=ASA,DC=corp,DC=com",
    objectClass: ["top", "person", "organizationalPerson", "user", "computer"],
    objectGUID: Buffer.alloc(16),
    objectSid: Buffer.from("010500000000000515000000a065cf7e784b9b5fe77c8770091c0100", "hex"),
    userAccountControl: "4098",
    pwdLastSet: "132539328000000000",
  };

  it("is taken as it is", () => assert.equal(accountOf(shown).enabled, false));

  for (const [attribute, value] of [
    ["objectGUID", Buffer.alloc(15)],
    ["objectSid", shown.objectSid.subarray(0, 27)],
    ["userAccountControl", "enabled"],
    ["pwdLastSet", "never"],
    ["msDS-SupportedEncryptionTypes", "aes"],
  ] as const) {
    it(`is refused where its ${attribute} makes no sense: what cannot be read is not off`, () =>
      assert.throws(() => accountOf({ ...shown, [attribute]: value }), {
        code: "directory-failed",
        message: new RegExp(`^CN=ASA,DC=corp,DC=com: its ${attribute} makes no sense\\.`),
      }));
  }

  it("is refused where it has no identity", () => {
    for (const attribute of ["objectGUID", "objectSid"]) {
      assert.throws(() => accountOf({ ...shown, [attribute]: [] }), { code: "directory-rights" });
    }
  });
});

describe("distinguished names", () => {
  it("takes them apart and puts them together", () => {
    const name = String.raw`CN=Doe\, John,OU=Ümläut \2B more,DC=corp,DC=com`;
    assert.equal(commonName(name), "Doe, John");
    assert.equal(parentOf(name), String.raw`OU=Ümläut \2B more,DC=corp,DC=com`);
    assert.equal(commonName(parentOf(name)), "Ümläut + more");
    assert.equal(domainOf(name), "DC=corp,DC=com");
    assert.equal(domainOf(String.raw`DC=mail,CN=a\,DC\=x,dc=corp,DC=com`), "dc=corp,DC=com");
    assert.equal(childOf("DC=corp,DC=com", "Doe, John"), String.raw`CN=Doe\, John,DC=corp,DC=com`);
  });

  it("compares them without regard to case, spaces and kind of escape", () => {
    assert.ok(sameDistinguishedName("OU=Exchange, dc=corp , DC=com", "ou=EXCHANGE,DC=corp,DC=com"));
    assert.ok(sameDistinguishedName(String.raw`CN=a\,b,DC=com`, String.raw`CN=a\2Cb,DC=com`));
    assert.ok(!sameDistinguishedName("OU=Exchange,DC=corp", "OU=Exchange1,DC=corp"));
    assert.ok(!sameDistinguishedName(String.raw`CN=a\,DC\=x,DC=com`, "CN=a,DC=x,DC=com"));
  });

  for (const text of ["", "Exchange", "OU=", "OU=a,,DC=b", "OU=a;DC=b", "=a", "OU=a,", "corp.com/Exchange", 'OU="a"']) {
    it(`does not take ${JSON.stringify(text)} for one`, () => assert.ok(!isDistinguishedName(text)));
  }
});

describe("encryption types", () => {
  it("are 28 by default and 24 for AES only", () => {
    assert.equal(encryptionTypeBits(["rc4", "aes128", "aes256"]), 28);
    assert.equal(encryptionTypeBits(["aes256", "aes128"]), 24);
  });

  it("keep the bits that are not ours", () => {
    // AES session keys, FAST, compound identity, claims and DES stay; RC4 goes.
    assert.equal(encryptionTypeBits(["aes256"], 0x70027), 0x70033);
    assert.deepEqual(encryptionTypesOf(0x70033), ["aes256"]);
  });

  it("are none where the attribute is not set", () => assert.deepEqual(encryptionTypesOf(undefined), []));
});

describe("passwords", () => {
  it("are long, of all four classes, and never the same", () => {
    const passwords = Array.from({ length: 200 }, randomPassword);
    for (const password of passwords) {
      assert.equal(password.length, 120);
      for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]) assert.match(password, kind);
    }
    assert.equal(new Set(passwords).size, passwords.length);
    // The first character is not always of the first class.
    assert.ok(new Set(passwords.map((password) => password.charAt(0))).size > 20);
  });

  it("are sent in quotation marks as UTF-16", () => assert.equal(unicodePwd("aé").toString("hex"), "22006100e9002200"));
});

describe("the form of a service principal name", () => {
  it("has class, host, port and name", () => {
    assert.deepEqual(parseServicePrincipalName("MSSQLSvc/db.corp.com:1433"), {
      serviceClass: "MSSQLSvc",
      host: "db.corp.com",
      port: "1433",
      serviceName: undefined,
    });
    assert.equal(parseServicePrincipalName("ldap/dc1.corp.com/corp.com")?.serviceName, "corp.com");
  });

  for (const text of [
    "",
    "mail",
    "/mail",
    "http/",
    "http//mail",
    "http/a b",
    "http/mail:",
    "http/mail/",
    "http/a/b/c",
    "http:/mail",
    "http/*",
    "https://mail.corp.com",
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseServicePrincipalName(text), undefined));
  }
});
