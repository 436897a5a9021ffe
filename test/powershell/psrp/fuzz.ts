import { ProviderError } from "../../../provider/error";
import {
  deserialize,
  encodePacket,
  type OutgoingData,
  OutOfProcessReader,
  PsCredential,
  PsDictionary,
  PsList,
  PsObject,
  PsScalar,
  psEnum,
  RunspacePoolClient,
  RunspacePoolServer,
  SecureString,
  serialize,
} from "../../../provider/powershell/psrp";
import { readFault } from "../../../provider/powershell/wsman/fault";
import { openBody, sealBody } from "../../../provider/powershell/wsman/sealed-body";
import { readSoap } from "../../../provider/powershell/wsman/soap";

/** The readers that a peer's bytes reach, each as far as it goes. */
export type Reader =
  | "clixml"
  | "fragments to a client"
  | "fragments to a server"
  | "lines"
  | "envelopes"
  | "sealed parts";

/** One input, to keep where it found something. */
export interface Case {
  readonly reader: Reader;
  readonly bytes: Buffer;
}

/** Small enough that an input that makes us hold more than it is worth shows up. */
const limits = { maxDepth: 64, maxLength: 1_000_000, maxElements: 10_000, maxMessageSize: 1_000_000 };

/** Reads one input. @throws what the reader throws */
export function read({ reader, bytes }: Case): void {
  switch (reader) {
    case "clixml": {
      const value = deserialize(bytes.toString("utf8"), { ...limits, cipher: noCipher });
      // What was read can be written, and read again.
      deserialize(serialize(value, { cipher: noCipher }), { ...limits, maxDepth: 256, cipher: noCipher });
      return;
    }
    case "fragments to a client": {
      const client = new RunspacePoolClient({ id: poolId, limits });
      client.open();
      client.dataToSend();
      client.receive(opening.server);
      client.createPipeline([{ name: "It" }], { id: pipelineId });
      cut(bytes, (piece) => client.receive(piece, pipelineId));
      return;
    }
    case "fragments to a server": {
      const server = new RunspacePoolServer({ limits });
      server.receive(opening.client);
      cut(bytes, (piece) => server.receive(piece, pipelineId));
      return;
    }
    case "envelopes": {
      const root = readSoap(bytes.toString("utf8"));
      readFault(root);
      for (const stream of root.descendants("rsp", "Stream")) Buffer.from(stream.content, "base64");
      return;
    }
    case "sealed parts":
      openBody(bytes, unsealed);
      return;
    case "lines": {
      const lines = new OutOfProcessReader(100_000);
      cut(bytes, (piece) => lines.receive(piece));
      return;
    }
  }
}

/** Gives bytes in two pieces: where they are cut must not matter. */
function cut(bytes: Buffer, take: (piece: Buffer) => void): void {
  const at = bytes.length > 0 ? (bytes[bytes.length >> 1] ?? 0) % bytes.length : 0;
  take(bytes.subarray(0, at));
  take(bytes.subarray(at));
}

const poolId = "11111111-2222-3333-4444-555555555555";
const pipelineId = "66666666-7777-8888-9999-aaaaaaaaaaaa";
const joined = (pieces: readonly OutgoingData[]) => Buffer.concat(pieces.map((piece) => piece.data));

/** The opening messages of both ends, unharmed: what is broken comes behind them. */
const opening = (() => {
  const client = new RunspacePoolClient({ id: poolId });
  client.open();
  const ofClient = joined(client.dataToSend());
  const server = new RunspacePoolServer();
  server.receive(ofClient);
  return { client: ofClient, server: joined(server.dataToSend()) };
})();

const credential = new PsCredential("LAB\\ü", new SecureString("secret"));
const noCipher = { encrypt: () => new Uint8Array(16), decrypt: () => new SecureString("") };

/** Seals nothing: what is read is the form around it. */
const unsealed = {
  seal: (message: Uint8Array) => ({ token: Buffer.alloc(60, 7), data: Buffer.from(message) }),
  open: (token: Uint8Array) => Buffer.from(token.subarray(Math.min(60, token.length))),
};

const soap = "http://www.w3.org/2003/05/soap-envelope";
const envelopes = [
  `<s:Envelope xmlns:s="${soap}" xmlns:r="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Body><r:Stream Name="stdout">aGVsbG8=</r:Stream></s:Body></s:Envelope>`,
  `<s:Envelope xmlns:s="${soap}" xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"><s:Body><s:Fault><s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason><f:WSManFault Code="5"><f:Message>&lt;no&gt;</f:Message></f:WSManFault></s:Fault></s:Body></s:Envelope>`,
];

/** What the mutations start from: everything that we can write. */
function seeds(): Case[] {
  const cycle = new PsObject({ typeNames: ["A", "System.Object"], text: "a", extended: { Name: "é_x0041_" } });
  cycle.extended.set("Self", cycle);
  const values = [
    "text <&> _x0041_",
    1,
    -5n,
    true,
    null,
    Uint8Array.of(1, 2, 3),
    new PsScalar("DateTime", "2026-01-02T03:04:05.1234567+01:00"),
    new PsScalar("Double", "1.5E+300"),
    new PsScalar("Guid", poolId),
    psEnum("System.DayOfWeek", 5, "Friday"),
    new PsList([1, "two", [3], cycle], "queue"),
    new PsDictionary([
      ["key", cycle],
      [2, new Map([["inner", null]])],
    ]),
    cycle,
  ];
  const clixml = values.map((value) => serialize(value));
  clixml.push(serialize([credential], { cipher: noCipher }));
  clixml.push(
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><S>&b;&lt;&#65;</S>',
    "<S><![CDATA[x]]><!-- y --></S>",
  );
  const server = new RunspacePoolServer();
  server.receive(opening.client);
  server.dataToSend();
  const client = new RunspacePoolClient({ id: poolId });
  client.open();
  client.dataToSend();
  client.receive(opening.server);
  client.createPipeline([{ name: "Get-It", parameters: { A: 1, B: ["x"] } }], { id: pipelineId, input: true });
  const create = joined(client.dataToSend());
  server.receive(create);
  client.sendInput(pipelineId, values);
  client.endInput(pipelineId);
  const input = joined(client.dataToSend(200));
  server.start(pipelineId);
  for (const value of values) server.writeOutput(pipelineId, value);
  server.writeError(pipelineId, { message: "bad", fullyQualifiedErrorId: "id" });
  server.writeMessage(pipelineId, "warning", "w");
  server.hostCall(pipelineId, 11, ["a"]);
  server.complete(pipelineId);
  const output = joined(server.dataToSend(300));
  const lines = [create, input, output].map((data) =>
    encodePacket({ type: "data", stream: "default", id: pipelineId, data }),
  );
  lines.push(encodePacket({ type: "commandAck", id: pipelineId }) + encodePacket({ type: "closeAck", id: poolId }));
  return [
    ...clixml.map((xml): Case => ({ reader: "clixml", bytes: Buffer.from(xml) })),
    { reader: "fragments to a client", bytes: output },
    { reader: "fragments to a server", bytes: Buffer.concat([create, input]) },
    ...envelopes.map((xml): Case => ({ reader: "envelopes", bytes: Buffer.from(xml) })),
    ...envelopes.map((xml): Case => ({ reader: "sealed parts", bytes: sealBody(xml, unsealed, "Negotiate") })),
    ...lines.map((line): Case => ({ reader: "lines", bytes: Buffer.from(line) })),
  ];
}

/** Words of the formats: a mutation that puts one where it does not belong gets further than noise. */
const words = [
  '<Obj RefId="0">',
  "</Obj>",
  '<Ref RefId="0" />',
  "<LST>",
  "</LST>",
  "<DCT><En>",
  "<MS>",
  '<TN RefId="0">',
  '<TNRef RefId="0" />',
  "<I32>",
  '<S N="constructor">',
  "<__proto__>",
  'N="__proto__"',
  "&constructor;",
  "&amp;",
  "&#0;",
  "&#xFFFE;",
  "_xD800_",
  "<SS>",
  "<![CDATA[",
  "<!DOCTYPE a>",
  "<?x?>",
  "99999999999999999999",
  "-",
  "\u0000",
  "\ufeff",
  "\ufffe",
  "\n",
  "<Data Stream='Default' PSGuid='",
  "</Data>",
  "PSGuid=",
  "--Encrypted Boundary\r\n",
  "-- Encrypted Boundary--\r\n",
  ";Length=4294967295",
  "Content-Type: application/octet-stream\r\n",
  'xmlns:s=""',
].map((word) => Buffer.from(word));

/** A random number generator that gives the same numbers for the same seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function mutate(bytes: Buffer, random: (below: number) => number, other: Buffer): Buffer {
  const at = random(bytes.length + 1);
  const length = Math.min(random(40), bytes.length - at);
  const around = (middle: Buffer, skip = 0) =>
    Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(at + skip)]);
  switch (random(7)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random(8));
      return flipped;
    }
    case 1:
      return around(Buffer.alloc(0), length);
    case 2:
      return around(bytes.subarray(at, at + length));
    case 3:
      return around(words[random(words.length)] ?? bytes);
    case 4:
      return around(words[random(words.length)] ?? bytes, length);
    case 5: {
      const from = random(other.length + 1);
      return around(other.subarray(from, from + random(60)));
    }
    default:
      return around(Buffer.from([random(256), random(256)]), Math.min(2, bytes.length - at));
  }
}

/** What a run found. */
export interface Report {
  readonly inputs: number;
  /** Inputs that were read without an error, by reader. */
  readonly accepted: Record<string, number>;
  readonly refused: Record<string, number>;
  /** Inputs that crashed, or took longer than a second. */
  readonly found: { readonly input: Case; readonly what: string }[];
  /** Milliseconds of the slowest input. */
  readonly slowest: number;
  /** MiB that heap and buffers grew by at most. */
  readonly growth: number;
}

/** Feeds mutated inputs to the readers. The same seed and count give the same inputs. */
export function fuzz(count: number, seed: number): Report {
  const random = randomOf(seed);
  const all = seeds();
  const readers = [...new Set(all.map((start) => start.reader))];
  const corpus = new Map(readers.map((reader) => [reader, all.filter((start) => start.reader === reader)]));
  const report = { inputs: count, accepted: {} as Record<string, number>, refused: {} as Record<string, number> };
  const found: Report["found"] = [];
  let slowest = 0;
  let most = 0;
  const memory = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const before = memory();
  for (let index = 0; index < count; index++) {
    const reader = readers[random(readers.length)] as Reader;
    const ofReader = corpus.get(reader) ?? [];
    const start = ofReader[random(ofReader.length)] as Case;
    const other = ofReader[random(ofReader.length)] as Case;
    let bytes = start.bytes;
    for (let times = 1 + random(4); times > 0; times--) bytes = mutate(bytes, random, other.bytes);
    const input = { reader, bytes };
    const started = performance.now();
    try {
      read(input);
      report.accepted[reader] = (report.accepted[reader] ?? 0) + 1;
    } catch (thrown) {
      report.refused[reader] = (report.refused[reader] ?? 0) + 1;
      const expected = thrown instanceof ProviderError && thrown.code === "protocol";
      if (!expected)
        found.push({ input, what: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
    }
    const took = performance.now() - started;
    slowest = Math.max(slowest, took);
    if (took > 1000) found.push({ input, what: `took ${Math.round(took)} ms` });
    if (index % 1000 === 0) most = Math.max(most, memory());
  }
  return { ...report, found, slowest, growth: Math.max(0, most - before) / 2 ** 20 };
}

/** Mutated CLIXML, the same for the same seed. */
export function* mutatedClixml(count: number, seed: number): Generator<string> {
  const random = randomOf(seed);
  const starts = seeds().filter(({ reader }) => reader === "clixml");
  const any = () => starts[random(starts.length)]?.bytes ?? Buffer.alloc(0);
  for (let index = 0; index < count; index++) {
    let bytes = any();
    for (let times = 1 + random(3); times > 0; times--) bytes = mutate(bytes, random, any());
    yield bytes.toString("utf8");
  }
}

if (require.main === module) {
  const [count = "1000000", seed = "1"] = process.argv.slice(2);
  const started = Date.now();
  const { found, ...report } = fuzz(Number(count), Number(seed));
  console.log(JSON.stringify({ ...report, seconds: (Date.now() - started) / 1000, found: found.length }, null, 2));
  for (const { input, what } of found.slice(0, 10))
    console.log(`${input.reader} ${input.bytes.toString("base64")}\n${what}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
