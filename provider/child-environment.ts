/** Variables that carry what a child must not see: stack configuration, passphrases and tokens of Pulumi, our settings. */
const ours = /^(PULUMI_|EXCHANGE_KERBEROS_)/i;

/** The environment for a child process (`pwsh`, `ssh`): that of this process without Pulumi's variables and ours. */
export function childEnvironment(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const kept = Object.entries(environment).filter(([name]) => !ours.test(name));
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
