import type { Organization } from "../model/organization";
import type { ExchangeServer } from "../model/server";
import { ObjectValue, type Value } from "./value";

/** Type names of what Exchange's directory objects derive from. */
export const configurationObjectTypes = [
  "Microsoft.Exchange.Data.Directory.ADConfigurationObject",
  "Microsoft.Exchange.Data.Directory.ADObject",
  "Microsoft.Exchange.Data.Directory.ADRawEntry",
  "Microsoft.Exchange.Data.ConfigurableObject",
  "System.Object",
];

/** An `ADObjectId`, as a reference to another object of the directory. */
export function objectId(text: string, name: string, distinguishedName: string, guid: string): ObjectValue {
  return new ObjectValue(["Microsoft.Exchange.Data.Directory.ADObjectId", "System.Object"], text, {
    Name: name,
    DistinguishedName: distinguishedName,
    ObjectGuid: guid,
  });
}

export function serverId(organization: Organization, server: ExchangeServer): ObjectValue {
  const { name, guid } = server.state;
  return objectId(name, name, organization.distinguishedName(server), guid);
}

/** What every object read from the directory has. */
export function directoryProperties(organization: Organization, distinguishedName: string): Record<string, Value> {
  return {
    DistinguishedName: distinguishedName,
    OriginatingServer: organization.state.domainController,
    ExchangeVersion: "0.1 (8.0.535.0)",
    IsValid: true,
    ObjectState: "Unchanged",
  };
}
