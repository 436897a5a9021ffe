import { exchangeCmdlets } from "./cmdlets/catalog";
import type { Cmdlet, Parameter } from "./cmdlets/cmdlet";
import type { Product } from "./model/product";

/** Sends one call to the model and puts what comes back on PowerShell's own streams. */
const forward = `
function Invoke-ExchangeModel {
    param([System.Management.Automation.PSCmdlet] $Caller, [string] $Command, [hashtable] $Bound)
    $parameters = @{}
    $common = [System.Management.Automation.PSCmdlet]::CommonParameters
    foreach ($name in $Bound.Keys | Where-Object { $_ -notin $common }) {
        $value = $Bound[$name]
        if ($value -is [switch]) { $value = $value.IsPresent }
        if ($value -is [pscredential[]]) {
            $value = @($value | ForEach-Object { @{ userName = $_.UserName; password = $_.GetNetworkCredential().Password } })
        }
        $parameters[$name] = $value
    }
    $request = @{
        request = 'invoke'; form = 'clixml'; server = $script:Server; user = $script:User
        commands = @(@{ name = $Command; parameters = $parameters })
    }
    $socket = [System.Net.Sockets.Socket]::new(
        [System.Net.Sockets.AddressFamily]::Unix,
        [System.Net.Sockets.SocketType]::Stream,
        [System.Net.Sockets.ProtocolType]::Unspecified)
    try {
        $socket.Connect([System.Net.Sockets.UnixDomainSocketEndPoint]::new($script:ControlSocket))
        $stream = [System.Net.Sockets.NetworkStream]::new($socket)
        $writer = [System.IO.StreamWriter]::new($stream)
        $writer.WriteLine(($request | ConvertTo-Json -Depth 8 -Compress))
        $writer.Flush()
        $reply = [System.IO.StreamReader]::new($stream).ReadLine() | ConvertFrom-Json
    }
    finally { $socket.Dispose() }
    if ($reply.error) { throw $reply.error }
    foreach ($text in $reply.result.warnings) { $Caller.WriteWarning($text) }
    foreach ($failure in $reply.result.errors) {
        $record = [System.Management.Automation.ErrorRecord]::new(
            [System.Exception]::new($failure.message),
            $failure.errorId,
            [System.Management.Automation.ErrorCategory] $failure.category,
            $null)
        if ($failure.terminating) { $Caller.ThrowTerminatingError($record) }
        $Caller.WriteError($record)
    }
    foreach ($document in $reply.result.output) { [System.Management.Automation.PSSerializer]::Deserialize($document) }
}
`;

export interface ModuleOptions {
  readonly controlSocket: string;
  /** The server whose shell the module pretends to be. */
  readonly server: string;
  readonly product: Product;
  /** User principal name of the administrator. */
  readonly user: string;
}

/**
 * The text of a PowerShell module with the model's cmdlets: the real engine binds the parameters and carries the streams,
 * the one model decides.
 */
export function powerShellModule({ controlSocket, server, product, user }: ModuleOptions): string {
  const cmdlets = exchangeCmdlets.filter((cmdlet) => cmdlet.on?.(product) ?? true);
  return [
    `$script:ControlSocket = ${quoted(controlSocket)}`,
    `$script:Server = ${quoted(server)}`,
    `$script:User = ${quoted(user)}`,
    forward.trim(),
    ...cmdlets.map(functionOf),
    `Export-ModuleMember -Function ${cmdlets.map(({ name }) => name).join(", ")}`,
    "",
  ].join("\n\n");
}

function functionOf(cmdlet: Cmdlet): string {
  const parameters = Object.entries(cmdlet.parameters).map(([name, parameter]) => declaration(name, parameter));
  return [
    `function ${cmdlet.name} {`,
    `    [CmdletBinding(${cmdlet.changes ? "SupportsShouldProcess" : ""})]`,
    `    param(\n${parameters.map((text) => `        ${text}`).join(",\n")}\n    )`,
    `    process { Invoke-ExchangeModel $PSCmdlet '${cmdlet.name}' $PSBoundParameters }`,
    "}",
  ].join("\n");
}

/** Sets and mandatory parameters are left to the model: its answer is the one that a client has to understand. */
function declaration(name: string, { type, position, pipeline }: Parameter): string {
  const types = {
    text: "[string]",
    switch: "[switch]",
    boolean: "[bool]",
    credentials: "[pscredential[]]",
    texts: "[string[]]",
    choice: "[string]",
    choices: "[string[]]",
  } as const;
  const traits = [
    ...(position === undefined ? [] : [`Position = ${position}`]),
    ...(pipeline === true ? ["ValueFromPipelineByPropertyName"] : []),
  ];
  return `[Parameter(${traits.join(", ")})] ${types[type.kind]} $${name}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
