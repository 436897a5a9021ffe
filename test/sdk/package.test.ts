import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "../..");
const npm = (folder: string, ...words: string[]) =>
  execFileSync("npm", words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const program = `import { AsaAccount, ServicePrincipalName } from "pulumi-exchange-kerberos";
import * as pulumi from "@pulumi/pulumi";

pulumi.runtime.setMocks({ newResource: (args) => ({ id: "1", state: args.inputs }), call: () => ({}) });
const account = new AsaAccount("asa", { name: "ASA", encryptionTypes: ["aes256"] });
const mail = new ServicePrincipalName("mail", { account: account.qualifiedName, spn: "http/mail", takeFrom: [] });
mail.urn.apply((urn) => console.log(urn));
`;

describe("the package in a project of its own", function () {
  this.timeout(180_000);
  let folder: string;
  let files: string[];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "exchange-kerberos-user-"));
    const [packed] = JSON.parse(npm(repository, "pack", "--json", "--pack-destination", folder));
    files = packed.files.map(({ path }: { path: string }) => path);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true }));
    npm(folder, "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", packed.filename);
  });
  after(() => rmSync(folder, { recursive: true }));

  const node = (...words: string[]) => execFileSync(process.execPath, words, { cwd: folder, encoding: "utf8" }).trim();
  const compile = (options: object) => {
    const shared = { strict: true, target: "es2022", types: [], outDir: "out", rootDir: "." };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...shared, ...options } }));
    node(join(repository, "node_modules/typescript/bin/tsc"), "-p", ".");
  };
  const urn = /dynamic\/exchangeKerberos:ServicePrincipalName::mail$/;

  it("holds what runs and its types, and no test, lab or example", () => {
    const strange = files.filter((file) => !/^(dist\/(cli|provider|sdk)\/|package\.json$|README|LICENSE)/.test(file));
    assert.deepEqual(strange, []);
    for (const file of ["dist/sdk/index.js", "dist/sdk/index.d.ts", "dist/provider/runtime/index.js"]) {
      assert.ok(files.includes(file), file);
    }
  });

  it("is no plugin to Pulumi, which would look for one to download", () => {
    const installed = join(folder, "node_modules/pulumi-exchange-kerberos/package.json");
    assert.equal(JSON.parse(readFileSync(installed, "utf8")).pulumi, undefined);
  });

  it("serves a TypeScript program as CommonJS, with the module resolution of a new Pulumi project", () => {
    writeFileSync(join(folder, "program.ts"), program);
    compile({ module: "commonjs", moduleResolution: "node" });
    assert.match(node("out/program.js"), urn);
  });

  it("serves a TypeScript program as an ES module", () => {
    rmSync(join(folder, "program.ts"), { force: true });
    writeFileSync(join(folder, "program.mts"), program);
    compile({ module: "nodenext" });
    assert.match(node("out/program.mjs"), urn);
  });

  it("has at its frozen address what every state asks for", () => {
    const text = 'require("pulumi-exchange-kerberos/runtime").provider("AsaAccount")';
    const methods = JSON.parse(node("-p", `JSON.stringify(Object.keys(${text}).sort())`));
    assert.deepEqual(methods, ["check", "configure", "create", "delete", "diff", "read", "update"]);
  });
});
