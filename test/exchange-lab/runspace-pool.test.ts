import { strict as assert } from "node:assert";
import { RunspacePool } from "../../lab/exchange/shell/runspace-pool";
import type { Shell } from "../../lab/exchange/shell/shell";
import type { ErrorRecord, Pipeline } from "../../provider/powershell/pipeline";
import {
  PsCredential,
  PsList,
  PsObject,
  type PsValue,
  RunspacePoolClient,
  SecureString,
} from "../../provider/powershell/psrp";
import { organizationOf } from "./support/model";

interface Outcome {
  readonly state: string;
  readonly output: PsValue[];
  readonly errors: ErrorRecord[];
}

/** Our own client end, joined to the lab's pool without anything between them. */
class Pair {
  readonly client = new RunspacePoolClient();
  readonly pool: RunspacePool;
  private readonly outcomes = new Map<string, Outcome & { finish: (outcome: Outcome) => void }>();

  constructor(shell: Shell, depth: "plain" | "full" = "plain") {
    this.pool = new RunspacePool(shell, depth, (pieces) => {
      for (const { data, pipelineId } of pieces) this.take(data, pipelineId);
    });
    this.client.open();
    this.flush();
  }

  invoke(pipeline: Pipeline, isScript = false): Promise<Outcome> {
    return new Promise((resolve) => {
      const id = this.client.createPipeline(pipeline, { isScript });
      this.outcomes.set(id, { state: "", output: [], errors: [], finish: resolve });
      this.flush();
    });
  }

  async exchangeKey(): Promise<void> {
    await this.client.exchangeKey();
    this.flush();
  }

  stopAll(): void {
    for (const id of this.outcomes.keys()) {
      this.client.beginStop(id);
      this.pool.stop(id);
    }
  }

  private flush(): void {
    for (const { data, pipelineId } of this.client.dataToSend()) this.pool.receive(data, pipelineId);
  }

  private take(data: Uint8Array, pipelineId: string | null): void {
    for (const event of this.client.receive(data, pipelineId)) {
      const outcome = "pipelineId" in event && event.pipelineId ? this.outcomes.get(event.pipelineId) : undefined;
      if (event.type === "output") outcome?.output.push(event.value);
      if (event.type === "error") outcome?.errors.push(event.record);
      if (event.type === "publicKeyRequest") void this.exchangeKey();
      if (event.type === "pipelineState" && event.state !== "Running") {
        const errors = [...(outcome?.errors ?? []), ...(event.error === undefined ? [] : [event.error])];
        outcome?.finish({ state: event.state, output: outcome.output, errors });
      }
    }
  }
}

const read = (parameters: Record<string, boolean | string>): Pipeline => [
  { name: "Get-ClientAccessService", parameters: { Identity: "cas-1", ...parameters } },
];

describe("Exchange lab: runspace pools", () => {
  it("takes a credential under the session key and shows text in a plain session, objects in a full one", async () => {
    const lab = organizationOf({ "cas-1": {} });
    const plain = new Pair(lab.connect("cas-1"));
    await plain.exchangeKey();
    const secret = new PsCredential("TAILSPIN\\EXCH2016ASA$", new SecureString("pä$$ _x0041_ 🔑"));
    const parameters = { Identity: "cas-1", AlternateServiceAccountCredential: [secret], Confirm: false };
    const written = await plain.invoke([{ name: "Set-ClientAccessService", parameters }]);
    assert.deepEqual([written.state, written.errors.length], ["Completed", 0]);
    assert.equal(lab.organization.require("cas-1").credentials.all[0]?.password, "pä$$ _x0041_ 🔑");

    const status = { IncludeAlternateServiceAccountCredentialStatus: true };
    const [text] = (await plain.invoke(read(status))).output;
    assert(
      text instanceof PsObject && text.typeName === "Microsoft.Exchange.Data.Directory.Management.ClientAccessServer",
    );
    assert.match(String(text.property("AlternateServiceAccountConfiguration")), /^Latest: /);
    assert.equal(text.property("SerializationData"), undefined);

    const full = new Pair(lab.connect("cas-1", "?serializationLevel=Full"), "full");
    const [object] = (await full.invoke(read(status))).output;
    assert(object instanceof PsObject && object.property("SerializationData") instanceof Uint8Array);
    const configuration = object.property("AlternateServiceAccountConfiguration");
    assert(configuration instanceof PsObject);
    assert.match(configuration.text ?? "", /^Latest: /);
  });

  it("asks for the session key when it is the first to send a secret", async () => {
    const lab = organizationOf({ "cas-1": {} });
    lab.organization.require("cas-1").credentials.add([{ domain: "TAILSPIN", userName: "A$", password: "sealed" }]);
    const pair = new Pair(lab.connect("cas-1", "?serializationLevel=Full"), "full");
    const { output } = await pair.invoke(read({ IncludeAlternateServiceAccountCredentialPassword: true }));
    const [object] = output;
    assert(object instanceof PsObject);
    const configuration = object.property("AlternateServiceAccountConfiguration") as PsObject;
    const effective = configuration.property("EffectiveCredentials");
    assert(effective instanceof PsList && effective.items[0] instanceof PsObject);
    const inner = effective.items[0].property("Credential");
    assert(inner instanceof PsCredential);
    assert.equal(inner.password.reveal(), "sealed");
  });

  it("refuses scripts, names what it does not know, and tells the category of an error", async () => {
    const pair = new Pair(organizationOf({ "cas-1": {} }).connect("cas-1"));
    const script = await pair.invoke([{ name: "Get-ClientAccessService" }], true);
    assert.deepEqual([script.state, script.errors[0]?.fullyQualifiedErrorId], ["Failed", "ScriptsNotAllowed"]);
    const unknown = await pair.invoke([{ name: "Get-Process" }]);
    assert.deepEqual([unknown.state, unknown.errors[0]?.fullyQualifiedErrorId], ["Failed", "CommandNotFoundException"]);
    const written = await pair.invoke([{ name: "Get-ExchangeServer", parameters: { Identity: "cas-9" } }]);
    assert.equal(written.state, "Completed");
    assert.match(written.errors[0]?.fullyQualifiedErrorId ?? "", /^\[Server=CAS-1,RequestId=.*FailureCategory=Cmdlet-/);
  });

  it("stops a pipeline that hangs, and breaks when the shell expires", async () => {
    const lab = organizationOf({ "cas-1": {} });
    lab.organization.faults.add({ fault: "hang", cmdlet: "*" });
    const pair = new Pair(lab.connect("cas-1"));
    const hanging = pair.invoke([{ name: "Get-ExchangeServer" }]);
    pair.stopAll();
    assert.equal((await hanging).state, "Stopped");
    lab.registry.expire("CAS-1");
    assert.equal(pair.client.state, "Broken");
  });
});
