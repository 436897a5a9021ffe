import { qualifiedUserName, type StoredCredential } from "../model/credential";
import { dateText } from "../model/culture";
import type { ExchangeServer } from "../model/server";
import { CredentialValue, ObjectValue, type Value } from "./value";

const typePrefix = "Microsoft.Exchange.Data.Directory.SystemConfiguration.AlternateServiceAccount";

/**
 * The text form: `Latest: <date>, <account>`, then `Previous:`, then three dots when there are more.
 * The date is the local time of the server that runs the cmdlet, in its culture.
 */
export function configurationText(credentials: readonly StoredCredential[], runningOn: ExchangeServer): string {
  const { culture, timeZone, words } = runningOn.state;
  const line = (word: string, credential: StoredCredential | undefined) => {
    if (credential === undefined) return `${word}: ${words.notSet}`;
    const added = credential.isValid ? dateText(credential.whenAddedUtc, culture, timeZone) : "<Invalid>";
    return `${word}: ${added}, ${qualifiedUserName(credential)}`;
  };
  const lines = [line(words.latest, credentials[0]), line(words.previous, credentials[1])];
  return [...lines, ...(credentials.length > 2 ? ["..."] : [])].join("\r\n");
}

/** The configuration of one server; passwords are in it only when they were asked for. */
export function configurationObject(
  credentials: readonly StoredCredential[],
  runningOn: ExchangeServer,
  withPasswords: boolean,
): ObjectValue {
  return new ObjectValue([`${typePrefix}Configuration`, "System.Object"], configurationText(credentials, runningOn), {
    EffectiveCredentials: credentials.map((credential) => credentialObject(credential, withPasswords)),
  });
}

function credentialObject(credential: StoredCredential, withPassword: boolean): ObjectValue {
  const name = qualifiedUserName(credential);
  const properties: Record<string, Value> = {
    Domain: credential.domain,
    UserName: credential.userName,
    QualifiedUserName: name,
    WhenAddedUTC: credential.whenAddedUtc,
    WhenAdded: credential.whenAddedUtc,
    Credential: withPassword ? new CredentialValue(name, credential.password) : null,
    IsValid: credential.isValid,
  };
  return new ObjectValue([`${typePrefix}Credential`, "System.Object"], name, properties);
}
