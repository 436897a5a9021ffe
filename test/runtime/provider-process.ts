import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { credentials, type Metadata, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import * as statuses from "@pulumi/pulumi/proto/status_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { programsFolder } from "../support/programs";

const repository = resolve(__dirname, "../..");

export type Props = Record<string, unknown>;

/** A write that Pulumi keeps although it failed. */
export interface InitFailure {
  readonly id: string;
  readonly properties: Props;
  readonly reasons: readonly string[];
}

/** What the engine is told when a call fails. */
export class CallError extends Error {
  constructor(
    message: string,
    readonly init: InitFailure | undefined,
  ) {
    super(message);
  }
}

/** The line that the SDK puts into every state. */
export const loader = (kind: string) =>
  `exports.handler = () => require("pulumi-exchange-kerberos/runtime").provider("${kind}");`;

/**
 * Pulumi's own server for dynamic providers in a process of its own, in a folder where `pulumi-exchange-kerberos/runtime`
 * is the runtime of this checkout with the resources of `resources` added. We play the engine.
 */
export class ProviderProcess {
  /** All that the process printed. */
  output = "";

  private constructor(
    private readonly child: ChildProcess,
    private readonly client: ResourceProviderClient,
    /** Made for this process, to be removed with it. */
    private readonly folder: string | undefined,
  ) {}

  static async start(
    resources: string,
    config: Readonly<Record<string, string>>,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<ProviderProcess> {
    const folder = mkdtempSync(join(tmpdir(), "provider-process-"));
    const installed = join(folder, "node_modules/pulumi-exchange-kerberos");
    mkdirSync(installed, { recursive: true });
    const quoted = (path: string) => JSON.stringify(join(repository, path));
    writeFileSync(
      join(installed, "runtime.js"),
      `require(${quoted("node_modules/ts-node")}).register({ transpileOnly: true, cwd: ${JSON.stringify(repository)} });
       Object.assign(require(${quoted("provider/resources")}).handlers, require(${JSON.stringify(resources)}).handlers);
       module.exports = require(${quoted("provider/runtime")});`,
    );
    return ProviderProcess.run(folder, folder, config, { PATH: process.env.PATH, ...environment });
  }

  /** The same with our package as a user has it, in the folder of the test programs. */
  static startInstalled(environment: NodeJS.ProcessEnv): Promise<ProviderProcess> {
    return ProviderProcess.run(programsFolder, undefined, {}, environment);
  }

  private static async run(
    cwd: string,
    temporary: string | undefined,
    config: Readonly<Record<string, string>>,
    environment: NodeJS.ProcessEnv,
  ): Promise<ProviderProcess> {
    const server = join(repository, "node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js");
    const child = spawn(process.execPath, [server, "127.0.0.1:0"], {
      cwd,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines = createInterface({ input: child.stdout });
    const [port] = await once(lines, "line");
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const started = new ProviderProcess(child, client, temporary);
    lines.on("line", (line) => {
      started.output += `${line}\n`;
    });
    child.stderr.on("data", (data) => {
      started.output += String(data);
    });
    const request = new messages.ConfigureRequest();
    request.setArgs(Struct.fromJavaScript(config));
    await call((done) => client.configure(request, done));
    return started;
  }

  async check(olds: Props, news: Props) {
    const request = new messages.CheckRequest();
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const response = await call<messages.CheckResponse>((done) => this.client.check(request, done));
    const failures = response.getFailuresList().map((failure) => failure.toObject());
    return { inputs: plain(response.getInputs()), failures };
  }

  async diff(id: string, olds: Props, news: Props) {
    const request = new messages.DiffRequest();
    request.setId(id);
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const response = await call<messages.DiffResponse>((done) => this.client.diff(request, done));
    return {
      changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(inputs: Props) {
    const request = new messages.CreateRequest();
    request.setProperties(struct(inputs));
    const response = await call<messages.CreateResponse>((done) => this.client.create(request, done));
    return { id: response.getId(), outs: plain(response.getProperties()) };
  }

  async read(id: string, props: Props) {
    const request = new messages.ReadRequest();
    request.setId(id);
    request.setProperties(struct(props));
    const response = await call<messages.ReadResponse>((done) => this.client.read(request, done));
    return { id: response.getId(), props: plain(response.getProperties()), inputs: plain(response.getInputs()) };
  }

  async update(id: string, olds: Props, news: Props) {
    const request = new messages.UpdateRequest();
    request.setId(id);
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const response = await call<messages.UpdateResponse>((done) => this.client.update(request, done));
    return { outs: plain(response.getProperties()) };
  }

  async delete(id: string, props: Props): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setId(id);
    request.setProperties(struct(props));
    await call((done) => this.client.delete(request, done));
  }

  /** Asks the process to end, as the engine does, and gives its exit code, or the signal that had to be used. */
  async end(): Promise<number | string> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGINT");
      const limit = setTimeout(() => child.kill("SIGKILL"), 5000);
      await exited;
      clearTimeout(limit);
    }
    this.client.close();
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true });
    return child.exitCode ?? child.signalCode ?? "";
  }
}

function struct(properties: Props): Struct {
  return Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]);
}

function plain(properties: Struct | undefined): Props {
  return properties?.toJavaScript() ?? {};
}

function call<T>(send: (done: (error: ServiceError | null, response: T) => void) => unknown): Promise<T> {
  return new Promise((fulfil, reject) => {
    send((error, response) =>
      error ? reject(new CallError(error.details, initFailure(error.metadata))) : fulfil(response),
    );
  });
}

function initFailure(metadata: Metadata): InitFailure | undefined {
  const [bytes] = metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Buffer)) return undefined;
  const [detail] = statuses.Status.deserializeBinary(bytes).getDetailsList();
  const failure = messages.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
  return { id: failure.getId(), properties: plain(failure.getProperties()), reasons: failure.getReasonsList() };
}
