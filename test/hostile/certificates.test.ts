import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import tls from "node:tls";
import { after, before, describe, it } from "mocha";
import { authorityFile, type Certificate, provideCertificate } from "../../lab/certificates";
import { mustRun } from "../../lab/command";
import { labFolder } from "../../lab/folders";
import { Directory } from "../../provider/directory/directory";
import { ProviderError } from "../../provider/error";
import { askWebSite } from "../../provider/exchange/web-site";
import { connectSocket } from "../../provider/powershell/wsman/socket";
import { type Settings, settingsSchema } from "../../provider/settings";
import { requireLab } from "../support/lab";
import { answers, HostileLdap, operation } from "./ldap-server";

const ports = { ldaps: 636, starttls: 389, wsman: 443, web: 443 } as const;
type Way = keyof typeof ports;

/** Each connection of ours that is protected by TLS, up to where the certificate has been looked at. */
const ways: Readonly<Record<Way, (settings: Settings) => Promise<unknown>>> = {
  ldaps: (settings) => logOn({ ...settings, tls: "ldaps" }),
  starttls: (settings) => logOn({ ...settings, tls: "starttls" }),
  wsman: ({ caFile }) =>
    connectSocket({
      url: new URL("https://localhost/PowerShell/"),
      ca: caFile === undefined ? undefined : readFileSync(caFile, "utf8"),
      connectDeadline: 20_000,
    }).then((socket) => socket.destroy()),
  web: (settings) => askWebSite({ server: "localhost", protocol: "https", path: "/" }, settings),
};

async function logOn(settings: Settings): Promise<void> {
  const directory = new Directory(settings);
  await directory.domainController().finally(() => directory.close());
}

/** What is wrong with a certificate, and how we say so. */
const kinds: readonly [what: string, make: () => Promise<Certificate>, caFile: string | undefined, words: RegExp][] = [
  [
    "of an authority that nobody named",
    () => provideCertificate("hostile", ["localhost"]),
    undefined,
    /not (known|trusted)|unable to verify|self-signed/,
  ],
  ["that signs itself", selfSigned, authorityFile, /signed by itself|self-signed/],
  [
    "of another name",
    () => provideCertificate("hostile-other", ["elsewhere.example"]),
    authorityFile,
    /another name|does not match/,
  ],
  ["that has expired", () => provideCertificate("hostile-expired", ["localhost"], -1), authorityFile, /expired/],
];

async function selfSigned(): Promise<Certificate> {
  const [key, certificate] = ["key", "pem"].map((kind) => `${labFolder}/certificates/hostile-self.${kind}`) as [
    string,
    string,
  ];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  await mustRun("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    ...names,
    "-keyout",
    key,
    "-out",
    certificate,
  ]);
  return { key, certificate };
}

describe("certificates that will not do", function () {
  this.timeout(60_000);
  let count = 0;
  before(function () {
    requireLab(this);
  });
  after(() => {
    if (count > 0) console.log(`      ${count} connections refused`);
  });

  it("are for the name that is asked for, where that is not the server's own, and so is what the server is told", async () => {
    const { key, certificate } = await provideCertificate("hostile-other", ["elsewhere.example"]);
    const server = tls.createServer({ key: readFileSync(key), cert: readFileSync(certificate) }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = new URL(`https://localhost:${(server.address() as AddressInfo).port}/`);
    const ask = (certificateName: string | undefined) =>
      connectSocket({ url, certificateName, ca: readFileSync(authorityFile, "utf8"), connectDeadline: 20_000 });
    try {
      const taken = once(server, "secureConnection");
      const connection = await ask("elsewhere.example");
      const [{ servername }] = (await taken) as [tls.TLSSocket];
      connection.destroy();
      assert.equal(servername, "elsewhere.example");
      for (const [name, words] of [
        ["third.example", /^The certificate of localhost, port \d+, asked for as third\.example, is for another name/],
        [undefined, /^The certificate of localhost, port \d+, is for another name/],
      ] as const) {
        await assert.rejects(ask(name), { code: "wrong-server", message: words });
      }
    } finally {
      server.close();
    }
  });

  for (const [what, make, caFile, words] of kinds) {
    describe(what, () => {
      const servers: HostileLdap[] = [];
      let certificate: Certificate;
      before(async () => {
        certificate = await make();
        for (const port of new Set(Object.values(ports))) {
          servers.push(
            await HostileLdap.open(
              certificate,
              () => (question, socket) => {
                if (question.operation !== operation.extended) return void socket.write(answers.bound(question.id));
                socket.write(answers.extended(question.id));
                startTls(socket, certificate);
              },
              port,
            ),
          );
        }
      });
      after(() => {
        for (const server of servers) server.close();
      });

      for (const way of Object.keys(ways) as Way[]) {
        for (const variable of [undefined, "0"]) {
          it(`are refused over ${way}${variable === undefined ? "" : " where the environment says that any will do"}`, async () => {
            const settings = settingsSchema.parse({
              domain: "lab",
              domainController: "localhost",
              caFile,
              username: "someone@lab",
              password: "Secret-1",
              directoryTimeoutSeconds: 20,
            });
            await withVariable("NODE_TLS_REJECT_UNAUTHORIZED", variable, () =>
              assert.rejects(ways[way](settings), (error) => {
                assert.ok(error instanceof ProviderError);
                assert.match(error.message, words);
                return true;
              }),
            );
            // Nothing was said to it but how TLS begins.
            const said = servers
              .flatMap(({ questions }) => questions)
              .filter((one) => one.operation !== operation.extended);
            assert.deepEqual(said, []);
            count += 1;
          });
        }
      }
    });
  }
});

function startTls(socket: Socket, { key, certificate }: Certificate): void {
  socket.removeAllListeners("data");
  new tls.TLSSocket(socket, { isServer: true, key: readFileSync(key), cert: readFileSync(certificate) }).on(
    "error",
    () => {},
  );
}

/** With a variable in this process's environment, which Node looks up at each connection. */
async function withVariable<T>(name: string, value: string | undefined, work: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  if (value !== undefined) process.env[name] = value;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
