import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Command, CommanderError } from "commander";
import { runCommand } from "../lab/command";
import { checkoutFolder } from "../lab/folders";
import { configNamespace, settingsSchema } from "../provider/settings";
import { type Block, blocksOf, userPages } from "./support/documents";
import { engineMissing, findEngine } from "./support/engine";
import { skip } from "./support/lab";
import { programsFolder } from "./support/programs";

const compiler = resolve(__dirname, "../node_modules/typescript/bin/tsc");
/** Mocha's own reader of YAML. */
const yaml: { load(text: string): unknown } = require(
  require.resolve("js-yaml", { paths: [require.resolve("mocha/package.json")] }),
);
const { scripts } = JSON.parse(readFileSync(join(checkoutFolder, "package.json"), "utf8"));

const blocks = userPages().flatMap(blocksOf);
const inLanguage = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));
const place = ({ page, line }: Block) => `${page}:${line}`;

describe("blocks of code in the documents", function () {
  this.timeout(120_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "documents-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are in a language that a test here reads", () => {
    // `text` is what is seen: no code.
    const known = inLanguage("ts", "sh", "bat", "yaml", "json", "powershell", "text");
    assert.deepEqual(
      blocks.filter((block) => !known.includes(block)).map((block) => `${place(block)} ${block.language}`),
      [],
    );
    for (const language of ["ts", "sh", "yaml"]) assert.ok(inLanguage(language).length > 0, language);
  });

  it("compile, in TypeScript, against the package as it is installed", async function () {
    if (!existsSync(join(programsFolder, "node_modules", "pulumi-exchange-kerberos"))) {
      skip(this, "the package is not installed; `npm test` packs and installs it");
    }
    const programs = join(programsFolder, "documents");
    rmSync(programs, { recursive: true, force: true });
    mkdirSync(programs);
    const files = inLanguage("ts").map((block) => {
      const file = `${block.page.replace(/\W/g, "-")}-${block.line}.ts`;
      writeFileSync(join(programs, file), block.code);
      return file;
    });
    assert.ok(files.length >= 3, String(files));
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true },
      ...{ target: "ES2022", module: "nodenext", types: [] },
    };
    writeFileSync(join(programs, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const { status, stdout } = await runCommand(process.execPath, [compiler, "-p", "."], { folder: programs });
    assert.equal(status, 0, stdout);
  });

  it("are YAML and JSON where they say so, and so are the examples' workflows", () => {
    for (const block of inLanguage("json")) assert.doesNotThrow(() => JSON.parse(block.code), place(block));
    for (const block of inLanguage("yaml")) assert.equal(typeof yaml.load(block.code), "object", place(block));
    const workflows = join(checkoutFolder, "examples/ci/.github/workflows");
    for (const name of readdirSync(workflows)) {
      const workflow = yaml.load(readFileSync(join(workflows, name), "utf8")) as Record<string, unknown>;
      assert.deepEqual(Object.keys(workflow), ["name", "on", "permissions", "jobs"], name);
    }
  });

  it("let no roll wait in a group with other jobs, where the next one to come would cancel it", () => {
    const folder = "examples/ci/.github/workflows";
    const files = readdirSync(join(checkoutFolder, folder)).map((name) =>
      readFileSync(join(checkoutFolder, folder, name), "utf8"),
    );
    const jobs = [...inLanguage("yaml").map(({ code }) => code), ...files].flatMap((text) => {
      const { jobs } = yaml.load(text) as { jobs?: Record<string, { concurrency?: unknown }> };
      return Object.entries(jobs ?? {}).map(([name, { concurrency }]) => ({ name, concurrency }));
    });
    const groups = (rolls: boolean) =>
      jobs.filter(({ name }) => (name === "roll") === rolls).map((one) => one.concurrency);
    assert.ok(groups(true).length >= 3 && groups(false).length >= 2, JSON.stringify(jobs));
    for (const group of groups(true))
      assert.ok(typeof group === "string" && !groups(false).includes(group), String(group));
  });

  it("are PowerShell where they say so", async function () {
    const engine = await findEngine();
    if (engine === undefined) return skip(this, engineMissing);
    for (const [index, block] of inLanguage("powershell").entries()) {
      const file = join(folder, `${index}.ps1`);
      writeFileSync(file, block.code);
      const parse = `$errors = $null; [void][System.Management.Automation.Language.Parser]::ParseFile('${file}', [ref]$null, [ref]$errors); $errors.Count`;
      const { stdout } = await runCommand(engine, ["-NoProfile", "-Command", parse]);
      assert.equal(stdout.trim(), "0", place(block));
    }
  });

  describe("for the shell", () => {
    /** Commands that the documents may speak of; each is a stand-in that writes down how it was called. */
    const commands = [
      ...["exchange-kerberos", "npx", "npm", "pulumi", "jq", "klist", "kinit", "mkdir", "chmod"],
      ...["dsacls", "setspn"],
    ];
    const calls: { readonly at: string; readonly words: readonly string[] }[] = [];

    /** The shell itself takes a block apart: quotes, comments, pipes and all. */
    async function callsIn(block: Block): Promise<string[][]> {
      const bin = join(folder, "bin");
      if (!existsSync(bin)) {
        mkdirSync(bin);
        const recorder = join(bin, "recorder");
        writeFileSync(recorder, `#!/bin/sh\nprintf '%s\\0' "\${0##*/}" "$@" '\x1e' >> "$RECORD"\n`, { mode: 0o755 });
        for (const command of commands) symlinkSync(recorder, join(bin, command));
      }
      const record = join(folder, "record");
      rmSync(record, { force: true });
      const script = `set -e\ncd() { :; }\n${block.code}`;
      const environment = { PATH: bin, RECORD: record };
      const { status, stderr } = await runCommand("/bin/sh", ["-c", script], { folder, environment });
      assert.equal(status, 0, `${place(block)}: ${stderr}`);
      assert.equal(stderr, "", place(block));
      const text = existsSync(record) ? readFileSync(record, "utf8") : "";
      return text
        .split("\x1e\0")
        .filter((call) => call !== "")
        .map((call) => call.slice(0, -1).split("\0"));
    }

    before(async () => {
      for (const block of inLanguage("sh", "bat")) {
        for (const words of await callsIn(block)) {
          const own = words[0] === "npx" && words[1] === "exchange-kerberos" ? words.slice(1) : words;
          calls.push({ at: `${place(block)}: ${words.join(" ")}`, words: own });
        }
      }
    });
    const called = (command: string) => calls.filter(({ words }) => words[0] === command);

    it("call our command with options that it has", async () => {
      const built = new Map<string, () => Command>();
      for (const file of readdirSync(join(checkoutFolder, "cli")).filter((name) => name.endsWith("-command.ts"))) {
        for (const make of Object.values(require(join(checkoutFolder, "cli", file)) as Record<string, unknown>)) {
          if (typeof make === "function" && /Command$/.test(make.name)) built.set(make().name(), () => make());
        }
      }
      assert.ok(called("exchange-kerberos").length >= 10);
      for (const { at, words } of called("exchange-kerberos")) {
        const [, name = "", ...rest] = words;
        const command = built.get(name)?.();
        assert.ok(command !== undefined, `${at}: no such command`);
        command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
        const parsed = command.action(() => {}).parseAsync(rest, { from: "user" });
        await assert.doesNotReject(parsed, (thrown: Error) => {
          throw new Error(`${at}: ${thrown instanceof CommanderError ? thrown.message : thrown}`);
        });
      }
    });

    it("call scripts that package.json has", () => {
      const run = called("npm").filter(({ words }) => ["run", "test"].includes(words[1] ?? ""));
      assert.ok(run.length >= 3);
      for (const { at, words } of run) {
        const [, verb, ...rest] = words;
        const script = verb === "test" ? "test" : rest.find((word) => !word.startsWith("-"));
        assert.ok(script !== undefined && script in scripts, at);
      }
    });

    it("set settings that there are", () => {
      const set = called("pulumi").filter(({ words }) => words[1] === "config" && words[2] === "set");
      assert.ok(set.length >= 10);
      for (const { at, words } of set) {
        const [key = ""] = words.slice(3).filter((word) => !word.startsWith("-"));
        const [namespace, setting = ""] = key.split(":");
        assert.equal(namespace, configNamespace, at);
        assert.ok((setting.split(".").at(-1) ?? "") in settingsSchema.shape, at);
      }
    });

    it("call Pulumi with options that it has", async function () {
      const version = await runCommand("pulumi", ["version"]).catch(() => undefined);
      if (version?.status !== 0) skip(this, "no Pulumi here; `npm test` brings one");
      // Many lines set something; what they set is looked at above.
      const asked = new Map(
        called("pulumi").map(({ at, words }) => {
          const sets = words[1] === "config" && words[2] === "set";
          const kept = words.slice(1).filter((word, index) => !sets || index < 2 || word.startsWith("--"));
          return [JSON.stringify(kept), { at, kept }];
        }),
      );
      assert.ok(asked.size >= 5);
      for (const { at, kept } of asked.values()) {
        const { status, stdout, stderr } = await runCommand("pulumi", [...kept, "--help"]);
        assert.equal(status, 0, `${at}: ${stdout}${stderr}`);
        const [first = "", second] = kept;
        const group = /^(config|policy|stack|state)$/.test(first) && second !== undefined;
        // The second word may be an alias; the help of the group itself has none there.
        assert.match(stdout, new RegExp(`^ +pulumi ${first}${group ? " [a-z]+" : ""}\\b`, "m"), at);
      }
    });
  });
});
