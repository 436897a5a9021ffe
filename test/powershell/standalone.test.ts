import { strict as assert } from "node:assert";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runCommand } from "../../lab/command";
import { checkoutFolder } from "../../lab/folders";
import { blocksOf, page } from "../support/documents";

const readme = page("provider/powershell/README.md");
const { dependencies, devDependencies } = JSON.parse(page("package.json").text);
const compiler = join(checkoutFolder, "node_modules/typescript/bin/tsc");
/** Where Node's types come from. */
const types = ["@types/node", "undici-types"];

/** Whoever lifts the folder out has this page to go by. */
describe("PowerShell remoting by itself", function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "standalone-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is whole with the files and the packages that its page names, and the page's program compiles", async () => {
    const [, intro = ""] = /^(.*?)^```/ms.exec(readme.text) ?? [];
    const named = [...intro.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    const home = join("provider", "powershell");
    for (const path of [home, ...named.filter((name) => name.startsWith("../")).map((name) => join(home, name))])
      cpSync(join(checkoutFolder, path), join(folder, path), { recursive: true });
    const packages = named.filter((name) => name in dependencies);
    const typed = packages.map((name) => `@types/${name}`).filter((name) => name in devDependencies);
    for (const name of [...packages, ...typed, ...types]) {
      const link = join(folder, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(checkoutFolder, "node_modules", name), link);
    }
    const [example] = blocksOf(readme).filter(({ language }) => language === "ts");
    assert.ok(example);
    const [imports, program] = example.code.split(/\n\n(.*)/s);
    const asks = "declare function askForPassword(): Promise<string>;";
    writeFileSync(join(folder, "example.ts"), `${imports}\n${asks}\nexport async function main() {\n${program}}\n`);
    const project = {
      extends: "./tsconfig.json",
      compilerOptions: { noEmit: true, types: ["node"] },
      include: ["*.ts"],
    };
    writeFileSync(join(folder, "example.json"), JSON.stringify(project));
    const { status, stdout } = await runCommand(process.execPath, [compiler, "--project", "example.json"], { folder });
    assert.equal(status, 0, stdout);
  });
});
