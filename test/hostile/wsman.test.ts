import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { authorityFile, provideCertificate } from "../../lab/certificates";
import { namespaces } from "../../provider/powershell/wsman/soap";
import { requireLab } from "../support/lab";
import { drip, endlessly } from "./endless";
import { MeasuredClient } from "./measured-client";
import type { Order } from "./powershell-client";
import { messageBytes, pipelineState } from "./psrp-message";
import { type Asked, HostileWsman, type Moment } from "./wsman-server";

interface Case {
  readonly what: string;
  /** Default: at the first request. */
  readonly at?: Moment;
  readonly act: (asked: Asked) => void;
  readonly code: string;
  readonly words: RegExp;
}

const late = /did not .* within|did not end within/;
const broke = (why: string) => new RegExp(`broke before its answer was complete: ${why}`);
const tooLong = broke("it is longer than 4194304 bytes");
const unusable = (why: string) => new RegExp(`localhost: .*${why}`);
const space = Buffer.alloc(200_000_000, 0x20);

const packed = (what: string, encoding: string, pack: (data: Buffer) => Buffer): Case => ({
  what,
  act: (asked) => asked.answer(pack(space), { "Content-Encoding": encoding }),
  code: "protocol",
  words: broke("it could not be unpacked"),
});
const body = (what: string, text: (asked: Asked) => string, why: string): Case => ({
  what,
  act: (asked) => asked.answer(text(asked)),
  code: "protocol",
  words: unusable(why),
});
const redirect = (status: string): Case => ({
  what: `a redirect (${status})`,
  act: (asked) => asked.answer("", { Location: "https://elsewhere.example/\u00ff\u009b2J" }, status),
  code: "wrong-server",
  words: /localhost sends us on to https:\/\/elsewhere\.example\//,
});
const fault = (asked: Asked, code: string, words: string) =>
  asked.answer(
    asked.envelope(
      `<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Detail><f:WSManFault xmlns:f="${namespaces.fault}" Code="${code}"><f:Message>${words}</f:Message></f:WSManFault></s:Detail></s:Fault>`,
    ),
    {},
    "500 Internal Server Error",
  );

const bodyWithoutEnd = (asked: Asked) => {
  asked.socket.write(asked.head({ "Transfer-Encoding": "chunked" }));
  endlessly(asked.socket, Buffer.from(`2710\r\n${"y".repeat(10_000)}\r\n`));
};

const cases: readonly Case[] = [
  {
    what: "headers without end",
    act: (asked) => {
      asked.socket.write("HTTP/1.1 200 OK\r\n");
      endlessly(asked.socket, Buffer.from("X-More: and more\r\n"));
    },
    code: "protocol",
    words: broke("HPE_HEADER_OVERFLOW"),
  },
  {
    what: "a header without end",
    act: (asked) => {
      asked.socket.write("HTTP/1.1 200 OK\r\nX-More: ");
      endlessly(asked.socket, Buffer.alloc(10_000, "y"));
    },
    code: "protocol",
    words: broke("HPE_HEADER_OVERFLOW"),
  },
  {
    what: "a status without end",
    act: (asked) => {
      asked.socket.write("HTTP/1.1 200 ");
      endlessly(asked.socket, Buffer.alloc(10_000, "y"));
    },
    code: "protocol",
    words: broke("HPE_"),
  },
  {
    what: "a body without end",
    act: bodyWithoutEnd,
    code: "protocol",
    words: tooLong,
  },
  {
    what: "a body of four gigabytes, as its head says",
    act: (asked) => {
      asked.socket.write(asked.head({ "Content-Length": 4_294_967_296 }));
      endlessly(asked.socket, Buffer.alloc(10_000, "y"));
    },
    code: "protocol",
    words: tooLong,
  },
  {
    what: "a chunk's extension without end",
    act: (asked) => {
      asked.socket.write(asked.head({ "Transfer-Encoding": "chunked" }));
      asked.socket.write("1;x=");
      endlessly(asked.socket, Buffer.alloc(10_000, "y"));
    },
    code: "protocol",
    words: broke("HPE_"),
  },
  {
    what: "trailers without end",
    act: (asked) => {
      asked.socket.write(asked.head({ "Transfer-Encoding": "chunked" }));
      asked.socket.write("0\r\n");
      endlessly(asked.socket, Buffer.from("X-More: and more\r\n"));
    },
    code: "protocol",
    words: broke("HPE_HEADER_OVERFLOW"),
  },
  {
    what: "both a length and chunks",
    act: (asked) => asked.socket.write(asked.head({ "Content-Length": 3, "Transfer-Encoding": "chunked" })),
    code: "protocol",
    words: broke("HPE_"),
  },
  {
    what: "promises to go on, without end",
    act: (asked) => endlessly(asked.socket, Buffer.from("HTTP/1.1 100 Continue\r\n\r\n")),
    code: "timeout",
    words: late,
  },
  {
    what: "another protocol from now on",
    act: (asked) =>
      asked.socket.write(asked.head({ Connection: "Upgrade", Upgrade: "websocket" }, "101 Switching Protocols")),
    code: "protocol",
    words: broke(""),
  },
  {
    what: "what is not HTTP",
    act: (asked) => endlessly(asked.socket, Buffer.from("rubbish ")),
    code: "protocol",
    words: broke("HPE_"),
  },
  {
    what: "an answer byte by byte",
    act: (asked) => drip(asked.socket, asked.head({ "Content-Length": 100_000 })),
    code: "timeout",
    words: late,
  },
  { what: "nothing at all", act: () => {}, code: "timeout", words: late },
  { what: "a closed connection", act: ({ socket }) => socket.destroy(), code: "protocol", words: broke("") },
  packed("200 megabytes packed by gzip", "gzip", gzipSync),
  packed("an encoding that nobody knows", "zstd-of-my-own", () => Buffer.from("x")),
  body("elements in elements in elements", () => "<a>".repeat(200_000), "too many elements, or nests too deep"),
  body("elements beyond number", () => `<a>${"<b/>".repeat(900_000)}</a>`, "elements"),
  body(
    "attributes beyond number",
    () => `<a ${Array.from({ length: 200_000 }, (_, at) => `a${at}="" `).join("")}/>`,
    "",
  ),
  body(
    "namespaces beyond number",
    () => `<a ${Array.from({ length: 100_000 }, (_, at) => `xmlns:a${at}="u${at}" `).join("")}/>`,
    "",
  ),
  body("entities that grow", () => `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>`, "doctype"),
  body("a comment of four megabytes", () => `<!--${"y".repeat(4_000_000)}--><x/>`, ""),
  body(
    "an answer to somebody else's request",
    (asked) => asked.envelope("<x/>").replace(/uuid:[^<]*/, "uuid:1"),
    "it belongs to another request",
  ),
  body("nothing of an answer", (asked) => asked.envelope(""), "it names no shell"),
  redirect("301 Moved Permanently"),
  redirect("302 Found"),
  redirect("307 Temporary Redirect"),
  redirect("308 Permanent Redirect"),
  {
    what: "a refusal that comes each time",
    act: (asked) => asked.answer("", { "WWW-Authenticate": 'Basic realm="x", Negotiate' }, "401 Unauthorized"),
    code: "password-refused",
    words: /refuses the password of shelly/,
  },
  {
    what: "a fault with words that would act on a terminal",
    act: (asked) => fault(asked, "2150858811", "\u009b2J owned &#x9b;2J &#10; \u0085"),
    code: "not-exchange",
    words: /2J owned/,
  },
  {
    what: "a fault whose number is none",
    act: (asked) => fault(asked, "9".repeat(400), "y".repeat(1_000_000)),
    code: "protocol",
    words: /localhost/,
  },
  {
    what: "the answer to another command",
    at: "command",
    act: (asked) =>
      asked.answer(
        asked.envelope(
          "<rsp:CommandResponse><rsp:CommandId>11111111-2222-3333-4444-555555555555</rsp:CommandId></rsp:CommandResponse>",
        ),
      ),
    code: "protocol",
    words: /it names another command/,
  },
  {
    what: "a body without end where a command was sent",
    at: "command",
    act: bodyWithoutEnd,
    code: "unclear-outcome",
    words: tooLong,
  },
  {
    what: "a closed connection where a command was sent",
    at: "command",
    act: ({ socket }) => socket.destroy(),
    code: "unclear-outcome",
    words: broke(""),
  },
  {
    what: "output without end",
    at: "output",
    act: (asked) =>
      asked.answer(
        asked.output(messageBytes(asked.poolId, "pipelineOutput", `<S>${"v".repeat(2_000_000)}</S>`, asked.pipelineId)),
      ),
    code: "unclear-outcome",
    words: /Write-Output gave more than 67108864 bytes/,
  },
  {
    what: "the start of a message, again and again",
    at: "output",
    act: (asked) =>
      asked.answer(
        asked.output(messageBytes(asked.poolId, "pipelineOutput", "<S>x</S>", asked.pipelineId).subarray(0, -3)),
      ),
    code: "unclear-outcome",
    words: /PowerShell peer/,
  },
  {
    what: "answers with nothing in them, without end",
    at: "output",
    act: (asked) => asked.answer(asked.output(Buffer.alloc(0))),
    code: "timeout",
    words: late,
  },
  {
    what: "time-outs without end",
    at: "output",
    act: (asked) => fault(asked, "2150858793", "Timed out."),
    code: "timeout",
    words: late,
  },
  {
    what: "cookies without end",
    at: "output",
    act: (asked) => {
      const cookies = Array.from({ length: 100 }, () => `Set-Cookie: c${Math.random()}=${"y".repeat(50)}\r\n`).join("");
      const text = asked.output(Buffer.alloc(0));
      asked.socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n${cookies}Content-Length: ${text.length}\r\n\r\n${text}`,
      );
    },
    code: "timeout",
    words: late,
  },
  {
    what: "the end of a command, and no word before it",
    at: "output",
    act: (asked) =>
      asked.answer(asked.output(messageBytes(asked.poolId, "pipelineState", pipelineState(77), asked.pipelineId))),
    code: "unclear-outcome",
    words: /PowerShell peer/,
  },
];

describe("WS-Management servers of ill will", function () {
  this.timeout(60_000);
  let server: HostileWsman;
  let client: MeasuredClient<Order>;
  const ask = (patience: number): Order => ({
    target: { transport: "wsman", url: server.url, ca: readFileSync(authorityFile, "utf8") },
    patience,
  });

  before(async function () {
    requireLab(this);
    server = await HostileWsman.open(await provideCertificate("hostile", ["localhost"]));
    client = await MeasuredClient.start("powershell-client.ts", 320, 256);
    server.behaviour = {
      at: "output",
      act: (asked) => {
        const say = (type: "pipelineOutput" | "pipelineState", data: string) =>
          messageBytes(asked.poolId, type, data, asked.pipelineId);
        const output = say("pipelineOutput", `<S>${"v".repeat(1_000_000)}</S>`);
        asked.answer(asked.output(Buffer.concat([output, output, say("pipelineState", pipelineState(4))])));
      },
    };
    await client.welcome(ask(10_000));
  });
  after(() => {
    client?.stop();
    server?.close();
  });

  for (const { what, at = "opening", act, code, words } of cases) {
    it(`are answered with the right error at ${what}`, async () => {
      server.behaviour = { at, act };
      await client.expect(ask(code === "timeout" ? 2_000 : 25_000), code, words);
    });
  }
});
