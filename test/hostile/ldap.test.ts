import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { authorityFile, provideCertificate } from "../../lab/certificates";
import { settingsSchema } from "../../provider/settings";
import { requireLab } from "../support/lab";
import { drip, endlessly } from "./endless";
import type { Order, Outcome } from "./ldap-client";
import { answers, type Behaviour, element, HostileLdap, operation } from "./ldap-server";
import { MeasuredClient } from "./measured-client";

/** One way to be hostile: what the client does, what the server makes of it, and what comes of it. */
interface Case {
  readonly what: string;
  readonly ask?: Order["ask"];
  /** From the logon on; by default that goes well. */
  readonly logon?: boolean;
  readonly answer: Behaviour;
  readonly code: string;
  readonly words: RegExp;
}

const refused = (why: string) => new RegExp(`^What localhost:636 sent is refused: ${why}`);
const unreadable =
  /^localhost: could not look around: its answer cannot be read\. Check that it is a domain controller/;
const late = /did not answer in time/;
const values = (count: number, value = "v") => Array.from({ length: count }, () => value);

/** Ranges of an attribute, as Active Directory names them; the table says which follow one another. */
const range = (id: number, name: string, of: readonly string[]) =>
  Buffer.concat([answers.entry(id, "CN=x,DC=lab", { member: [], [`member;range=${name}`]: of }), answers.found(id)]);

const cases: readonly Case[] = [
  {
    what: "a message of four gigabytes",
    answer: (_, socket) => socket.write(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x02])),
    code: "directory-failed",
    words: refused("a message is longer than 2097152 bytes"),
  },
  {
    what: "a message of one gigabyte, all of it",
    answer: (_, socket) => {
      socket.write(Buffer.from([0x30, 0x84, 0x40, 0, 0, 0, 0x02, 1, 2, 0x64, 0x84, 0x3f, 0xff, 0xff, 0xf0]));
      endlessly(socket, Buffer.alloc(4096, 0x41));
    },
    code: "directory-failed",
    words: refused("a message is longer"),
  },
  {
    what: "a huge entry",
    answer: ({ id }, socket) =>
      socket.write(
        Buffer.concat([answers.entry(id, "CN=x", { member: values(3, "v".repeat(1e6)) }), answers.found(id)]),
      ),
    code: "directory-failed",
    words: refused("a message is longer"),
  },
  {
    what: "entries without end",
    answer: ({ id }, socket) => endlessly(socket, answers.entry(id, "CN=x,DC=lab", { member: ["v".repeat(1000)] })),
    code: "directory-failed",
    words: refused("an answer is longer than 16777216 bytes"),
  },
  {
    what: "entries of a million empty values",
    answer: ({ id }, socket) => endlessly(socket, answers.entry(id, "CN=x,DC=lab", { member: values(100_000, "") })),
    code: "directory-failed",
    words: refused("an answer has more than 150000 parts"),
  },
  {
    what: "entries without end, and in between the end of something else",
    answer: ({ id }, socket) =>
      endlessly(socket, Buffer.concat([answers.entry(id, "CN=x", { member: ["v"] }), answers.found(id + 1000)])),
    code: "directory-failed",
    words: refused("an answer"),
  },
  {
    what: "referrals without end",
    answer: ({ id }, socket) => endlessly(socket, answers.reference(id, "ldap://elsewhere.example/DC=lab??base")),
    code: "directory-failed",
    words: refused("an answer"),
  },
  {
    what: "the smallest messages, thousands in one piece",
    answer: (_, socket) => endlessly(socket, Buffer.from([0x30, 5, 0x02, 1, 99, 0x65, 0])),
    code: "directory-failed",
    words: refused("an answer"),
  },
  {
    what: "pages without end",
    ask: "paged",
    answer: ({ id }, socket) =>
      socket.write(
        Buffer.concat([
          answers.entry(id, "CN=x", { member: values(9, "v".repeat(99_999)) }),
          answers.page(id, "go on"),
        ]),
      ),
    code: "directory-failed",
    words: /^localhost does not come to an end with its answer to a search\./,
  },
  {
    what: "a length that is not told",
    answer: (_, socket) => socket.write(Buffer.from([0x30, 0x80, 0x02, 1, 2, 0, 0])),
    code: "directory-failed",
    words: refused("it is not LDAP"),
  },
  {
    what: "a length in nine bytes",
    answer: (_, socket) => socket.write(Buffer.from([0x30, 0x89, 1, 2, 3, 4, 5, 6, 7, 8, 9])),
    code: "directory-failed",
    words: refused("it is not LDAP"),
  },
  {
    what: "a page of HTML",
    answer: (_, socket) => socket.write("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>"),
    code: "directory-failed",
    words: refused("it is not LDAP"),
  },
  {
    what: "a message without an id",
    answer: (_, socket) => socket.write(element(0x30, element(0x04, "no number"))),
    code: "directory-failed",
    words: refused("it is not LDAP"),
  },
  {
    what: "a value that is longer than its message",
    answer: ({ id }, socket) => socket.write(Buffer.from([0x30, 9, 0x02, 1, id, 0x64, 4, 0x04, 0x7f, 0x41, 0x41])),
    code: "directory-failed",
    words: refused("a value is longer than its message"),
  },
  {
    what: "a message that ends within a value's length",
    answer: ({ id }, socket) => socket.write(Buffer.from([0x30, 8, 0x02, 1, id, 0x64, 3, 0x04, 0x82, 1])),
    code: "directory-failed",
    words: refused("a value is longer than its message"),
  },
  {
    what: "an entry that is none",
    answer: ({ id }, socket) =>
      socket.write(
        element(0x30, element(0x02, Buffer.from([id])), element(0x64, element(0x02, "x"), element(0x02, "y"))),
      ),
    code: "directory-failed",
    words: unreadable,
  },
  {
    what: "the answer to another question",
    answer: ({ id }, socket) => socket.write(answers.modified(id)),
    code: "directory-failed",
    words: unreadable,
  },
  {
    what: "an operation that nobody knows",
    answer: ({ id }, socket) => socket.write(answers.intermediate(id)),
    code: "directory-failed",
    words: unreadable,
  },
  {
    what: "a number that is not of this conversation",
    answer: ({ id }, socket) => socket.write(answers.found(id + 1)),
    code: "directory-unreachable",
    words: late,
  },
  {
    what: "an answer byte by byte",
    answer: ({ id }, socket) => drip(socket, answers.entry(id, "CN=x", { member: ["v"] })),
    code: "directory-unreachable",
    words: late,
  },
  {
    what: "nothing at all",
    answer: () => {},
    code: "directory-unreachable",
    words: late,
  },
  {
    what: "a closed connection",
    answer: (_, socket) => socket.destroy(),
    code: "directory-unreachable",
    words: /^The connection to localhost:636 was lost/,
  },
  {
    what: "rubbish in place of a logon",
    logon: true,
    answer: (_, socket) => endlessly(socket, Buffer.from("rubbish ")),
    code: "directory-failed",
    words: refused("it is not LDAP"),
  },
  {
    what: "entries without end in place of a logon",
    logon: true,
    answer: ({ id }, socket) => endlessly(socket, answers.entry(id, "CN=x", { member: ["v".repeat(1000)] })),
    code: "directory-failed",
    words: refused("an answer is longer"),
  },
  {
    what: "silence in place of a logon",
    logon: true,
    answer: () => {},
    code: "directory-unreachable",
    words: late,
  },
  {
    what: "rubbish in place of the answer to a write",
    ask: "write",
    answer: (_, socket) => socket.write("rubbish"),
    code: "directory-unclear",
    words: /the connection was lost while trying to change it.*was not sent again/,
  },
  {
    what: "ranges of values without end",
    answer: ({ id, message }, socket) => {
      const from = Number(/range=(\d+)/.exec(message.toString("latin1"))?.[1] ?? 0);
      socket.write(range(id, `${from}-${from + 999}`, values(1000)));
    },
    code: "directory-failed",
    words: /^CN=x,DC=lab: not all values of member could be read\./,
  },
  {
    what: "the same range again and again",
    answer: ({ id }, socket) => socket.write(range(id, "0-1", ["a", "b"])),
    code: "directory-failed",
    words: /not all values of member/,
  },
  {
    what: "ranges with holes",
    answer: ({ id, message }, socket) =>
      socket.write(message.includes("range=") ? range(id, "7-*", ["c"]) : range(id, "0-1", ["a", "b"])),
    code: "directory-failed",
    words: /not all values of member/,
  },
  {
    what: "the root of another forest",
    ask: "forest",
    answer: ({ id }, socket) =>
      socket.write(
        Buffer.concat([
          answers.entry(id, "", { defaultNamingContext: ["DC=evil"], configurationNamingContext: ["CN=x,DC=evil"] }),
          answers.found(id),
        ]),
      ),
    code: "settings-invalid",
    words: /^localhost is a domain controller of evil, and the connection is for lab\./,
  },
  {
    what: "a root that says nothing",
    ask: "forest",
    answer: ({ id }, socket) => socket.write(Buffer.concat([answers.entry(id, "", {}), answers.found(id)])),
    code: "directory-failed",
    words: /^localhost does not show defaultNamingContext\./,
  },
  {
    what: "words that would act on a terminal",
    answer: ({ id }, socket) => socket.write(answers.found(id, 1, "\u001b]0;owned\u0007\u001b[2J")),
    code: "directory-failed",
    words: /^localhost: could not look around: LDAP result 1\.$/,
  },
];

/** Seconds that an answer may take: enough for the limits to be reached on a busy machine, and little where nothing comes. */
const timeoutOf = (words: RegExp) => (words === late ? 1 : 25);
describe("LDAP servers of ill will", function () {
  this.timeout(60_000);
  let server: HostileLdap;
  let client: MeasuredClient<Order, Outcome>;
  let behaviour: Behaviour = () => {};

  const order = (ask: Order["ask"], directoryTimeoutSeconds = 25): Order => ({
    ask,
    settings: settingsSchema.parse({
      domain: "lab",
      domainController: "localhost",
      caFile: authorityFile,
      username: "someone@lab",
      password: "Secret-1",
      directoryTimeoutSeconds,
    }),
  });

  const welcoming =
    (answer: Behaviour): Behaviour =>
    (question, socket) =>
      question.operation === operation.bind ? socket.write(answers.bound(question.id)) : answer(question, socket);

  before(async function () {
    requireLab(this);
    const certificate = await provideCertificate("hostile", ["localhost"]);
    server = await HostileLdap.open(certificate, () => behaviour);
    client = await MeasuredClient.start("ldap-client.ts", 320, 256);
    behaviour = welcoming(({ id }, socket) =>
      socket.write(
        Buffer.concat([
          answers.entry(id, "CN=x,DC=lab", { member: values(10_000, "v".repeat(90)) }),
          answers.found(id),
        ]),
      ),
    );
    await client.welcome(order("base"));
  });
  afterEach(() => {
    behaviour = () => {};
  });
  after(() => {
    client?.stop();
    server?.close();
  });

  for (const { what, ask: kind = "base", logon, answer, code, words } of cases) {
    it(`ends with the right error at ${what}`, async () => {
      behaviour = logon ? answer : welcoming(answer);
      await client.expect(order(kind, timeoutOf(words)), code, words);
    });
  }

  it("reads values that come in ranges, all of them and each once", async () => {
    const all = Array.from({ length: 3700 }, (_, index) => `value ${index}`);
    behaviour = welcoming(({ id, message }, socket) => {
      const from = Number(/range=(\d+)-\*/.exec(message.toString("latin1"))?.[1] ?? 0);
      const piece = all.slice(from, from + 1500);
      socket.write(range(id, `${from}-${from + piece.length < all.length ? from + piece.length - 1 : "*"}`, piece));
    });
    const { code, entries } = await client.ask(order("base"));
    assert.equal(code, "answered");
    assert.deepEqual(entries, [{ dn: "CN=x,DC=lab", member: all }]);
  });
});
