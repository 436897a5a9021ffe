import { ProviderError } from "../error";
import { diagnose } from "../powershell/failure";
import { textOf, textProperty } from "./ps-properties";
import { output, type RemoteShell, type SharedShell } from "./remote-shell";

const setupKey = "HKLM:\\SOFTWARE\\Microsoft\\ExchangeServer\\v15\\Setup";
const scriptName = "RollAlternateServiceAccountPassword.ps1";
/** The line that the script ends with when it did all of its work. */
const successLine = "THE SCRIPT HAS SUCCEEDED";
/** The script opens a session to every server before it writes to any: minutes in a large organization. */
const minimumDeadline = 300_000;
const deadlinePerServer = 120_000;

/** What the script is to do; in both cases it changes nothing unless it could reach every server (`-Unattended`). */
export type Roll =
  /** A new password, on all servers first and then in the directory. */
  | { readonly servers: readonly string[]; readonly generateFor: string }
  /** The credentials of one server, passwords included, on others. Those that these have are removed. */
  | { readonly servers: readonly string[]; readonly copyFrom: string };

/**
 * Runs RollAlternateServiceAccountPassword.ps1, "the only supported method for deploying the ASA credential" (article), in
 * a full-language shell. Its exit code and its last line must agree; the caller reads back what the servers hold.
 * @throws ProviderError `powershell-failed` with what the script said.
 */
export async function runRollScript(shell: SharedShell, roll: Roll, signal?: AbortSignal): Promise<void> {
  const copy = "copyFrom" in roll;
  const what = copy
    ? `copy the credential from ${roll.copyFrom} to ${roll.servers.join(", ")} with ${scriptName}`
    : `roll the password of ${roll.generateFor} on ${roll.servers.join(", ")} with ${scriptName}`;
  const deadline = Math.max(minimumDeadline, roll.servers.length * deadlinePerServer);
  const command = {
    name: await scriptPath(shell, signal),
    parameters: {
      ToSpecificServers: true,
      Identity: [...roll.servers],
      ...(copy ? { CopyFrom: roll.copyFrom } : { GenerateNewPasswordFor: roll.generateFor }),
      Unattended: true,
    },
  };
  // The exit code stands in the session, and only until the next script there ends.
  const runAndRead = async (turn: RemoteShell) => ({
    result: await turn.invoke([command], { deadline, signal }),
    exitCode: await lastExitCode(turn, signal),
  });
  const { result, exitCode } = await shell.inTurn(scriptName, runAndRead, signal);
  const said = result.information
    .flatMap((record) => lineOf(record).split(/\r?\n/))
    .filter((line) => line.trim() !== "");
  const lastLine = said.at(-1)?.trim();
  if (result.state === "completed" && result.errors.length === 0 && exitCode === "0" && lastLine === successLine)
    return;
  const witnesses = `state ${result.state}, exit code ${exitCode}, last line "${lastLine ?? ""}"`;
  const errors = result.errors.map((error) => error.message);
  const known = result.errors.flatMap((error) => diagnose(error) ?? []);
  throw new ProviderError(
    "powershell-failed",
    `${shell.host}: could not ${what} (${witnesses}). It said:\n${[...said, ...errors].join("\n")}`,
    { hint: known[0]?.hint },
  );
}

async function scriptPath(shell: RemoteShell, signal: AbortSignal | undefined): Promise<string> {
  const command = { name: "Get-ItemProperty", parameters: { Path: setupKey } };
  const [setup] = await output(shell, [command], { what: "find where Exchange is installed", signal });
  const folder = setup === undefined ? undefined : textProperty(setup, "MsiInstallPath");
  if (folder === undefined) {
    throw new ProviderError("not-exchange", `${shell.host} has neither Exchange nor its management tools.`, {
      hint: "Name an Exchange server, or a host with the management tools, as the setting managementHost.",
    });
  }
  return `${folder.replace(/\\$/, "")}\\Scripts\\${scriptName}`;
}

/** Never throws: what the script said must not be lost over it. One that ended by an exception has left none. */
async function lastExitCode(shell: RemoteShell, signal: AbortSignal | undefined): Promise<string> {
  const command = { name: "Get-Variable", parameters: { Name: "LASTEXITCODE", ValueOnly: true } };
  try {
    const { output: values } = await shell.invoke([command], { deadline: minimumDeadline, signal });
    return textOf(values[0]) ?? "none";
  } catch (thrown) {
    return `not read (${ProviderError.from(thrown).message})`;
  }
}

/** What Write-Host wrote: an information record around the message (PowerShell 5 and later), or the bare text. */
function lineOf(record: Parameters<typeof textProperty>[0]): string {
  return textProperty(record, "MessageData") ?? textOf(record) ?? "";
}
