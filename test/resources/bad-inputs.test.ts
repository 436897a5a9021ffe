import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, describe, it } from "mocha";
import { asaAccount } from "../../provider/resources/asa-account";
import { servicePrincipalName } from "../../provider/resources/service-principal-name";
import { enterForest, type Forest } from "../directory/forest";
import { Program, preview } from "./program";

const computerCharacters = (found: string) =>
  `The name of a computer has only letters from A to Z, digits, hyphens and underscores, not "${found}".`;
const userCharacters = (found: string) => `Active Directory does not allow ${found} in the name of an account.`;
const alone = "Give the name alone, without its domain.";
const dollar = "Leave out the $: the account name of a computer gets one by itself.";
const control = "The name has control characters, which Active Directory does not allow.";
const spaces = "The name begins or ends with a space.";
const noDn = "This is not a distinguished name, as OU=Exchange,DC=corp,DC=tailspintoys,DC=com is one.";
const noHolderDn = "This is not a distinguished name, as CN=OLDASA,CN=Computers,DC=corp,DC=tailspintoys,DC=com is one.";
const types = 'Use "rc4", "aes128" and "aes256".';
const withoutAes =
  'Without "aes128" or "aes256" current domain controllers and clients have no Kerberos for this account.';
const controllers = 'domainControllers is "all" or a list of host names of domain controllers or of names of sites.';
const replication = "Give false, or an object with domainControllers and timeoutSeconds.";
const form = "A service principal name has the form class/host[:port][/name], as http/mail.corp.tailspintoys.com.";
const qualified = "Give the account as DOMAIN\\name$, which is AsaAccount's qualifiedName.";
const balancer =
  "The name is the one that clients use, that of the load balancer (article, “Identify the Service Principal Names”).";
const noHost = (host: string) => `${host} is not a host name. ${balancer}`;

const user = { accountType: "user" };
const ok = "EXCH2016ASA";

/** One wrong input each, with the property and the sentence that Pulumi shows. */
const accounts: readonly [inputs: object, property: string, reason: string][] = [
  [{}, "name", "It is required."],
  [{ name: 5 }, "name", "The account's name is a text."],
  [{ name: "" }, "name", "An account needs a name."],
  [{ name: "TAILSPIN\\ASA" }, "name", alone],
  [{ name: "TAILSPIN/ASA" }, "name", alone],
  [{ name: "asa@corp.com", ...user }, "name", alone],
  [{ name: "ASA$" }, "name", dollar],
  [{ name: "ASA$", ...user }, "name", dollar],
  [{ name: "AS\u0000A" }, "name", control],
  [{ name: "AS\nA", ...user }, "name", control],
  [{ name: " ASA" }, "name", spaces],
  [{ name: "ASA ", ...user }, "name", spaces],
  [{ name: "AS A" }, "name", computerCharacters(" ")],
  [{ name: "ASA.corp" }, "name", computerCharacters(".")],
  [{ name: "ÄSA" }, "name", computerCharacters("Ä")],
  [{ name: "ASA,CN=x" }, "name", computerCharacters(",")],
  [{ name: "ASA*" }, "name", computerCharacters("*")],
  [{ name: "ASA)(cn=*" }, "name", computerCharacters(")")],
  [
    { name: "EXCHANGE2016ASA1" },
    "name",
    "The name of a computer has at most 15 characters (NetBIOS); this one has 16.",
  ],
  [{ name: "2016" }, "name", "The name of a computer cannot be a number."],
  [{ name: "-ASA" }, "name", "The name of a computer does not begin or end with a hyphen."],
  [{ name: "ASA-" }, "name", "The name of a computer does not begin or end with a hyphen."],
  ...[...'"[]:;|=,+*?<>'].map((found): [object, string, string] => [
    { name: `a${found}b`, ...user },
    "name",
    userCharacters(found),
  ]),
  [
    { name: "a".repeat(21), ...user },
    "name",
    "The name of a user has at most 20 characters (sAMAccountName); this one has 21.",
  ],
  [{ name: "..", ...user }, "name", "The name of a user cannot be of full stops and spaces only."],
  [{ name: "asa.", ...user }, "name", "The name of a user does not end with a full stop."],
  [{ name: ok, accountType: "gMSA" }, "accountType", 'Use "computer" or "user".'],
  [{ name: ok, organizationalUnit: "Exchange" }, "organizationalUnit", noDn],
  [{ name: ok, organizationalUnit: "corp.com/Exchange" }, "organizationalUnit", noDn],
  [{ name: ok, organizationalUnit: "" }, "organizationalUnit", noDn],
  [{ name: ok, organizationalUnit: 1 }, "organizationalUnit", "Give the distinguished name of an organizational unit."],
  [
    { name: ok, organizationalUnit: "OU=Nowhere,DC=corp,DC=tailspintoys,DC=com" },
    "organizationalUnit",
    "There is no organizational unit or container OU=Nowhere,DC=corp,DC=tailspintoys,DC=com, or it may not be read.",
  ],
  [
    { name: ok, organizationalUnit: "CN=Administrator,CN=Users,DC=corp,DC=tailspintoys,DC=com" },
    "organizationalUnit",
    "There is no organizational unit or container CN=Administrator,CN=Users,DC=corp,DC=tailspintoys,DC=com, or it may not be read.",
  ],
  [{ name: ok, description: 5 }, "description", "The description is a text."],
  [{ name: ok, description: "x".repeat(1025) }, "description", "Active Directory takes at most 1024 characters."],
  [{ name: ok, enabled: "yes" }, "enabled", "Use true or false."],
  [{ name: ok, encryptionTypes: ["rc4"] }, "encryptionTypes", withoutAes],
  [{ name: ok, encryptionTypes: [] }, "encryptionTypes", withoutAes],
  [{ name: ok, encryptionTypes: ["des", "aes256"] }, "encryptionTypes.0", types],
  [{ name: ok, encryptionTypes: ["AES256"] }, "encryptionTypes.0", types],
  [{ name: ok, encryptionTypes: 28 }, "encryptionTypes", 'Give a list of "rc4", "aes128" and "aes256".'],
  [{ name: ok, encryptionTypes: ["aes256", "aes256"] }, "encryptionTypes", "Name each type once."],
  [{ name: ok, password: "" }, "password", "Leave the password out for a random one: an empty one is refused."],
  [{ name: ok, password: "x".repeat(257) }, "password", "Active Directory takes at most 256 characters."],
  [
    { name: ok, password: "Secret-Password-1", adopt: true },
    "password",
    "An account that is adopted keeps its password: leave this out.",
  ],
  [{ name: ok, adopt: "yes" }, "adopt", "Use true or false."],
  [{ name: ok, replication: true }, "replication", replication],
  [{ name: ok, replication: { domainControllers: "dc1" } }, "replication", controllers],
  [
    { name: ok, replication: { domainControllers: [] } },
    "replication.domainControllers",
    'Name at least one, or use "all".',
  ],
  [
    { name: ok, replication: { timeoutSeconds: 0 } },
    "replication.timeoutSeconds",
    "timeoutSeconds is more than zero; replication: false does not wait at all.",
  ],
  [{ name: ok, replication: { timeoutSeconds: "5 min" } }, "replication", "timeoutSeconds is a number of seconds."],
  [
    { name: ok, replication: { timeoutSeconds: 100_000 } },
    "replication.timeoutSeconds",
    "timeoutSeconds is at most a day, 86400.",
  ],
  [{ name: ok, replication: { timeout: 5 } }, "replication.timeout", "There is no such property."],
  [
    { name: ok, replication: { domainControllers: ["dc7.corp.tailspintoys.com"] } },
    "replication.domainControllers",
    "dc7.corp.tailspintoys.com is neither a domain controller of the domain nor a site with one. Domain controllers: " +
      "dc1.corp.tailspintoys.com, dc2.corp.tailspintoys.com. Sites: Default-First-Site-Name.",
  ],
  [{ name: ok, servicePrincipalNames: ["http/x"] }, "servicePrincipalNames", "There is no such property."],
];

const good = {
  account: "TAILSPIN\\Administrator",
  deployment: "00000000-0000-0000-0000-000000000000@cas-1.corp.tailspintoys.com",
};
const names: readonly [inputs: object, property: string, reason: string][] = [
  [{ ...good }, "spn", "It is required."],
  ...[
    "",
    "mail.corp.com",
    "http/",
    "/mail.corp.com",
    "http//mail.corp.com",
    "https://mail.corp.com",
    "http/mail.corp.com/",
    "http/mail .corp.com",
    "http/mail.corp.com:",
    "http/*.corp.com",
    "http/mail,corp",
    "http/a/b/c",
  ].map((spn): [object, string, string] => [{ ...good, spn }, "spn", form]),
  [
    { ...good, spn: "http/mail" },
    "spn",
    `mail is a short name, and Exchange's addresses have full ones. ${balancer} allowShortName: true allows it.`,
  ],
  [
    { ...good, spn: "HTTP/10.1.2.3" },
    "spn",
    `10.1.2.3 is an address, and clients ask for tickets by name. ${balancer} allowIpAddress: true allows it.`,
  ],
  [
    { ...good, spn: "http/[fe80::1]" },
    "spn",
    `[fe80::1] is an address, and clients ask for tickets by name. ${balancer} allowIpAddress: true allows it.`,
  ],
  [{ ...good, spn: "http/mail..corp.com" }, "spn", noHost("mail..corp.com")],
  [{ ...good, spn: "http/mail.corp.com." }, "spn", noHost("mail.corp.com.")],
  [{ ...good, spn: "http/mäil.corp.com" }, "spn", noHost("mäil.corp.com")],
  [{ ...good, spn: 5 }, "spn", "Give the service principal name as a text: http/mail.corp.tailspintoys.com."],
  [{ ...good, spn: "http/a.b", account: "EXCH2016ASA$" }, "account", qualified],
  [{ ...good, spn: "http/a.b", account: "asa@corp.com" }, "account", qualified],
  [{ ...good, spn: "http/a.b", account: "A\\B\\C" }, "account", qualified],
  [{ ...good, spn: "http/a.b", account: "TAILSPIN\\" }, "account", qualified],
  [{ ...good, spn: "http/a.b", account: "TAILSPIN\\NOBODY$" }, "account", "There is no account TAILSPIN\\NOBODY$."],
  [{ ...good, spn: "http/a.b", takeFrom: ["OLDASA$"] }, "takeFrom.0", noHolderDn],
  [{ ...good, spn: "http/a.b", takeFrom: "CN=a,DC=b" }, "takeFrom", "Give a list of distinguished names."],
  [{ ...good, spn: "http/a.b", deployment: "" }, "deployment", "Give the id of an AsaDeployment."],
  [{ ...good, spn: "http/a.b", deployment: "cas-1" }, "deployment", "Give the id of an AsaDeployment."],
  [{ ...good, spn: "http/a.b", allowShortName: "yes" }, "allowShortName", "Use true or false."],
  [{ ...good, spn: "http/a.b", force: true }, "force", "There is no such property."],
  [
    { account: good.account, spn: "http/a.b" },
    "deployment",
    "A service principal name comes after the credential is on at least one server: from then on clients get tickets " +
      "for this account, a server without its password cannot read them, and a client that has a ticket does not fall " +
      "back to NTLM. Give deployment: the id of an AsaDeployment; or, knowing that, allowBeforeDeployment: true.",
  ],
  [
    { ...good, spn: "http/dc1.corp.tailspintoys.com" },
    "spn",
    "http/dc1.corp.tailspintoys.com is held by CN=DC1,OU=Domain Controllers,DC=corp,DC=tailspintoys,DC=com (enabled, as " +
      "HOST/dc1.corp.tailspintoys.com). HOST stands for http and other classes, so this is the name of a server. Clients " +
      "use the name of the load balancer; give that one. allowServerName: true takes the name of a server all the same.",
  ],
];

describe("inputs that will not do", () => {
  let forest: Forest;
  let program: Program;

  before(async function () {
    forest = await enterForest(this);
    program = new Program(forest.settings);
  });
  after(async () => {
    await program?.end();
    await forest?.close();
  });

  const title = (inputs: object) => JSON.stringify(inputs).slice(0, 90);
  for (const [inputs, property, reason] of accounts) {
    it(`AsaAccount ${title(inputs)}`, async () => {
      assert.deepEqual(await preview(asaAccount, inputs, program), [{ property, reason }]);
    });
  }
  for (const [inputs, property, reason] of names) {
    it(`ServicePrincipalName ${title(inputs)}`, async () => {
      assert.deepEqual(await preview(servicePrincipalName, inputs, program), [{ property, reason }]);
    });
  }

  it("warns of a name that no deployment takes, while nothing is made of it yet", async () => {
    program.lines.length = 0;
    for (const name of ["our asa", "our-asa"]) await preview(asaAccount, { name, ...user }, program);
    assert.deepEqual(program.lines, [
      `warning: "our asa" has a space: neither Exchange's script nor AsaDeployment takes such an account. Choose a name without`,
    ]);
  });

  it("leaves good ones in peace", async () => {
    for (const inputs of [
      { name: "EXCH2016-ASA_1" },
      { name: "exchange asa", accountType: "user" },
      { name: ok, organizationalUnit: "cn=computers, dc=corp, dc=tailspintoys, dc=com" },
      { name: ok, organizationalUnit: "DC=corp,DC=tailspintoys,DC=com" },
      { name: ok, replication: { domainControllers: ["DC1.corp.tailspintoys.com"], timeoutSeconds: 0.5 } },
      { name: ok, replication: { domainControllers: ["default-first-site-name"] } },
    ]) {
      // Each in a run of its own: of one program they would be the same account several times.
      const alone = new Program(forest.settings);
      assert.deepEqual(await preview(asaAccount, inputs, alone), [], JSON.stringify(inputs));
      await alone.end();
    }
    const host = `n${randomInt(1e9)}`;
    for (const inputs of [
      { ...good, spn: `http/${host}.corp.com` },
      { ...good, spn: `http/${host}`, allowShortName: true },
      { ...good, spn: "http/10.1.2.3", allowIpAddress: true },
      { ...good, spn: `exchangeMDB/${host}` },
    ]) {
      assert.deepEqual(await preview(servicePrincipalName, inputs, program), [], JSON.stringify(inputs));
    }
  });
});
