import { randomBytes } from "node:crypto";
import { ProviderError } from "../../error";
import type { Pipeline, PipelineResult } from "../pipeline";
import { deserialize, PsDictionary, type PsInput, PsList, type PsValue, serialize } from "../psrp";
import { readErrorRecord } from "../psrp/error-record";

/**
 * The one script text that is ever sent, the same for every pipeline. It reads the pipeline from CLIXML, runs it command by command,
 * and writes each thing that came of it as a line: the mark, the stream, CLIXML in base64. Both ways are ASCII: no code page matters.
 * The pipelines have a runspace of their own, as a remote one without a host: a warning goes to its stream and not to the console,
 * and a question fails instead of reading the next line as its answer.
 */
export const invoker = `
$global:pipelineRunspace = [RunspaceFactory]::CreateRunspace([Runspace]::DefaultRunspace.InitialSessionState)
$global:pipelineRunspace.ThreadOptions = 'ReuseThread'
$global:pipelineRunspace.Open()
function Invoke-PipelineData([string] $mark, [string] $data) {
  function Write-Line([string] $stream, $value) {
    $xml = [System.Management.Automation.PSSerializer]::Serialize($value)
    [Console]::Out.WriteLine("$mark $stream " + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($xml)))
  }
  $shell = [PowerShell]::Create()
  $shell.Runspace = $global:pipelineRunspace
  try {
    $xml = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($data))
    foreach ($command in [System.Management.Automation.PSSerializer]::Deserialize($xml)) {
      $null = $shell.AddCommand([string] $command['name'])
      foreach ($parameter in $command['named']) { $null = $shell.AddParameter([string] $parameter[0], $parameter[1]) }
      foreach ($argument in $command['positional']) { $null = $shell.AddArgument($argument) }
    }
    try { foreach ($value in $shell.Invoke()) { Write-Line output $value } } catch { $failure = $_.Exception }
    foreach ($record in $shell.Streams.Error) { Write-Line error $record }
    foreach ($record in $shell.Streams.Warning) { Write-Line warnings $record.Message }
    foreach ($record in $shell.Streams.Verbose) { Write-Line verbose $record.Message }
    foreach ($record in $shell.Streams.Debug) { Write-Line debug $record.Message }
    foreach ($record in $shell.Streams.Information) { Write-Line information $record }
    foreach ($record in $shell.Streams.Progress) { Write-Line progress $record }
    $state = $shell.InvocationStateInfo.State
    if ($failure -ne $null) {
      if ($state -eq 'Completed') { $state = 'Failed' }
      $reason = $shell.InvocationStateInfo.Reason
      if ($reason -eq $null) { $reason = $failure.GetBaseException() }
      if ($reason -is [System.Management.Automation.IContainsErrorRecord]) { Write-Line error $reason.ErrorRecord }
      else { Write-Line error ([System.Management.Automation.ErrorRecord]::new($reason, $reason.GetType().Name, 'NotSpecified', $null)) }
    }
    Write-Line state ([string] $state)
  } finally { $shell.Dispose() }
}
`
  .trim()
  .split("\n")
  .map((line) => line.trim())
  // Windows PowerShell 5.1 reads its standard input as if it were typed: what spans several lines ends with an empty one.
  .concat("")
  .join("\n");

/** The invocation of a pipeline: its text holds nothing but two words of ours, hexadecimal and base64. */
export function invocation(pipeline: Pipeline): { readonly mark: string; readonly text: string } {
  const mark = randomBytes(8).toString("hex");
  const commands = pipeline.map(
    (command) =>
      new PsDictionary([
        ["name", command.name],
        ["named", Object.entries(command.parameters ?? {}) satisfies PsInput],
        ["positional", command.arguments ?? []],
      ]),
  );
  const xml = `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">${serialize(new PsList(commands))}</Objs>`;
  return { mark, text: `Invoke-PipelineData ${mark} ${Buffer.from(xml, "utf8").toString("base64")}` };
}

const states: Readonly<Record<string, PipelineResult["state"]>> = {
  Completed: "completed",
  Failed: "failed",
  Stopped: "stopped",
};

/**
 * What came of an invocation; what is not behind its mark is what programs wrote to the console meanwhile.
 * @returns `undefined` where the last line is missing: the shell went away under the command
 * @throws ProviderError `protocol`
 */
export function readResult(mark: string, stdout: string): PipelineResult | undefined {
  const streams: Record<string, PsValue[]> = {};
  for (const line of stdout.split("\n")) {
    // Such a program may have left its own line open.
    const start = line.indexOf(mark);
    const [, stream, data] = start < 0 ? [] : line.slice(start).trim().split(" ");
    if (stream === undefined || data === undefined) continue;
    streams[stream] ??= [];
    streams[stream].push(readValue(data));
  }
  const state = states[String(streams.state?.[0])];
  if (state === undefined) return undefined;
  return {
    state,
    output: streams.output ?? [],
    errors: (streams.error ?? []).map(readErrorRecord),
    warnings: (streams.warnings ?? []).map(String),
    verbose: (streams.verbose ?? []).map(String),
    debug: (streams.debug ?? []).map(String),
    information: streams.information ?? [],
    progress: streams.progress ?? [],
  };
}

function readValue(data: string): PsValue {
  const xml = Buffer.from(data, "base64").toString("utf8");
  const inner = /^\s*<Objs [^>]*>([\s\S]*)<\/Objs>\s*$/.exec(xml)?.[1];
  if (inner === undefined) throw new ProviderError("protocol", "The local shell gave something that is not CLIXML.");
  return deserialize(inner.trim());
}
