import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { checkoutFolder } from "../lab/folders";
import { heading } from "../provider/checks/check";
import { runbook } from "../provider/checks/runbook";
import { handlers } from "../provider/resources";
import { resolveSettings, settingsSchema } from "../provider/settings";
import { anchorsOf, isFile, page, section, tableRows, userPages } from "./support/documents";

const unquoted = (cell: string) => cell.replaceAll("`", "");
/** What stands in backticks. */
const quoted = (text: string) =>
  [...text.replace(/^```.*?^```$/gms, "").matchAll(/`([^`]+)`/g)].map(([, words = ""]) => words);
const read = (path: string) => readFileSync(join(checkoutFolder, path), "utf8");
const settings = Object.keys(settingsSchema.shape);

/** The default of a schema's property, as the tables write it; `undefined` where it has none. */
function defaultOf(property: unknown): unknown {
  return property instanceof z.ZodDefault ? property.def.defaultValue : undefined;
}

describe("tables and references in the documents", () => {
  describe("settings in the README", () => {
    const rows = tableRows(section(page("README.md"), "## Settings"), "setting");

    it("are those that there are", () => {
      assert.deepEqual(rows.map(([name = ""]) => unquoted(name)).sort(), [...settings].sort());
    });

    it("have the defaults that they have", () => {
      for (const [name = "", , , written = ""] of rows) {
        const expected = defaultOf(Reflect.get(settingsSchema.shape, unquoted(name)));
        if (expected !== undefined) assert.equal(written, `\`${expected}\``, name);
        else assert.ok(!/^`[^`]*`$/.test(written) && written !== "", `${name} has no such default: ${written}`);
      }
    });

    it("come from the environment by the names that are given", () => {
      for (const [name = "", variable = ""] of rows) {
        const setting = unquoted(name);
        const value = anotherValueOf(Reflect.get(settingsSchema.shape, setting));
        const environment = { EXCHANGE_KERBEROS_DOMAIN: "example.com", [unquoted(variable)]: value };
        const resolved = resolveSettings("default", { config: () => undefined, environment });
        assert.equal(String(Reflect.get(resolved, setting)), value, `${name} ${variable}`);
      }
    });

    it("are the only ones that any page or workflow names", () => {
      const words = settings.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
      const workflows = "examples/ci/.github/workflows";
      const texts = [
        ...userPages(),
        ...readdirSync(join(checkoutFolder, workflows)).map((one) => page(join(workflows, one))),
      ];
      for (const { path, text } of texts) {
        for (const [variable, rest = ""] of text.matchAll(/\bEXCHANGE_KERBEROS_(\w+)/g)) {
          assert.ok(
            words.some((word) => rest === word || rest.endsWith(`_${word}`)),
            `${path}: ${variable}`,
          );
        }
      }
    });
  });

  for (const [kind, path, source] of [
    ["AsaAccount", "docs/asa-account.md", "sdk/asa-account.ts"],
    ["AsaDeployment", "docs/asa-deployment.md", "sdk/asa-deployment.ts"],
    ["ServicePrincipalName", "docs/service-principal-name.md", "sdk/service-principal-name.ts"],
    ["OutlookAuthSetting", "docs/outlook-auth-setting.md", "sdk/outlook-auth-setting.ts"],
  ] as const) {
    describe(`the page of ${kind}`, () => {
      const { text } = page(path);
      const shape = handlers[kind]?.schema.shape ?? {};

      it("has the inputs that there are, with their defaults", () => {
        const rows = tableRows(page(path), "input").map(
          ([name = "", , written = ""]) => [unquoted(name), written] as const,
        );
        const written = new Set(rows.map(([name]) => name.split(".")[0]));
        assert.deepEqual([...written].sort(), Object.keys(shape).sort());
        for (const [name, cell] of rows) {
          const expected = defaultOf(shape[name]);
          if (typeof expected === "string") assert.equal(cell, `\`${JSON.stringify(expected)}\``, name);
          if (typeof expected === "boolean") assert.equal(cell, `\`${expected}\``, name);
          if (expected === undefined) assert.ok(!/^`/.test(cell), `${name} has no default: ${cell}`);
        }
      });

      it("names every output", () => {
        const outputs = [...read(source).matchAll(/declare readonly (\w+):/g)].map(([, name = ""]) => name);
        assert.ok(outputs.length >= 3);
        const named = quoted(text);
        assert.deepEqual(
          outputs.filter((name) => !named.includes(name)),
          [],
        );
      });
    });
  }

  it("quote messages that the code has", () => {
    const corpus = sourceText(["provider", "sdk"]);
    const said = userPages().flatMap((one) => {
      const rows = [...tableRows(one, "words"), ...tableRows(one, "code").map(([, words = ""]) => [words])];
      return rows.flatMap(([words = ""]) => fragments(words).map((fragment) => [one.path, fragment] as const));
    });
    assert.ok(said.length >= 30);
    assert.deepEqual(
      said.filter(([, fragment]) => !corpus.includes(fragment)),
      [],
    );
  });

  it("explain every code of an error", () => {
    const codes = [...(read("provider/error.ts").split("export interface")[0] ?? "").matchAll(/^ {2}\| "([a-z-]+)"/gm)];
    const explained = tableRows(page("docs/troubleshooting.md"), "code").flatMap(([code = ""]) => quoted(code));
    assert.deepEqual(explained.sort(), codes.map(([, code = ""]) => code).sort());
  });

  it("speak of the checks that there are", () => {
    const ids = runbook.map(({ id }) => id);
    const listed = tableRows(page("docs/check.md"), "check").flatMap(([id = ""]) => quoted(id));
    assert.deepEqual(listed.sort(), [...ids].sort());
    const clients = section(page("docs/troubleshooting.md"), "## Clients");
    const troubled = tableRows(clients, "symptom").flatMap(([, , check = ""]) => quoted(check));
    assert.ok(troubled.length >= 20);
    assert.deepEqual(
      troubled.filter((id) => !ids.includes(id)),
      [],
    );
  });

  it("map every heading of the article, and each check where it belongs", () => {
    const map = page("docs/article-map.md");
    const headings = map.text.split("\n").filter((line) => /^##+ /.test(line));
    for (const title of Object.values(heading)) {
      const line = headings.find((one) => one.replace(/^#+ /, "") === title);
      assert.ok(line !== undefined, `no heading "${title}"`);
      const named = quoted(section(map, line).text);
      const belonging = runbook.filter((check) => check.heading === title).map(({ id }) => id);
      assert.deepEqual(
        belonging.filter((id) => !named.includes(id)),
        [],
        title,
      );
    }
  });

  it("name metrics that are written, and all of them", () => {
    const metrics = (text: string) => [
      ...new Set([...text.matchAll(/\bexchange_kerberos_\w+/g)].map(([name]) => name)),
    ];
    const gauges = read("cli/status/prometheus.ts").matchAll(/gauge\(\s*"([a-z_]+)"/g);
    const written = [...gauges].map(([, name]) => `exchange_kerberos_${name}`);
    assert.ok(written.length >= 8, String(written));
    assert.deepEqual(metrics(read("docs/status.md")).sort(), written.sort());
  });

  it("link to what is there", () => {
    for (const { path, text } of userPages()) {
      for (const [, target = ""] of text.replace(/^```.*?^```$/gms, "").matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https:/.test(target)) continue;
        const [file = "", anchor] = target.split("#");
        const found = file === "" ? path : join(dirname(path), file);
        assert.ok(isFile(found), `${path}: ${target}`);
        if (anchor !== undefined) assert.ok(anchorsOf(page(found)).includes(anchor), `${path}: ${target}`);
      }
    }
  });
});

/** A value that the setting takes and that is not its default. */
function anotherValueOf(property: z.ZodType): string {
  const inner = property instanceof z.ZodDefault ? property.def.innerType : property;
  const values = inner instanceof z.ZodEnum ? inner.options.map(String).reverse() : ["77", "10.0.0.1"];
  const value = values.find((one) => property.safeParse(one).success);
  assert.ok(value !== undefined, "it takes none of them");
  return value;
}

/** Parts of a quoted message between what varies; `*in italics*` stands what others say. */
function fragments(words: string): string[] {
  return words
    .replaceAll(/\*[^*]+\*/g, "…")
    .replaceAll("`", "")
    .split(/…|; | \/ /)
    .map((part) => part.trim().replace(/[.:]$/, ""))
    .filter((part) => part.length >= 8);
}

/** All texts of some folders, whole where the source breaks them into lines. */
function sourceText(folders: readonly string[]): string {
  const files = folders.flatMap((folder) =>
    readdirSync(join(checkoutFolder, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  return files
    .filter((name) => name.endsWith(".ts"))
    .map(read)
    .join("\n")
    .replaceAll(/["`] \+\s+["`]/g, "")
    .replaceAll('\\"', '"');
}
