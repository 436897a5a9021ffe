import type { Cmdlet, Parameter } from "../cmdlets/cmdlet";
import { CmdletError } from "../cmdlets/cmdlet-error";
import { ObjectValue, type Value } from "../cmdlets/value";
import { type ApplicationPool, applicationPools, type ExchangeServer } from "../model/server";

/** Where Exchange is installed on every lab server. */
export const installPath = "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\";

const text: Parameter = { type: { kind: "text" }, position: 0, mandatory: true };
const optionalText: Parameter = { type: { kind: "text" } };

/** A command of Windows itself: any local session has it, no management role is asked for. */
function local(name: string, parameters: Cmdlet["parameters"], run: Cmdlet["run"]): Cmdlet {
  return {
    name,
    className: `Microsoft.PowerShell.Commands.${name.replace("-", "")}Command`,
    roles: [],
    changes: !/^(Get|Import)-/.test(name),
    parameters,
    run,
  };
}

function notFound(message: string, errorId: string, target: string): CmdletError {
  return new CmdletError(message, { category: "ObjectNotFound", errorId, target, reason: "ItemNotFoundException" });
}

/** What an administrator's PowerShell on the server itself has besides Exchange. */
export function managementCommands(server: ExchangeServer, variables: ReadonlyMap<string, Value>): readonly Cmdlet[] {
  return [
    local("Get-Variable", { Name: text, ValueOnly: { type: { kind: "switch" } } }, (call) => {
      const name = call.parameters.text("Name") ?? "";
      const value = variables.get(name.toLowerCase());
      if (value === undefined) {
        throw notFound(`Cannot find a variable with the name '${name}'.`, "VariableNotFound", name);
      }
      const variable = new ObjectValue(
        ["System.Management.Automation.PSVariable", "System.Object"],
        "System.Management.Automation.PSVariable",
        { Name: name, Value: value },
      );
      call.output(call.parameters.flag("ValueOnly") ? value : variable);
    }),
    local("Get-ItemProperty", { Path: text, Name: { ...optionalText, position: 1 } }, (call) => {
      const path = call.parameters.text("Path") ?? "";
      if (!/^(HKLM:|Registry::HKEY_LOCAL_MACHINE)\\SOFTWARE\\Microsoft\\ExchangeServer\\v15\\Setup\\?$/i.test(path)) {
        throw notFound(`Cannot find path '${path}' because it does not exist.`, "PathNotFound", path);
      }
      const custom = ["System.Management.Automation.PSCustomObject", "System.Object"];
      call.output(new ObjectValue(custom, "", { MsiInstallPath: installPath, PSPath: path }));
    }),
    local("Get-Service", { Name: text }, (call) => {
      const name = call.parameters.text("Name") ?? "";
      const state = server.state.services[name];
      if (state === undefined) {
        throw notFound(`Cannot find any service with service name '${name}'.`, "NoServiceFoundForGivenName", name);
      }
      call.output(
        new ObjectValue(["System.ServiceProcess.ServiceController", "System.Object"], name, {
          Name: name,
          Status: state,
          StartType: "Automatic",
        }),
      );
    }),
    ...(["Start", "Stop", "Restart"] as const).map((verb) =>
      local(`${verb}-Service`, { Name: text, Force: { type: { kind: "switch" } } }, (call) => {
        server.setService(call.parameters.text("Name") ?? "", verb === "Stop" ? "Stopped" : "Running");
      }),
    ),
    local("Import-Module", { Name: text }, (call) => {
      const name = call.parameters.text("Name") ?? "";
      if (name.toLowerCase() === "webadministration") return;
      const message = `The specified module '${name}' was not loaded because no valid module file was found in any module directory.`;
      throw notFound(message, "Modules_ModuleNotFound", name);
    }),
    local("Restart-WebAppPool", { Name: text }, (call) => recycle(server, call.parameters.text("Name") ?? "")),
    local("Get-EventLog", { LogName: text, Source: optionalText, Newest: optionalText }, (call) => {
      const newest = Number(call.parameters.text("Newest") ?? Number.POSITIVE_INFINITY);
      for (const event of server.events.read(call.parameters.text("Source")).slice(0, newest)) {
        call.output(
          new ObjectValue(["System.Diagnostics.EventLogEntry", "System.Object"], event.message, {
            EventID: event.id,
            EntryType: event.level,
            Source: event.source,
            CategoryNumber: event.category,
            Message: event.message,
            TimeGenerated: event.time,
          }),
        );
      }
    }),
  ];
}

function recycle(server: ExchangeServer, name: string): void {
  const pool = applicationPools.find((one): one is ApplicationPool => one.toLowerCase() === name.toLowerCase());
  // The pools behind the front end are of the mailbox role, which 2013 can leave to other servers.
  if (pool === undefined || !(server.state.mailbox || pool.includes("FrontEnd"))) {
    throw notFound(`Cannot find path 'IIS:\\AppPools\\${name}' because it does not exist.`, "PathNotFound", name);
  }
  server.recycle(pool);
}
