import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { runCommand } from "../lab/command";
import { checkoutFolder } from "../lab/folders";
import { skip } from "./support/lab";
import { programsFolder } from "./support/programs";

const compiler = resolve(__dirname, "../node_modules/typescript/bin/tsc");

describe("the documents", function () {
  this.timeout(120_000);
  const folder = join(programsFolder, "documents");

  before(function () {
    const installed = join(programsFolder, "node_modules", "pulumi-exchange-kerberos");
    if (!existsSync(installed)) skip(this, "the package is not installed; `npm test` packs and installs it");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  });

  it("show programs that compile against the package as it is installed", async () => {
    const pages = ["README.md", ...readdirSync(join(checkoutFolder, "docs")).map((name) => join("docs", name))];
    const files = pages.flatMap((page) => {
      const text = readFileSync(join(checkoutFolder, page), "utf8");
      return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program = ""], index) => {
        const file = `${page.replace(/\W/g, "-")}-${index}.ts`;
        writeFileSync(join(folder, file), program);
        return file;
      });
    });
    assert.ok(files.length >= 3, String(files));
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true },
      ...{ target: "ES2022", module: "nodenext", types: [] },
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const { status, stdout } = await runCommand(process.execPath, [compiler, "-p", "."], { folder });
    assert.equal(status, 0, stdout);
  });
});
