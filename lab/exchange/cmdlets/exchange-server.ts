import { buildOf, versionText } from "../model/product";
import type { ExchangeServer } from "../model/server";
import type { Call, Cmdlet } from "./cmdlet";
import { objectNotFound, serviceStopped } from "./exchange-errors";
import { configurationObjectTypes, directoryProperties, objectId, serverId } from "./objects";
import { identityParameter, switchParameter, textParameter } from "./parameters";
import { EnumValue, ObjectValue } from "./value";

const management = "Microsoft.Exchange.Data.Directory.Management";

export const exchangeServerCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-ExchangeServer",
    className: "Microsoft.Exchange.Management.SystemConfigurationTasks.GetExchangeServer",
    roles: ["View-Only Configuration", "Exchange Servers", "Organization Configuration"],
    changes: false,
    defaultSet: "Identity",
    parameters: {
      Identity: { ...identityParameter, sets: ["Identity"] },
      Domain: { ...textParameter, sets: ["Domain"] },
      DomainController: textParameter,
      Status: switchParameter,
    },
    run: readServers,
  },
  {
    name: "Get-ClientAccessArray",
    className: "Microsoft.Exchange.Management.SystemConfigurationTasks.GetClientAccessArray",
    roles: ["View-Only Configuration", "Organization Client Access", "Organization Configuration"],
    changes: false,
    parameters: { Identity: identityParameter, Site: textParameter, DomainController: textParameter },
    run: readArrays,
  },
  {
    name: "Test-ServiceHealth",
    className: "Microsoft.Exchange.Monitoring.TestServiceHealth",
    roles: ["View-Only Configuration", "Exchange Servers"],
    changes: true,
    parameters: {
      Server: { type: { kind: "text" }, position: 1, pipeline: true },
      ActiveDirectoryTimeout: textParameter,
      MonitoringContext: switchParameter,
      DomainController: textParameter,
    },
    run: testServices,
  },
];

function readServers(call: Call): void {
  const { organization } = call.session;
  const identity = call.parameters.text("Identity");
  const named = identity === undefined ? undefined : organization.find(identity);
  if (identity !== undefined && named === undefined) throw objectNotFound(call.session, identity);
  for (const server of named === undefined ? organization.servers : [named]) call.output(serverObject(call, server));
}

function serverObject(call: Call, server: ExchangeServer): ObjectValue {
  const { organization, fullSerialization } = call.session;
  const { name, fqdn, product, site, clientAccess, mailbox, edge } = server.state;
  const { major, minor, build, revision } = buildOf(product);
  const version = new ObjectValue(["Microsoft.Exchange.Data.ServerVersion", "System.Object"], versionText(product), {
    Major: major,
    Minor: minor,
    Build: build,
    Revision: revision,
    FilePatchLevelDescription: null,
  });
  const split = product === "2013" || product === "2010";
  const sites = `CN=Sites,${organization.configurationNamingContext}`;
  return new ObjectValue([`${management}.ExchangeServer`, ...configurationObjectTypes], name, {
    Name: name,
    Fqdn: fqdn,
    Domain: organization.state.domain,
    Identity: serverId(organization, server),
    AdminDisplayVersion: fullSerialization ? version : version.text,
    // 2016 and later say Mailbox although they serve clients too; before, the roles were two.
    ServerRole: new EnumValue(
      `${management}.ServerRole`,
      split && clientAccess ? (mailbox ? "Mailbox, ClientAccess" : "ClientAccess") : edge ? "Edge" : "Mailbox",
      split && clientAccess ? (mailbox ? 16386 : 16384) : edge ? 64 : 2,
    ),
    IsClientAccessServer: clientAccess,
    IsMailboxServer: mailbox,
    IsHubTransportServer: mailbox,
    IsFrontendTransportServer: clientAccess,
    IsUnifiedMessagingServer: product === "2013" || product === "2016",
    IsEdgeServer: edge,
    IsE14OrLater: true,
    IsE15OrLater: product !== "2010",
    Edition: new EnumValue(`${management}.ServerEditionType`, "StandardEvaluation", 2),
    Site: objectId(
      `${organization.state.domain}/Configuration/Sites/${site}`,
      site,
      `CN=${site},${sites}`,
      server.state.guid,
    ),
    NetworkAddress: [`ncacn_ip_tcp:${fqdn}`],
    ...directoryProperties(organization, organization.distinguishedName(server)),
  });
}

function readArrays(call: Call): void {
  const { organization } = call.session;
  for (const [name, members] of Object.entries(organization.state.arrays)) {
    call.output(
      new ObjectValue([`${management}.ClientAccessArray`, ...configurationObjectTypes], name, {
        Name: name,
        Fqdn: name,
        Members: members.flatMap((member) => {
          const server = organization.find(member);
          return server === undefined ? [] : [serverId(organization, server)];
        }),
      }),
    );
  }
}

function testServices(call: Call): void {
  const { organization } = call.session;
  const asked = call.parameters.text("Server");
  const server = asked === undefined ? call.session.server : organization.find(asked);
  if (server === undefined) throw objectNotFound(call.session, asked ?? "");
  const { services, clientAccess, mailbox } = server.state;
  const names = Object.keys(services);
  const roles = [...(mailbox ? ["Mailbox Server Role"] : []), ...(clientAccess ? ["Client Access Server Role"] : [])];
  const stopped = names.filter((name) => services[name] !== "Running");
  // An error for each, as documented, and all the same an object for each role.
  for (const name of stopped) call.error(serviceStopped(server, name));
  for (const role of roles) {
    call.output(
      new ObjectValue(["Microsoft.Exchange.Monitoring.ServiceHealthResult", "System.Object"], role, {
        Role: role,
        RequiredServicesRunning: stopped.length === 0,
        ServicesRunning: names.filter((name) => services[name] === "Running"),
        ServicesNotRunning: stopped,
      }),
    );
  }
}
