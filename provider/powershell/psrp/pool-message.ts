import { PsDictionary, type PsInput, PsObject, PsScalar, type PsValue, psEnum } from "./clixml";
import { hostMethodName } from "./host-method";
import { apartmentState, hostInfo } from "./pipeline-message";
import { PropertyBag } from "./property-bag";
import { peerError } from "./state-error";

/** The protocol that this is: 2.3, of PowerShell 5 and later. */
export const protocolVersion = "2.3";
const psVersion = "2.0";
const serializationVersion = "1.1.0.1";
const primitiveDictionary = [
  "System.Management.Automation.PSPrimitiveDictionary",
  "System.Collections.Hashtable",
  "System.Object",
];

/** SESSION_CAPABILITY (MS-PSRP 2.2.2.1). */
export function sessionCapability(): PsObject {
  return new PsObject({
    extended: {
      protocolversion: new PsScalar("Version", protocolVersion),
      PSVersion: new PsScalar("Version", psVersion),
      SerializationVersion: new PsScalar("Version", serializationVersion),
    },
  });
}

/** @throws ProviderError `protocol` for another major version (MS-PSRP 3.1.5.4.1, 3.2.5.4.1) */
export function readSessionCapability(value: PsValue): {
  type: "sessionCapability";
  protocolVersion: string;
  psVersion: string;
} {
  const capability = new PropertyBag(value, "session capability");
  const theirs = capability.version("protocolversion");
  if (!theirs.startsWith("2.")) throw peerError(`it speaks version ${theirs} of it, not 2`);
  return { type: "sessionCapability", protocolVersion: theirs, psVersion: capability.version("PSVersion") };
}

interface PoolSettings {
  readonly minRunspaces?: number | undefined;
  readonly maxRunspaces?: number | undefined;
  readonly host?: boolean | undefined;
  readonly applicationArguments?: ReadonlyMap<string, PsInput> | undefined;
}

/** INIT_RUNSPACEPOOL (MS-PSRP 2.2.2.2). */
export function initRunspacePool(settings: PoolSettings): PsObject {
  return new PsObject({
    extended: {
      MinRunspaces: settings.minRunspaces ?? 1,
      MaxRunspaces: settings.maxRunspaces ?? 1,
      PSThreadOptions: psEnum("System.Management.Automation.Runspaces.PSThreadOptions", 0, "Default"),
      ApartmentState: apartmentState(),
      HostInfo: hostInfo(settings.host ?? false, !settings.host),
      ApplicationArguments: dictionary(settings.applicationArguments ?? new Map()),
    },
  });
}

/** APPLICATION_PRIVATE_DATA (MS-PSRP 2.2.2.13): a PSVersionTable of this protocol. */
export function applicationPrivateData(): PsObject {
  const versions = new Map<string, PsInput>([
    ["PSRemotingProtocolVersion", new PsScalar("Version", protocolVersion)],
    ["SerializationVersion", new PsScalar("Version", serializationVersion)],
  ]);
  const content = new Map([["PSVersionTable", dictionary(versions)]]);
  return new PsObject({ extended: { ApplicationPrivateData: dictionary(content) } });
}

/** The number of a host's method as an enum (MS-PSRP 2.2.3.17). */
export function hostMethod(methodId: number): PsObject {
  const typeName = "System.Management.Automation.Remoting.RemoteHostMethodId";
  return psEnum(typeName, methodId, hostMethodName(methodId) ?? String(methodId));
}

function dictionary(entries: ReadonlyMap<string, PsInput>): PsDictionary {
  return new PsDictionary(entries, { typeNames: primitiveDictionary });
}
