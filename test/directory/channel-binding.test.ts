import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Attribute } from "ldapts";
import { after, afterEach, before, describe, it } from "mocha";
import { provideCertificate } from "../../lab/certificates";
import { mustRun } from "../../lab/command";
import { administrator, corp, dc1, hostName } from "../../lab/domain-controller";
import { KerberosAcceptor } from "../../lab/exchange/kerberos/acceptor";
import { labFolder } from "../../lab/folders";
import type { Protection } from "../../provider/directory/connect";
import { openClient } from "../../provider/directory/open-client";
import { unicodePwd } from "../../provider/directory/password";
import type { ProviderError } from "../../provider/error";
import { endPointHash } from "../../provider/kerberos/channel-binding";
import { keytabOf, ticketOf } from "../support/kerberos";
import { type BindAnswer, BindServer } from "./bind-server";
import { enterForest, type Forest } from "./forest";
import { nameServer } from "./name-server";

const host = `ldap-cbt.${corp.dnsName}`;
const certificateBy = (digest: string) => provideCertificate(`bind-${digest}`, [host, hostName(dc1)], 30, digest);
const saslBindInProgress = 14;
const invalidCredentials = 49;
/** As Windows words it; the number behind `data` is what counts. */
const acceptFailed = (data: string) =>
  `80090308: LdapErr: DSID-0C090334, comment: AcceptSecurityContext error, data ${data}, v4563`;

describe("the proof between us and a domain controller", () => {
  let forest: Forest;
  const outside = process.env.KRB5CCNAME;
  const closing: (() => void)[] = [];

  before(async function () {
    forest = await enterForest(this);
    process.env.KRB5CCNAME = await ticketOf(administrator(corp).name);
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  after(() => {
    if (outside === undefined) delete process.env.KRB5CCNAME;
    else process.env.KRB5CCNAME = outside;
    return forest?.close();
  });

  /** A logon to a server of ours that stands where that host is. */
  async function logOn(name: string, protection: Protection, answer: (token: Buffer) => BindAnswer, digest = "sha256") {
    const { certificate, key } = await certificateBy(digest);
    const tls = { cert: readFileSync(certificate), key: readFileSync(key) };
    const server = await new BindServer(answer, protection === "ldaps" ? tls : undefined).listen(0);
    const dns = await nameServer([{ type: "A", name, data: "127.0.0.1" }]);
    closing.push(
      () => server.close(),
      () => dns.close(),
    );
    const settings = { ...forest.settings, username: undefined, password: undefined, dnsServers: [dns.address] };
    const opening = openClient({ host: name, port: server.port }, { settings, protection });
    const error = await opening.then(
      (opened) => void closing.push(() => void opened.close()),
      (thrown: ProviderError) => thrown,
    );
    return { server, error, certificate };
  }

  describe("binds the logon to its TLS connection", () => {
    let acceptor: KerberosAcceptor;

    before(async () => {
      const name = forest.uniqueName();
      const secret = `Aa1.${name}-keeps-this`;
      const text = (type: string, ...values: string[]) => new Attribute({ type, values });
      await forest.admin.add(`CN=${name},${forest.organizationalUnit}`, [
        text("objectClass", "user"),
        text("sAMAccountName", name),
        text("userAccountControl", "512"),
        text("servicePrincipalName", `ldap/${host}`),
        text("msDS-SupportedEncryptionTypes", "24"),
        new Attribute({ type: "unicodePwd", values: [unicodePwd(secret)] }),
      ]);
      acceptor = new KerberosAcceptor(await keytabOf(name, secret));
    });
    after(() => acceptor?.close());

    /** As Windows takes it: MIT's library compares, and openssl says what with. */
    async function bound(digest: string, hash: string, certificateOf = digest) {
      const { certificate } = await provideCertificate(
        `bind-${certificateOf}`,
        [host, hostName(dc1)],
        30,
        certificateOf,
      );
      const pipe = `openssl x509 -in "$1" -outform DER | openssl dgst -${hash} -binary | od -An -v -tx1 | tr -d ' \\n'`;
      const end = Buffer.from(await mustRun("sh", ["-c", pipe, "sh", certificate]), "hex");
      const channel = Buffer.concat([Buffer.from("tls-server-end-point:"), end]);
      const answer = (token: Buffer): BindAnswer => {
        const client = acceptor.accept(token, channel);
        const reply = client?.reply;
        client?.close();
        return client === undefined ? { status: invalidCredentials } : { status: 0, token: reply };
      };
      return logOn(host, "ldaps", answer, digest);
    }

    for (const digest of ["sha256", "sha384", "sha512"]) {
      it(`with the hash that signed the certificate: ${digest}`, async () => {
        const { error, server } = await bound(digest, digest);
        assert.equal(error, undefined, error?.message);
        assert.deepEqual(
          server.binds.map(({ mechanism }) => mechanism),
          ["GSS-SPNEGO"],
        );
      });
    }

    it("so that it is good for no other one", async () => {
      for (const [hash, certificate] of [
        ["sha512", "sha256"],
        ["sha256", "sha384"],
      ] as const) {
        const { error } = await bound("sha256", hash, certificate);
        assert.equal(error?.code, "directory-credentials");
        assert.match(error?.message ?? "", /did not accept the ticket/);
      }
    });
  });

  it("finds the hash in every kind of certificate", async () => {
    const folder = mkdtempSync(join(labFolder, "signatures-"));
    const key = join(folder, "rsa.key");
    await mustRun("openssl", ["genrsa", "-out", key, "2048"]);
    const rsa = ["-key", key];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const pss = ["-sigopt", "rsa_padding_mode:pss"];
    const kinds: [arguments_: string[], hash: string | undefined][] = [
      [[...rsa, "-sha1"], "sha256"],
      [[...rsa, "-sha256"], "sha256"],
      [[...rsa, "-sha384"], "sha384"],
      [[...rsa, "-sha512"], "sha512"],
      [[...rsa, ...pss, "-sha384"], "sha384"],
      [[...rsa, ...pss, "-sha1"], "sha256"],
      [[...curve, "-sha256"], "sha256"],
      [[...curve, "-sha384"], "sha384"],
      [["-newkey", "ed25519"], undefined],
    ];
    try {
      for (const [kind, hash] of kinds) {
        const out = join(folder, "one.pem");
        await mustRun("openssl", [
          "req",
          "-x509",
          ...kind,
          "-nodes",
          "-subj",
          "/CN=x",
          "-keyout",
          `${out}.key`,
          "-out",
          out,
        ]);
        assert.equal(endPointHash(new X509Certificate(readFileSync(out)).raw), hash, kind.join(" "));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    // Not a certificate at all: nothing to crash on.
    for (const bytes of [Buffer.alloc(0), Buffer.from("30", "hex"), createHash("sha256").digest()]) {
      assert.equal(endPointHash(bytes), "sha256");
    }
  });

  const refusals: [answer: BindAnswer, code: string, words: RegExp][] = [
    [
      { status: invalidCredentials, text: acceptFailed("80090346") },
      "directory-credentials",
      /\(channel binding\)\. Look for a device .*No further logon is tried/,
    ],
    [{ status: invalidCredentials, text: acceptFailed("533") }, "directory-credentials", /the account is disabled/],
    [{ status: invalidCredentials, text: acceptFailed("57") }, "directory-credentials", /did not accept the ticket/],
    [{ status: 8 }, "directory-failed", /no Kerberos logon inside TLS\. Use tls: kerberos/],
    [{ status: 53 }, "directory-failed", /no Kerberos logon inside TLS\. Use tls: kerberos/],
    [{ status: 51 }, "directory-failed", /could not log on by Kerberos: the domain controller is busy/],
  ];
  for (const [answer, code, words] of refusals) {
    it(`says why the server refuses with ${answer.status} ${answer.text ?? ""}`, async () => {
      const { error } = await logOn(hostName(dc1), "ldaps", () => answer);
      assert.equal(error?.code, code);
      assert.match(error?.message ?? "", words);
    });
  }

  const impostors: [what: string, answer: (token: Buffer) => BindAnswer, words: RegExp, binds: number][] = [
    ["shows no proof", () => ({ status: 0 }), /did not prove who it is\. .*proxy in between/, 1],
    ["shows a false proof", (token) => ({ status: 0, token }), /Could not verify that the server is ldap\/dc1/, 1],
    [
      "shows another's proof",
      () => ({ status: 0, token: Buffer.from("oRQwEqADCgEAoQsGCSqGSIb3EgECAg==", "base64") }),
      /Could not verify that the server is ldap\/dc1/,
      1,
    ],
    ["never comes to an end", () => ({ status: saslBindInProgress }), /did not finish the logon/, 4],
  ];
  for (const [what, answer, words, binds] of impostors) {
    it(`leaves a server that ${what}, before anything is said`, async () => {
      for (const protection of ["ldaps", "kerberos"] as const) {
        const { server, error } = await logOn(hostName(dc1), protection, answer);
        assert.equal(error?.code, "kerberos", error?.message);
        assert.match(error?.message ?? "", words);
        assert.equal(server.binds.length, binds);
        assert.deepEqual(server.others, []);
      }
    });
  }
});
