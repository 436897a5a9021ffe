import {
  openSshSession,
  openWsmanSession,
  type PowerShellSession,
  PsCredential,
  processChannel,
  RunspacePoolSession,
  SecureString,
  throwOnErrors,
} from "../../provider/powershell";
import { carryOut } from "./carry-out";

/** Whom to ask. */
export type Target =
  | { readonly transport: "stdio"; readonly program: string }
  | { readonly transport: "ssh"; readonly host: string; readonly keyFile: string; readonly fingerprint: string }
  | { readonly transport: "wsman"; readonly url: string; readonly ca: string };

/** One command, for a person who waits so many milliseconds at most. */
export interface Order {
  readonly target: Target;
  readonly patience: number;
  /** Whether the command carries a password. */
  readonly secret?: boolean;
}

const mark = "Secret-1";
const user = "shelly";

function open(target: Target, openDeadline: number): Promise<PowerShellSession> {
  const options = { openDeadline, closeDeadline: 500, stopDeadline: 500 };
  switch (target.transport) {
    case "stdio":
      return RunspacePoolSession.open("localhost", processChannel(target.program), options);
    case "ssh":
      return openSshSession({ ...target, ...options, user });
    case "wsman": {
      const identity = { kind: "basic", username: user, password: new SecureString(mark) } as const;
      const resourceUri = "http://schemas.microsoft.com/powershell/Microsoft.Exchange";
      return openWsmanSession({ ...target, ...options, identity, resourceUri, operationTimeout: 1 });
    }
  }
}

async function run({ target, patience, secret }: Order): Promise<{ code: string; message: string }> {
  const session = await open(target, patience);
  try {
    const InputObject = secret ? new PsCredential(user, new SecureString(mark)) : "hello";
    const command = { name: "Write-Output", parameters: { InputObject } };
    const { output } = throwOnErrors(await session.invoke([command], { deadline: patience }), "say hello", "localhost");
    return { code: "answered", message: `${output.length} objects` };
  } finally {
    await session.close();
  }
}

carryOut(run);
