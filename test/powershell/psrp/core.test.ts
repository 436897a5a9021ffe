import { strict as assert } from "node:assert";
import { constants, createPublicKey, publicEncrypt } from "node:crypto";
import { inspect } from "node:util";
import {
  encodePacket,
  OutOfProcessReader,
  PsDictionary,
  type PsInput,
  PsList,
  PsObject,
  poolGuid,
  RunspacePoolClient,
  RunspacePoolServer,
  SecureString,
} from "../../../provider/powershell/psrp";
import { SessionKey, SessionKeyPair } from "../../../provider/powershell/psrp/session-key";
import { joined, refused } from "./ends";
import { found } from "./found";
import { fuzz, read } from "./fuzz";

describe("PSRP core", () => {
  it("goes on after a disconnect", () => {
    const { client, server, events, carry } = joined();
    const id = client.createPipeline([{ name: "It" }]);
    carry();
    server.start(id);
    client.disconnected();
    server.disconnected();
    assert.equal(client.pipelineState(id), "Disconnected");
    server.writeOutput(id, "while away");
    client.connect();
    carry();
    carry();
    assert.equal(client.state, "Opened");
    assert.equal(client.pipelineState(id), "Running");
    server.complete(id);
    carry();
    assert.ok(events.client.some((event) => event.type === "output" && event.value === "while away"));
    assert.equal(client.pipelineState(id), "Completed");
  });

  describe("fragments", () => {
    for (const [pieceSize, fragmentSize] of [
      [1, 32768],
      [7, 64],
      [Number.POSITIVE_INFINITY, 22],
      [20, 100],
    ] as const) {
      it(`arrive whole in pieces of ${pieceSize} bytes, ${fragmentSize} bytes a fragment`, () => {
        const { client, server, events, carry } = joined(pieceSize, fragmentSize);
        const id = client.createPipeline([{ name: "It" }], { input: true });
        const text = "é".repeat(500);
        client.sendInput(id, text);
        client.sendInput(id, "next");
        carry();
        assert.deepEqual(
          events.server.flatMap((event) => (event.type === "pipelineInput" ? [event.value] : [])),
          [text, "next"],
        );
        assert.equal(server.state, "Opened");
      });
    }

    it("go as one piece where a pool is opened, and a piece each for a pipeline: PowerShell loses input right behind it", () => {
      const client = new RunspacePoolClient();
      client.open();
      assert.equal(client.dataToSend().length, 1);
      const ends = joined();
      const id = ends.client.createPipeline([{ name: "It" }], { input: true });
      ends.client.sendInput(id, "x");
      assert.equal(ends.client.dataToSend().length, 2);
    });

    it("of several messages may be interleaved, but not out of order", () => {
      const pieces = (() => {
        const { client, server } = joined();
        const id = client.createPipeline([{ name: "It" }], { input: true });
        for (const value of ["a".repeat(100), "b".repeat(100)]) client.sendInput(id, value);
        const [create, ...rest] = client.dataToSend(120);
        return { server, id, rest: [create, ...rest].map((piece) => piece?.data ?? new Uint8Array()) };
      })();
      const objectId = (data: Uint8Array) => Number(Buffer.from(data).readBigUInt64BE(0));
      const last = Math.max(...pieces.rest.map(objectId));
      const of = (id: number) => pieces.rest.filter((data) => objectId(data) === id);
      const mixed = of(last - 1).flatMap((data, index) => [data, of(last)[index] ?? new Uint8Array()]);
      const inputs = [...of(last - 2), ...mixed].flatMap((data) => pieces.server.receive(data, pieces.id));
      assert.deepEqual(
        inputs.map((event) => ("value" in event ? event.value : event.type)),
        ["createPipeline", "a".repeat(100), "b".repeat(100)],
      );

      const { client, server } = joined();
      const id = client.createPipeline([{ name: "It" }]);
      const [first, , third] = client.dataToSend(120);
      server.receive(first?.data ?? new Uint8Array(), id);
      assert.throws(() => server.receive(third?.data ?? new Uint8Array(), id), refused(/out of order/));
    });

    it("are refused where their sum is too large, before they are held", () => {
      const server = new RunspacePoolServer({ limits: { maxMessageSize: 1000 } });
      const header = Buffer.alloc(21);
      header.writeUInt8(1, 16);
      header.writeUInt32BE(0xffffffff, 17);
      assert.throws(() => server.receive(header), refused(/larger than 1000 bytes/));
    });
  });

  describe("a secure string", () => {
    it("never prints itself", () => {
      const secret = new SecureString("geheim");
      const shown = [
        String(secret),
        `${secret}`,
        JSON.stringify({ secret }),
        inspect(secret),
        inspect({ secret }, { showHidden: true, depth: 9 }),
      ];
      for (const text of shown) assert.doesNotMatch(text, /geheim|103, 0|67 00 65/);
      assert.equal(secret.reveal(), "geheim");
    });

    it("has no text once it is wiped", () => {
      const secret = new SecureString("geheim");
      const memory = secret.utf16();
      secret.wipe();
      assert.ok(memory.every((byte) => byte === 0));
      assert.throws(() => secret.reveal(), refused(/wiped/));
    });
  });

  describe("a session key", () => {
    it("is refused where it was not sealed for this client, whatever its number", async () => {
      const pair = await SessionKeyPair.generate();
      const header = Buffer.from("010200001066000000a40000", "hex");
      for (const byte of [0, 1, 0xff]) {
        const blob = Buffer.concat([header, Buffer.alloc(256, byte)]).toString("base64");
        assert.throws(() => SessionKey.open(pair, blob), refused(/not made for this client/), `all ${byte}`);
      }
      assert.throws(() => SessionKey.open(pair, ""), refused(/strange form/));
      const modulus = Buffer.from(pair.publicKey, "base64").subarray(20).reverse().toString("base64url");
      const key = createPublicKey({ key: { kty: "RSA", n: modulus, e: "AQAB" }, format: "jwk" });
      const sealed = (size: number) =>
        publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.alloc(size, 7)).reverse();
      const given = (size: number) => Buffer.concat([header, sealed(size)]).toString("base64");
      assert.throws(() => SessionKey.open(pair, given(16)), refused(/not made for this client/), "a shorter key");
      const session = SessionKey.open(pair, given(32));
      assert.equal(session.decrypt(session.encrypt(new SecureString("geheim"))).reveal(), "geheim");
      const odd = session.encrypt(SecureString.fromUtf16(Uint8Array.of(1, 2, 3)));
      assert.throws(() => session.decrypt(odd), refused(/does not open/), "half a character");
    });

    it("is needed where a secret is anywhere inside", () => {
      const client = new RunspacePoolClient();
      const secret = new SecureString("geheim");
      const places: PsInput[] = [
        secret,
        [1, [secret]],
        new Map([["key", secret]]),
        new Map([[secret, "value"]]),
        new PsDictionary([["key", secret]]),
        new PsList([secret], "queue"),
        new PsObject({ base: secret }),
        new PsObject({ adapted: { Password: secret } }),
        new PsObject({ extended: { Inner: new PsObject({ extended: { Password: secret } }) } }),
      ];
      for (const [index, place] of places.entries()) {
        assert.ok(client.needsSessionKey(place), `place ${index}`);
        assert.ok(client.needsSessionKey([{ name: "It", parameters: { Value: place } }]), `parameter ${index}`);
        assert.ok(client.needsSessionKey([{ name: "It" }, { name: "It", arguments: [place] }]), `argument ${index}`);
      }
      const cycle = new PsObject();
      cycle.extended.set("Self", cycle);
      assert.ok(!client.needsSessionKey([cycle, "geheim", new Uint8Array(3), null, new Date(0)]));
    });

    it("is given to no client whose public key is none", () => {
      const header = Buffer.from("0602000000a40000525341310008000001000100", "hex");
      const blob = (modulus: Buffer) => Buffer.concat([header, modulus]).toString("base64");
      assert.throws(() => SessionKey.create(blob(Buffer.alloc(256))), refused(/public key cannot be used/));
      assert.throws(() => SessionKey.create(blob(Buffer.alloc(255, 1))), refused(/not RSA 2048/));
    });
  });

  describe("lines", () => {
    it("are packets wherever they are cut", () => {
      const packets = [
        { type: "data", stream: "promptResponse", id: poolGuid, data: Buffer.from("é<>") },
        { type: "commandAck", id: poolGuid },
      ] as const;
      const bytes = Buffer.from(packets.map((packet) => encodePacket(packet)).join(""));
      for (let at = 0; at <= bytes.length; at++) {
        const reader = new OutOfProcessReader();
        assert.deepEqual([...reader.receive(bytes.subarray(0, at)), ...reader.receive(bytes.subarray(at))], packets);
      }
    });

    it("that are none are quoted, up to 200 characters and without controls", () => {
      const line = `Welcome \u001b[31m${"x".repeat(300)}\n`;
      assert.throws(
        () => new OutOfProcessReader().receive(Buffer.from(line)),
        (thrown) => {
          refused(/wrote something that is not its remoting protocol: "Welcome \?\[31mx{187}"/)(thrown);
          return true;
        },
      );
    });

    it("of Windows PowerShell name no stream, and GUIDs may come in capitals", () => {
      const id = "ABCDEF00-0000-0000-0000-00000000000A";
      const text = `<Data Stream='' PSGuid='${id}'>AAAA</Data>\r\n<CommandAck PSGuid='${id}' />\r\n`;
      assert.deepEqual(new OutOfProcessReader().receive(Buffer.from(text)), [
        { type: "data", stream: "default", id: id.toLowerCase(), data: Buffer.alloc(3) },
        { type: "commandAck", id: id.toLowerCase() },
      ]);
    });

    it("without end are refused, and many that end are not", () => {
      const reader = new OutOfProcessReader(1000);
      const line = Buffer.from(encodePacket({ type: "commandAck", id: poolGuid }));
      for (let count = 0; count < 30; count++) assert.equal(reader.receive(line).length, 1);
      assert.throws(() => reader.receive(Buffer.alloc(1001, 65)), refused(/not its remoting protocol/));
    });

    it("that are cut off are refused, not read in part", () => {
      const line = encodePacket({ type: "data", stream: "default", id: poolGuid, data: Buffer.alloc(30) });
      const cut = line.replace("A</Data>", "");
      assert.throws(() => new OutOfProcessReader().receive(Buffer.from(cut)), refused(/not its remoting protocol/));
    });
  });

  describe("mutated input", () => {
    it("is read or refused, never more (20,000 inputs)", function () {
      this.timeout(60_000);
      const report = fuzz(20_000, 20261123);
      assert.deepEqual(report.found, []);
      assert.equal(Object.keys(report.accepted).length, 6, "every reader took some");
      assert.equal(Object.keys(report.refused).length, 6, "every reader refused some");
      assert.ok(report.growth < 200, `${report.growth} MiB`);
    });

    for (const [name, reader, base64] of found) {
      it(`once found: ${name}`, () => {
        assert.throws(() => read({ reader, bytes: Buffer.from(base64, "base64") }), refused(/./));
      });
    }
  });
});
