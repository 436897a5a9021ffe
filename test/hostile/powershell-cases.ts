import { messageTypes } from "../../provider/powershell/psrp/message";
import { drip, endlessly } from "./endless";
import type { Moment, Victim } from "./powershell-server";
import { pipelineState, runspacePoolState } from "./psrp-message";

/** One way to be hostile, and what comes of it. */
export interface Case {
  readonly what: string;
  /** Default: at the first word. */
  readonly at?: Moment;
  readonly act: (victim: Victim) => void;
  readonly code: string;
  readonly words: RegExp;
}

const broken = (why: string) => new RegExp(`The PowerShell peer broke the remoting protocol: .*${why}`);
const notRemoting = /something that is not its remoting protocol/;
const late = /did not .* within|did not end within/;
export const megabyte = "v".repeat(1_000_000);
const question = `<Obj RefId="0"><MS><I64 N="ci">1</I64><Obj N="mi" RefId="1"><TN RefId="0"><T>System.Management.Automation.Remoting.RemoteHostMethodId</T></TN><ToString>ReadLine</ToString><I32>11</I32></Obj><Obj N="mp" RefId="2"><LST /></Obj></MS></Obj>`;
const startFlag = 1;
function oneMessageWithoutEnd(victim: Victim, piece: Buffer): void {
  let number = 0n;
  endlessly(victim.socket, () => {
    const flags = number === 0n ? startFlag : 0;
    return victim.fragment(1n, number++, flags, piece);
  });
}
const manyObjects = Array.from({ length: 1000 }, (_, at) => `<Obj RefId="${at}" />`).join("");

export const cases: readonly Case[] = [
  {
    what: "a line without end",
    act: ({ socket }) => endlessly(socket, Buffer.alloc(65_536, "y")),
    code: "protocol",
    words: notRemoting,
  },
  {
    what: "a page of HTML",
    act: ({ socket }) => socket.write("<html>Sign in</html>\n"),
    code: "protocol",
    words: notRemoting,
  },
  {
    what: "acknowledgements without end",
    act: ({ socket }) =>
      endlessly(socket, Buffer.from(`<DataAck PSGuid='${"0".repeat(8)}-0000-0000-0000-${"1".repeat(12)}' />\n`)),
    code: "timeout",
    words: late,
  },
  {
    what: "a fragment of four gigabytes",
    act: (victim) => victim.socket.write(victim.fragment(1n, 0n, startFlag, Buffer.alloc(100), 0xffff_ffff)),
    code: "protocol",
    words: broken("its messages are larger"),
  },
  {
    what: "a message without end",
    act: (victim) => oneMessageWithoutEnd(victim, Buffer.alloc(30_000)),
    code: "protocol",
    words: broken("its messages are larger"),
  },
  {
    what: "messages that begin and never end",
    act: (victim) => {
      let object = 0n;
      endlessly(victim.socket, () => victim.fragment(++object, 0n, startFlag, Buffer.alloc(10)));
    },
    code: "protocol",
    words: broken("more than 64 messages are incomplete"),
  },
  {
    what: "empty fragments without end",
    act: (victim) => oneMessageWithoutEnd(victim, Buffer.alloc(0)),
    code: "timeout",
    words: late,
  },
  {
    what: "a message for somebody else",
    act: (victim) => victim.socket.write(victim.misnamed(2, messageTypes.runspacePoolState)),
    code: "protocol",
    words: broken("not for the client"),
  },
  {
    what: "a message of a type that nobody knows",
    act: (victim) => victim.socket.write(victim.misnamed(1, 0x0004_9999)),
    code: "protocol",
    words: broken("unknown type 0x49999"),
  },
  {
    what: "a state that there is not",
    act: (victim) => victim.socket.write(victim.message("runspacePoolState", runspacePoolState(99))),
    code: "protocol",
    words: broken(""),
  },
  {
    what: "states without end",
    act: (victim) => endlessly(victim.socket, victim.message("runspacePoolState", runspacePoolState(1))),
    code: "timeout",
    words: late,
  },
  {
    what: "a broken pool, with words that would act on a terminal",
    act: (victim) => {
      const error = `<Obj N="ExceptionAsErrorRecord" RefId="1"><MS><S N="FullyQualifiedErrorId">x</S><S N="ErrorCategory_Message">x_x001B_]0;owned_x0007_</S></MS></Obj>`;
      victim.socket.write(victim.message("runspacePoolState", runspacePoolState(5, error)));
    },
    code: "protocol",
    words: /./,
  },
  {
    what: "elements in elements in elements",
    act: (victim) => victim.socket.write(victim.message("runspacePoolState", '<Obj RefId="0"><MS>'.repeat(100_000))),
    code: "protocol",
    words: /nests deeper than 256 elements/,
  },
  {
    what: "elements beyond number",
    act: (victim) =>
      victim.socket.write(
        victim.message("runspacePoolState", `<Obj RefId="0"><LST>${"<Nil/>".repeat(510_000)}</LST></Obj>`),
      ),
    code: "protocol",
    words: /more than 500000 elements/,
  },
  {
    what: "an attribute of ten megabytes",
    act: (victim) =>
      victim.socket.write(victim.message("runspacePoolState", `<Obj RefId="${megabyte.repeat(10)}"><MS /></Obj>`)),
    code: "protocol",
    words: /PowerShell peer/,
  },
  {
    what: "attributes beyond number",
    act: (victim) => victim.socket.write(victim.message("runspacePoolState", `<Obj ${'N="x" '.repeat(1_000_000)}/>`)),
    code: "protocol",
    words: /PowerShell peer/,
  },
  {
    what: "entities that grow",
    act: (victim) =>
      victim.socket.write(
        victim.message(
          "runspacePoolState",
          `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><S>&b;</S>`,
        ),
      ),
    code: "protocol",
    words: /PowerShell peer/,
  },
  {
    what: "a session key that nobody asked for",
    act: (victim) =>
      victim.socket.write(
        victim.message(
          "encryptedSessionKey",
          `<Obj RefId="0"><MS><S N="EncryptedSessionKey">${"00".repeat(268)}</S></MS></Obj>`,
        ),
      ),
    code: "protocol",
    words: broken("not asked for"),
  },
  {
    what: "an answer byte by byte",
    act: (victim) => drip(victim.socket, victim.message("runspacePoolState", runspacePoolState(2))),
    code: "timeout",
    words: late,
  },
  { what: "nothing at all", act: () => {}, code: "timeout", words: late },
  { what: "a closed connection", act: ({ socket }) => socket.destroy(), code: "protocol", words: /ended|closed/ },
  {
    what: "output without end",
    at: "command",
    act: (victim) => endlessly(victim.socket, victim.message("pipelineOutput", `<S>${megabyte}</S>`)),
    code: "unclear-outcome",
    words: /Write-Output gave more than 67108864 bytes/,
  },
  {
    what: "errors without end",
    at: "command",
    act: (victim) =>
      endlessly(
        victim.socket,
        victim.message("errorRecord", `<Obj RefId="0"><MS><S N="ErrorDetails_Message">${megabyte}</S></MS></Obj>`),
      ),
    code: "unclear-outcome",
    words: /Write-Output/,
  },
  {
    what: "the smallest of records without end",
    at: "command",
    act: (victim) => endlessly(victim.socket, victim.message("pipelineOutput", "<Nil />")),
    code: "unclear-outcome",
    words: /more than 500000 elements/,
  },
  {
    what: "the smallest of objects without end",
    at: "command",
    act: (victim) =>
      endlessly(victim.socket, victim.message("pipelineOutput", `<Obj RefId="-"><LST>${manyObjects}</LST></Obj>`)),
    code: "unclear-outcome",
    words: /more than 500000 elements/,
  },
  {
    what: "questions",
    at: "command",
    act: (victim) => endlessly(victim.socket, victim.message("pipelineHostCall", question)),
    code: "powershell-failed",
    words: /Write-Output on .* asked a question/,
  },
  {
    what: "output of a command that nobody gave",
    at: "command",
    act: (victim) => {
      const other = "11111111-2222-3333-4444-555555555555";
      endlessly(victim.socket, victim.message("pipelineOutput", `<S>${megabyte}</S>`, other));
    },
    code: "timeout",
    words: late,
  },
  {
    what: "another command's output among this one's",
    at: "command",
    act: (victim) => {
      const { pipelineId } = victim;
      const packet = victim.message("pipelineOutput", "<S>x</S>", "11111111-2222-3333-4444-555555555555");
      victim.socket.write(packet.toString().replace("11111111-2222-3333-4444-555555555555", String(pipelineId)));
    },
    code: "unclear-outcome",
    words: broken("another pipeline's stream"),
  },
  {
    what: "objects in objects in objects",
    at: "command",
    act: (victim) =>
      victim.socket.write(
        victim.message("pipelineOutput", `${'<Obj RefId="0"><MS>'.repeat(5000)}${"</MS></Obj>".repeat(5000)}`),
      ),
    code: "unclear-outcome",
    words: /nests deeper/,
  },
  {
    what: "a reference to what is not there",
    at: "command",
    act: (victim) => victim.socket.write(victim.message("pipelineOutput", '<Ref RefId="77" />')),
    code: "unclear-outcome",
    words: /PowerShell peer/,
  },
  {
    what: "a number that is none",
    at: "command",
    act: (victim) => victim.socket.write(victim.message("pipelineOutput", "<I32>1e999</I32>")),
    code: "unclear-outcome",
    words: /PowerShell peer/,
  },
  {
    what: "a secret, and never the key to it",
    at: "command",
    act: (victim) => victim.socket.write(victim.message("pipelineOutput", "<SS>AAAAAAAAAAAAAAAAAAAAAA==</SS>")),
    code: "timeout",
    words: late,
  },
  {
    what: "an end of its own kind",
    at: "command",
    act: (victim) => victim.socket.write(victim.message("pipelineState", pipelineState(77))),
    code: "unclear-outcome",
    words: /PowerShell peer/,
  },
  {
    what: "an error with words that would act on a terminal",
    at: "command",
    act: (victim) => {
      const record = `<Obj RefId="0"><MS><S N="FullyQualifiedErrorId">x</S><S N="ErrorDetails_Message">_x001B_]0;owned_x0007__x001B_[2J</S></MS></Obj>`;
      victim.socket.write(
        Buffer.concat([victim.message("errorRecord", record), victim.message("pipelineState", pipelineState(4))]),
      );
    },
    code: "powershell-failed",
    words: /say hello/,
  },
  { what: "no answer to a command", at: "command", act: () => {}, code: "timeout", words: late },
  {
    what: "a session key that is none",
    at: "key",
    act: (victim) =>
      victim.socket.write(
        victim.message("encryptedSessionKey", '<Obj RefId="0"><MS><S N="EncryptedSessionKey">zz</S></MS></Obj>', null),
      ),
    code: "protocol",
    words: /key/,
  },
  {
    what: "a session key for somebody else",
    at: "key",
    act: (victim) =>
      victim.socket.write(
        victim.message(
          "encryptedSessionKey",
          `<Obj RefId="0"><MS><S N="EncryptedSessionKey">010200001066000000a40000${"5a".repeat(256)}</S></MS></Obj>`,
          null,
        ),
      ),
    code: "protocol",
    words: /key/,
  },
  {
    what: "a session key of ten megabytes",
    at: "key",
    act: (victim) =>
      victim.socket.write(
        victim.message(
          "encryptedSessionKey",
          `<Obj RefId="0"><MS><S N="EncryptedSessionKey">${"00".repeat(5_000_000)}</S></MS></Obj>`,
          null,
        ),
      ),
    code: "protocol",
    words: /key/,
  },
  { what: "no session key", at: "key", act: () => {}, code: "timeout", words: late },
];
