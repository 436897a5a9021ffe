import { hasClientAccessService, type Product } from "../model/product";
import type { ExchangeServer } from "../model/server";
import { changeAlternateAccount } from "./alternate-account-change";
import { configurationObject } from "./alternate-account-object";
import type { Call, Cmdlet } from "./cmdlet";
import { exchangeError, invalidArgument, objectNotFound, serverUnreachable, wrongServer } from "./exchange-errors";
import { configurationObjectTypes, directoryProperties, serverId } from "./objects";
import { identityParameter, switchParameter, textListParameter, textParameter } from "./parameters";
import { ObjectValue, UriValue, type Value } from "./value";

const accountSet = "AlternateServiceAccount";
const statusSwitch = "IncludeAlternateServiceAccountCredentialStatus";
const passwordSwitch = "IncludeAlternateServiceAccountCredentialPassword";

/** Both names, where a version has both; the old one warns in versions that have the new one. */
function family(verb: "Get" | "Set", build: (name: string) => Omit<Cmdlet, "name" | "on" | "run">, run: Cmdlet["run"]) {
  const current = `${verb}-ClientAccessService`;
  const former = `${verb}-ClientAccessServer`;
  const warned: Cmdlet["run"] = (call) => {
    if (hasClientAccessService(call.session.server.state.product)) {
      call.warning(
        `The ${former} cmdlet will be removed in a future version of Exchange. Use the ${current} cmdlet instead.`,
      );
    }
    return run(call);
  };
  const service: Cmdlet = { ...build(current), name: current, on: hasClientAccessService, run };
  const server: Cmdlet = { ...build(former), name: former, on: (_: Product) => true, run: warned };
  return [service, server];
}

export const clientAccessCmdlets: readonly Cmdlet[] = [
  ...family(
    "Get",
    (name) => ({
      className: `Microsoft.Exchange.Management.SystemConfigurationTasks.${name.replace("-", "")}`,
      roles: ["View-Only Configuration", "Organization Client Access", "Organization Configuration"],
      changes: false,
      parameters: {
        Identity: identityParameter,
        DomainController: textParameter,
        [statusSwitch]: switchParameter,
        [passwordSwitch]: { ...switchParameter, role: "Organization Configuration" },
      },
    }),
    read,
  ),
  ...family(
    "Set",
    (name) => ({
      className: `Microsoft.Exchange.Management.SystemConfigurationTasks.${name.replace("-", "")}`,
      roles: ["Organization Client Access", "Organization Configuration"],
      changes: true,
      defaultSet: "Identity",
      parameters: {
        Identity: { ...identityParameter, mandatory: true },
        DomainController: textParameter,
        AutoDiscoverServiceInternalUri: { ...textParameter, sets: ["Identity"] },
        AutoDiscoverSiteScope: { ...textListParameter, sets: ["Identity"] },
        AlternateServiceAccountCredential: {
          type: { kind: "credentials" },
          sets: [accountSet],
          role: "Organization Configuration",
        },
        CleanUpInvalidAlternateServiceAccountCredentials: {
          ...switchParameter,
          sets: [accountSet],
          role: "Organization Configuration",
        },
        RemoveAlternateServiceAccountCredentials: {
          ...switchParameter,
          sets: [accountSet],
          role: "Organization Configuration",
        },
      },
    }),
    write,
  ),
];

/** An identity that nobody has gives all servers, as the documents warn. */
function read(call: Call): void {
  const { organization } = call.session;
  const identity = call.parameters.text("Identity");
  const found = identity === undefined ? undefined : organization.find(identity);
  const servers = found === undefined ? organization.servers.filter(({ state }) => state.clientAccess) : [found];
  for (const server of servers) {
    const object = clientAccessObject(call, server);
    if (object !== undefined) call.output(object);
  }
}

function clientAccessObject(call: Call, server: ExchangeServer): ObjectValue | undefined {
  const { organization, server: running } = call.session;
  const withPasswords = call.parameters.flag(passwordSwitch);
  let configuration: Value = null;
  if (withPasswords || call.parameters.flag(statusSwitch)) {
    if (withPasswords && server !== running) {
      call.error(wrongServer(running, server));
      return undefined;
    }
    if (!server.online) {
      call.error(serverUnreachable(server));
      return undefined;
    }
    configuration = configurationObject(server.credentials.all, running, withPasswords);
  }
  const { name, fqdn, autoDiscoverServiceInternalUri: uri, autoDiscoverSiteScope } = server.state;
  return new ObjectValue(
    ["Microsoft.Exchange.Data.Directory.Management.ClientAccessServer", ...configurationObjectTypes],
    name,
    {
      Name: name,
      Fqdn: fqdn,
      Identity: serverId(organization, server),
      OutlookAnywhereEnabled: true,
      AutoDiscoverServiceInternalUri: uri === "" ? null : new UriValue(uri),
      AutoDiscoverSiteScope: autoDiscoverSiteScope,
      AlternateServiceAccountConfiguration: configuration,
      ...directoryProperties(organization, organization.distinguishedName(server)),
    },
  );
}

async function write(call: Call): Promise<void> {
  const { organization, server: running } = call.session;
  const identity = call.parameters.text("Identity") ?? "";
  const server = organization.find(identity);
  if (server === undefined) throw objectNotFound(call.session, identity);
  if ((server.state.product === "2010") !== (running.state.product === "2010")) {
    const message = `Object ${server.state.name} can't be changed from this server: it runs another major version of Exchange.`;
    throw exchangeError(message, "InvalidOperation", "InvalidOperationException", server.state.name);
  }
  if (call.parameters.set === accountSet) await changeAlternateAccount(call, server);
  else changeAutodiscover(call, server);
}

function changeAutodiscover(call: Call, server: ExchangeServer): void {
  const { parameters } = call;
  if (!parameters.hasAny("AutoDiscoverServiceInternalUri", "AutoDiscoverSiteScope")) {
    call.warning(`The command completed successfully but no settings of '${server.state.name}' have been modified.`);
    return;
  }
  const uri = parameters.text("AutoDiscoverServiceInternalUri");
  if (uri !== undefined && uri !== "" && !URL.canParse(uri)) {
    throw invalidArgument(`"${uri}" is not an absolute URL.`, server.state.name);
  }
  if (!call.shouldProcess) return;
  if (parameters.has("AutoDiscoverServiceInternalUri")) server.state.autoDiscoverServiceInternalUri = uri ?? "";
  if (parameters.has("AutoDiscoverSiteScope"))
    server.state.autoDiscoverSiteScope = parameters.texts("AutoDiscoverSiteScope") ?? [];
  call.session.organization.save();
}
