import { strict as assert } from "node:assert";
import { ProviderError } from "../../../provider/error";
import {
  openSshSession,
  type PipelineResult,
  type PowerShellSession,
  type SessionOptions,
  type SshOptions,
} from "../../../provider/powershell";
import { findEngine } from "../../support/engine";
import { requireLab, skip } from "../../support/lab";
import { OpenSshServer, user } from "./openssh-server";

export const address = "10.99.0.90";
export const password = "Open-s3same ü€";

type Options = Partial<SshOptions & SessionOptions>;

/** An sshd for the tests of one suite, and sessions with it: by the user's key and the server's fingerprint where nothing else is said. */
export function sshSessions() {
  let server: OpenSshServer;
  let fingerprint: string;

  before(async function () {
    requireLab(this);
    const engine = (await findEngine()) ?? skip(this, "no pwsh on PATH and none in ../shared/tools/pwsh");
    server = await OpenSshServer.start(address, engine, password);
    fingerprint = await server.fingerprint("ed25519");
  });
  after(() => server?.stop());
  beforeEach(() => {
    server.forgetLog();
  });

  const open = (options: Options): Promise<PowerShellSession> =>
    openSshSession({ host: address, user, keyFile: server.clientKey, fingerprint, ...options });

  return {
    get server() {
      return server;
    },
    get fingerprint() {
      return fingerprint;
    },

    async withSession<T>(options: Options, work: (session: PowerShellSession) => Promise<T>): Promise<T> {
      const session = await open(options);
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    },

    echo: (session: PowerShellSession, value: string): Promise<PipelineResult> =>
      session.invoke([{ name: "Write-Output", parameters: { InputObject: value } }]),

    async refused(options: Options): Promise<ProviderError> {
      const error = await open(options).then(
        async (session) => {
          await session.close();
          assert.fail("the session was opened");
        },
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof ProviderError, String(error));
      return error;
    },
  };
}
