import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { skip } from "../support/lab";
import { programsFolder } from "../support/programs";

const compiler = resolve(__dirname, "../../node_modules/typescript/bin/tsc");
const installed = join(programsFolder, "node_modules/pulumi-exchange-kerberos");

const program = `import { AsaAccount, ServicePrincipalName } from "pulumi-exchange-kerberos";
import * as pulumi from "@pulumi/pulumi";

pulumi.runtime.setMocks({ newResource: (args) => ({ id: "1", state: args.inputs }), call: () => ({}) });
const account = new AsaAccount("asa", { name: "ASA", encryptionTypes: ["aes256"] });
const mail = new ServicePrincipalName("mail", { account: account.qualifiedName, spn: "http/mail", takeFrom: [] });
mail.urn.apply((urn) => console.log(urn));
`;

describe("the package, installed from its tarball in a folder of a user's own", function () {
  this.timeout(120_000);
  let folder: string;

  before(function () {
    if (!existsSync(installed)) skip(this, "the package is not installed; `npm test` packs and installs it");
    folder = mkdtempSync(join(programsFolder, "package-"));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const node = (...words: string[]) => execFileSync(process.execPath, words, { cwd: folder, encoding: "utf8" }).trim();
  const compile = (file: string, options: object) => {
    writeFileSync(join(folder, file), program);
    const shared = { strict: true, target: "es2022", types: [], outDir: "out", rootDir: "." };
    const configuration = { compilerOptions: { ...shared, ...options }, files: [file] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(configuration));
    node(compiler, "-p", ".");
  };
  const urn = /dynamic\/exchangeKerberos:ServicePrincipalName::mail$/;

  it("holds what runs, its types and what its README leads to, and no test, lab or bench", () => {
    assert.deepEqual(
      readdirSync(installed).filter((name) => !/^([A-Z]+(\.md)?|node_modules)$/.test(name)),
      ["dist", "docs", "examples", "package.json"],
    );
    const readme = readFileSync(join(installed, "README.md"), "utf8");
    const targets = [...readme.matchAll(/\]\(([^):#]+)/g)].map(([, target = ""]) => target);
    assert.ok(targets.length > 10);
    assert.deepEqual(
      targets.filter((target) => target !== "CONTRIBUTING.md" && !existsSync(join(installed, target))),
      [],
    );
    const parts = readdirSync(join(installed, "dist"));
    assert.deepEqual(
      parts.filter((name) => !["cli", "provider", "sdk"].includes(name)),
      [],
    );
    assert.ok(parts.includes("provider") && parts.includes("sdk"));
  });

  it("is no plugin to Pulumi, which would look for one to download, and brings no second copy of its SDK", () => {
    const { pulumi, dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    assert.equal(pulumi, undefined);
    assert.equal(dependencies["@pulumi/pulumi"], undefined);
    assert.ok(!existsSync(join(installed, "node_modules/@pulumi")));
  });

  it("serves a TypeScript program as CommonJS, with the module resolution of a new Pulumi project", () => {
    compile("program.ts", { module: "commonjs", moduleResolution: "node" });
    assert.match(node("out/program.js"), urn);
  });

  it("serves a TypeScript program as an ES module", () => {
    compile("module.mts", { module: "nodenext", skipLibCheck: true });
    assert.match(node("out/module.mjs"), urn);
  });

  it("has at its frozen address what every state asks for", () => {
    for (const kind of ["AsaAccount", "ServicePrincipalName"]) {
      const text = `require("pulumi-exchange-kerberos/runtime").provider("${kind}")`;
      const methods = JSON.parse(node("-p", `JSON.stringify(Object.keys(${text}).sort())`));
      assert.deepEqual(methods, ["check", "configure", "create", "delete", "diff", "read", "update"]);
    }
  });
});
