import assert from "node:assert/strict";
import type { AuthenticationMethod } from "../../../lab/exchange/model/virtual-directory";
import { outlookAuthSetting } from "../../../provider/resources/outlook-auth-setting";
import type { OutlookInputs, OutlookOutputs } from "../../../provider/resources/outlook-auth-setting/schema";
import { complete, Resource } from "../program";
import { ExchangeProgram } from "./exchange-program";

const letters: Record<string, AuthenticationMethod> = { B: "Basic", N: "Ntlm", G: "Negotiate", O: "OAuth" };
const methods = (text: string) => [...text].map((letter) => letters[letter] ?? assert.fail(letter));

/**
 * A list or one method before, what is wanted (`+` includes, `=` is exactly), what is there after `up`, what somebody makes
 * of it meanwhile (`-` nothing), and what is there after `destroy`. B Basic, N NTLM, G Negotiate, O OAuth.
 */
const mapi = `
  NOG +G   NOG  -    NOG     the default of setup: nothing to do, nothing to undo
  NO  +G   NOG  -    NO
  N   +G   NG   -    N
  O   +G   OG   -    O
  G   +G   G    -    G
  BN  +G   BNG  -    BN
  NO  +G   NOG  NO   NO      they took ours off
  NO  +G   NOG  NG   N       they took OAuth off, and it stays off
  NO  +G   NOG  BNOG BNO     they added Basic, and it stays
  NO  +G   NOG  G    G       without ours nothing would be left, which Exchange does not take
  NOG +G   NOG  NO   NO      Negotiate was not ours: it is theirs to take off
  NOG +G   NOG  BNOG BNOG
  N   +GO  NGO  -    N
  N   +GO  NGO  NG   N
  N   +GO  NGO  NO   N
  NO  +GO  NOG  NG   N
  NOG =NG  NG   -    NOG     the article's plain list drops OAuth; it comes back
  NO  =NG  NG   -    NO
  N   =NG  NG   -    N
  NG  =NG  NG   -    NG
  O   =NG  NG   -    O
  BNOG =NG NG   -    BNOG
  NOG =NG  NG   NOG  NOG     they put OAuth back themselves
  NOG =NG  NG   N    NO
  NO  =NG  NG   BNG  BNO
  O   =NG  NG   BNG  BO
  O   =NG  NG   O    O
  BN  =G   G    -    BN
  BN  =G   G    N    BN
  N   =BNGO BNGO -   N
`;
const internal = `
  N   G    G    -    N       the article
  G   G    G    -    G
  N   G    G    B    B       theirs stays
  N   G    G    N    N
  B   G    G    -    B
  B   G    G    N    N
  B   N    N    G    G
  N   N    N    G    G
  G   N    N    -    G
  B   B    B    -    B
`;
const iis = `
  BNG +G   BNG  -    BNG
  BN  +G   BNG  -    BN
  BNG =NG  NG   -    BNG
  BNG =NG  NG   G    BG
`;

interface Row {
  readonly title: string;
  readonly before: string;
  readonly wanted: string;
  readonly up: string;
  readonly meanwhile: string | undefined;
  readonly down: string;
}

function rows(table: string): Row[] {
  return table.split("\n").flatMap((line) => {
    const [before, wanted, up, meanwhile, down] = line.trim().split(/\s+/);
    if (!before || !wanted || !up || !meanwhile || !down) return [];
    return [{ title: line.trim(), before, wanted, up, meanwhile: meanwhile === "-" ? undefined : meanwhile, down }];
  });
}

const rule = (text: string) =>
  text.startsWith("+") ? { include: methods(text.slice(1)) } : { exactly: methods(text.slice(1)) };

/** One setting of the model, by the letters of its methods. */
interface Setting {
  inputs(wanted: string): object;
  get(program: ExchangeProgram): string;
  set(program: ExchangeProgram, text: string): void;
}

const lettersOf = (list: readonly string[]) => {
  assert.equal(new Set(list).size, list.length, `each once: ${list.join(", ")}`);
  return Object.entries(letters)
    .filter(([, method]) => list.includes(method))
    .map(([letter]) => letter)
    .join("");
};
const sorted = (text: string) => lettersOf(methods(text));

const settings: Record<string, { rows: Row[]; setting: Setting }> = {
  "MAPI over HTTP": {
    rows: rows(mapi),
    setting: {
      inputs: (wanted) => ({ mapi: rule(wanted) }),
      get: (program) => lettersOf(program.directories().mapi.iisAuthenticationMethods),
      set: (program, text) => {
        program.directories().mapi.iisAuthenticationMethods = methods(text);
      },
    },
  },
  "internal clients of Outlook Anywhere": {
    rows: rows(internal),
    setting: {
      inputs: (wanted) => ({ outlookAnywhere: { internal: letters[wanted] } }),
      get: (program) => lettersOf([program.directories().outlookAnywhere.internalClientAuthenticationMethod]),
      set: (program, text) => {
        program.directories().outlookAnywhere.internalClientAuthenticationMethod = letters[text] as "Ntlm";
      },
    },
  },
  "the directory of Outlook Anywhere": {
    rows: rows(iis),
    setting: {
      inputs: (wanted) => ({ outlookAnywhere: { iis: rule(wanted) } }),
      get: (program) => lettersOf(program.directories().outlookAnywhere.iisAuthenticationMethods),
      set: (program, text) => {
        program.directories().outlookAnywhere.iisAuthenticationMethods = methods(text) as "Ntlm"[];
      },
    },
  },
};

describe("OutlookAuthSetting: before, wanted, changed meanwhile", () => {
  it("has at least 40 combinations", () => {
    const count = Object.values(settings).reduce((sum, { rows: all }) => sum + all.length, 0);
    assert.ok(count >= 40, String(count));
  });

  for (const [name, { rows: all, setting }] of Object.entries(settings)) {
    describe(name, () => {
      for (const row of all) {
        it(row.title, async () => {
          const program = new ExchangeProgram();
          const resource = new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting);
          const given = { server: "cas-1.corp.tailspintoys.com", ...setting.inputs(row.wanted) };
          setting.set(program, row.before);

          await resource.up(given, program);
          assert.equal(setting.get(program), sorted(row.up));
          assert.equal(program.writes.length, sorted(row.before) === sorted(row.up) ? 0 : 1);
          assert.equal(
            program.lines.some((line) => line.includes("application pools")),
            program.writes.length > 0,
          );
          // The model takes a method twice; nobody knows what Exchange does.
          const written = program.sent.flatMap(({ command }) => Object.values(command.parameters ?? {}));
          for (const list of written) if (Array.isArray(list)) lettersOf(list as string[]);
          program.forget();
          await resource.refresh(program);
          assert.equal(await resource.up(given, program), "same");
          assert.deepEqual(program.writes, []);

          if (row.meanwhile !== undefined) setting.set(program, row.meanwhile);
          const wanted = row.wanted.replace(/^[+=]/, "");
          const now = row.meanwhile ?? row.up;
          const drifted = row.wanted.startsWith("+")
            ? [...wanted].some((letter) => !now.includes(letter))
            : sorted(wanted) !== sorted(now);
          await resource.refresh(program);
          const inputs = complete<OutlookInputs>(outlookAuthSetting, given);
          const { changed } = await outlookAuthSetting.diff(resource.id, resource.state, inputs, program);
          assert.equal(changed.length > 0, drifted, "the preview after a refresh");
          assert.deepEqual(program.writes, []);

          await resource.destroy(program);
          assert.equal(setting.get(program), sorted(row.down));
          assert.equal(program.writes.length, sorted(now) === sorted(row.down) ? 0 : 1);
          if (program.writes.length > 0) assert.ok(!program.lines.some((line) => line.includes("It stays")));

          // Nothing but this one setting was ever touched.
          setting.set(program, row.before);
          const untouched = new ExchangeProgram();
          setting.set(untouched, row.before);
          assert.deepEqual(program.directories(), untouched.directories());
        });

        if (row.meanwhile === undefined) continue;
        it(`${row.title} (repaired by up)`, async () => {
          const program = new ExchangeProgram();
          const resource = new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting);
          const given = { server: "cas-1.corp.tailspintoys.com", ...setting.inputs(row.wanted) };
          setting.set(program, row.before);
          await resource.up(given, program);
          setting.set(program, row.meanwhile ?? "");
          await resource.refresh(program);
          await resource.up(given, program);
          const wanted = row.wanted.replace(/^[+=]/, "");
          const now = setting.get(program);
          if (row.wanted.startsWith("+")) for (const letter of wanted) assert.ok(now.includes(letter), now);
          else assert.equal(now, sorted(wanted));
        });
      }
    });
  }
});
