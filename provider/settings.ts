import { Resolver } from "node:dns";
import { z } from "zod";
import { ProviderError } from "./error";

/** The Pulumi configuration namespace: `pulumi config set exchange-kerberos:domain corp.tailspintoys.com`. */
export const configNamespace = "exchange-kerberos";
/** `EXCHANGE_KERBEROS_DOMAIN`, or `EXCHANGE_KERBEROS_CONTOSO_DOMAIN` for the connection `contoso`. */
const environmentPrefix = "EXCHANGE_KERBEROS_";
export const defaultConnection = "default";

/** Where a setting is looked up; the first place that has it wins. */
export interface SettingsSource {
  /** Stack configuration by full key, secrets in clear; `undefined` where it is not set. */
  config(key: string): string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
}

/** Addresses, each with a port where it is not 53. */
const nameServers = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === "string" ? value.split(",").map((item) => item.trim()) : value))
  .refine(canBeAsked, "Expected addresses of name servers, with commas between them");

function canBeAsked(servers: readonly string[]): boolean {
  try {
    new Resolver().setServers(servers);
    return servers.length > 0;
  } catch {
    return false;
  }
}

/** A number, which configuration has as a text. What is empty is none: `Number("")` would make it 0, a wait that does not happen. */
const numeric = (allowed: z.ZodNumber) =>
  z.union([z.number(), z.string().trim().min(1).transform(Number)]).pipe(allowed);

/** In seconds. Timers take 24 days at most, and end at once where they are given more. */
const aDay = 86_400;

/** One connection: how to reach one forest. Never part of any state. */
export const settingsSchema = z.strictObject({
  /** DNS name of the domain that holds the account. */
  domain: z
    .string()
    .regex(
      /^[^\s.@/\\]+(\.[^\s.@/\\]+)*$/,
      "Expected a DNS name, as corp.tailspintoys.com, without a full stop at its end",
    ),
  /** Host name of the domain controller to use. Default: found by DNS (`_ldap._tcp.dc._msdcs.DOMAIN`), then kept for the run. */
  domainController: z.string().optional(),
  /**
   * How LDAP is protected: by TLS, or on port 389 signed and sealed by Kerberos, for domain controllers without a certificate.
   * Plain LDAP is not among the choices: passwords travel here.
   */
  tls: z.enum(["ldaps", "starttls", "kerberos"]).default("ldaps"),
  /** PEM file with the certificate authorities to trust. Default: those of Node. */
  caFile: z.string().optional(),
  /** DNS servers for discovery. Default: those of the system. */
  dnsServers: nameServers.optional(),
  /**
   * Who we are: `user@domain`, with a password also `DOMAIN\user`, and with a password and TLS a distinguished name. Default: whoever
   * has a Kerberos ticket on this host (`kinit`).
   */
  username: z.string().optional(),
  password: z.string().optional(),
  /** File with that user's Kerberos key, in place of a password. May hold `exchangeUsername`'s too. */
  keytab: z.string().optional(),
  /** Limit on one directory request, in seconds. */
  directoryTimeoutSeconds: numeric(z.number().positive().max(aDay)).default(30),
  /** Limit on requests that run at the same time. */
  maxParallelRequests: numeric(z.number().int().positive()).default(8),
  /** Who administers Exchange, as `user@domain`. Default: `username`, with its password. */
  exchangeUsername: z.string().optional(),
  exchangePassword: z.string().optional(),
  /** How a server's own PowerShell endpoint is reached: `http` is encrypted by Kerberos, `https` by TLS. */
  exchangeProtocol: z.enum(["http", "https"]).default("http"),
  /** How we log on there: by Kerberos (a ticket of this host, or user and password), or by password as it is, inside TLS only. */
  exchangeAuthentication: z.enum(["kerberos", "basic"]).default("kerberos"),
  /** Limit on Exchange servers that are worked with at the same time. */
  maxParallelServers: numeric(z.number().int().positive()).default(10),
  /**
   * How long a server may take, in seconds, until it works with a credential that it was given: nobody can ask it. A roll by
   * cmdlet waits for so long before the directory gets the password that clients' tickets are then made with.
   */
  credentialPickUpSeconds: numeric(z.number().min(0).max(aDay)).default(5),
  /** Where Exchange's own script runs: an Exchange server, or a host with its management tools. Default: the first server. */
  managementHost: z.string().optional(),
  /** How that host is reached: over SSH, or `local` where it is this one. */
  managementTransport: z.enum(["ssh", "local"]).default("ssh"),
  sshPort: numeric(z.number().int().positive().max(65_535)).default(22),
  /** Who logs on over SSH. Default: `exchangeUsername`. */
  sshUsername: z.string().optional(),
  sshPassword: z.string().optional(),
  /** A private key of that user. Default: the agent's keys, then `sshPassword`. */
  sshKeyFile: z.string().optional(),
  sshKeyPassphrase: z.string().optional(),
  /** `SHA256:…` of the host's key. Default: the key that known_hosts has. */
  sshHostKey: z.string().optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Settings whose values are taken out of every message. */
export const secretSettings = [
  "password",
  "exchangePassword",
  "sshPassword",
  "sshKeyPassphrase",
] as const satisfies readonly (keyof Settings)[];

const settingNames = Object.keys(settingsSchema.shape);

function environmentName(connection: string, setting: string): string {
  const words = setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  const block = connection === defaultConnection ? "" : `${connection.replaceAll("-", "_").toUpperCase()}_`;
  return `${environmentPrefix}${block}${words}`;
}

/**
 * Endings of a connection's name with which its variables would be another connection's as well: EXCHANGE_KERBEROS_CONTOSO_SSH_PASSWORD
 * is `sshPassword` of `contoso`, and would be `password` of `contoso-ssh`. A password must not go to who it is not for.
 */
const ambiguousName = /(^|-)(exchange|ssh)$/;

/** A named connection is one object under its name; the default one has its settings at the top of the namespace. */
function configBlock(connection: string, source: SettingsSource): Record<string, unknown> {
  if (connection === defaultConnection) {
    return Object.fromEntries(settingNames.map((name) => [name, source.config(`${configNamespace}:${name}`)]));
  }
  const text = source.config(`${configNamespace}:${connection}`);
  if (text === undefined) return {};
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new ProviderError(
      "settings-invalid",
      `The connection "${connection}" is not an object in the stack configuration.`,
      {
        hint: `Set its parts one at a time: pulumi config set --path ${configNamespace}:${connection}.domain …`,
        cause,
      },
    );
  }
}

/**
 * The settings of one connection: stack configuration first, environment second.
 * @throws ProviderError `settings-invalid`, naming the setting and both places where it can be given, never its value.
 */
export function resolveSettings(connection: string, source: SettingsSource): Settings {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(connection) || settingNames.includes(connection)) {
    throw new ProviderError("settings-invalid", `"${connection.slice(0, 63)}" cannot be the name of a connection.`, {
      hint: "Use lower-case letters, digits and hyphens, 63 at most, and none of the names of the settings themselves.",
    });
  }
  if (ambiguousName.test(connection)) {
    throw new ProviderError("settings-invalid", `"${connection}" cannot be the name of a connection.`, {
      hint: "Choose one that does not end in exchange or ssh: its variables in the environment would be another connection's too.",
    });
  }
  const configured = configBlock(connection, source);
  const found: Record<string, unknown> = { ...configured };
  for (const name of settingNames) {
    // An empty variable is one that a pipeline has no value for.
    found[name] = configured[name] ?? (source.environment[environmentName(connection, name)] || undefined);
  }
  const parsed = settingsSchema.safeParse(found);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const refuse = (setting: string, hint: string) =>
    new ProviderError("settings-invalid", `Connection "${connection}": ${setting}: ${issue?.message}.`, { hint });
  if (issue?.code === "unrecognized_keys") {
    throw refuse(
      issue.keys[0] ?? "",
      `Take it off ${configNamespace}:${connection}: there is no setting of that name.`,
    );
  }
  const setting = String(issue?.path[0] ?? "");
  const key = connection === defaultConnection ? setting : `${connection}.${setting}`;
  const variable = environmentName(connection, setting);
  throw refuse(setting, `Set ${configNamespace}:${key} in the stack configuration or ${variable} in the environment.`);
}
