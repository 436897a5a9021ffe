import type { Outcome } from "../../provider/checks/check";
import type { Estate } from "./estate";

type Labels = Readonly<Record<string, string>>;
interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

const outcomes: readonly Outcome[] = ["pass", "warn", "fail", "unknown"];
const seconds = (instant: string) => Math.floor(Date.parse(instant) / 1000);

/** The estate as Prometheus' text format: all gauges, none left out because it is 0. */
export function prometheusText(estate: Estate): string {
  const { domain, account, names, servers } = estate;
  const of = (value: number, labels: Labels = {}): Sample => ({ labels: { domain, ...labels }, value });
  const blocks: string[] = [];
  const gauge = (name: string, help: string, samples: readonly Sample[]) => {
    if (samples.length === 0) return;
    const full = `exchange_kerberos_${name}`;
    const lines = samples.map(({ labels, value }) => `${full}${labelText(labels)} ${value}`);
    blocks.push([`# HELP ${full} ${help}`, `# TYPE ${full} gauge`, ...lines].join("\n"));
  };

  gauge("last_run_timestamp_seconds", "When the checks were run.", [of(seconds(estate.at))]);
  gauge("organization_read", "Whether the servers and names of the Exchange organization could be read.", [
    of(estate.problem === undefined ? 1 : 0),
  ]);
  gauge(
    "check_results",
    "Results of all checks by outcome.",
    outcomes.map((outcome) => of(estate.counts[outcome], { outcome })),
  );
  gauge(
    "problem",
    "A check result that is not a pass: fail, warn, or unknown where it could not be seen.",
    distinct(
      estate.results
        .filter(({ outcome }) => outcome !== "pass")
        .map(({ check, object, outcome }) => of(1, { check, object, outcome })),
    ),
  );
  gauge("account_found", "Whether the alternate service account is known and exists.", [of(account ? 1 : 0)]);
  if (account !== undefined) {
    const labels = { account: account.qualifiedName };
    const { passwordLastSet, rollDue } = account;
    if (passwordLastSet !== undefined && rollDue !== undefined) {
      const age = seconds(estate.at) - seconds(passwordLastSet);
      gauge("password_age_seconds", "Age of the account's password when the checks were run.", [of(age, labels)]);
      gauge("password_set_timestamp_seconds", "When the account's password was set.", [
        of(seconds(passwordLastSet), labels),
      ]);
      gauge("password_roll_due_timestamp_seconds", "When the password is to be rolled next.", [
        of(seconds(rollDue), labels),
      ]);
    }
  }
  gauge("names", "Names that clients use and that need an SPN.", [of(names.length)]);
  gauge(
    "name_ok",
    "0 where a check of the name or of its SPN fails.",
    names.map(({ hostName, name, spn }) =>
      of(name.outcome === "fail" || spn.outcome === "fail" ? 0 : 1, { name: hostName }),
    ),
  );
  gauge("servers", "Servers that were looked at.", [of(servers.length)]);
  gauge("servers_without_credential", "Servers that answered, and whose newest credential is not the account's.", [
    of(servers.filter(({ hasCredential }) => hasCredential === false).length),
  ]);
  gauge("servers_silent", "Servers that did not answer.", [
    of(servers.filter(({ problem }) => problem !== undefined).length),
  ]);
  gauge(
    "server_ok",
    "0 where a check of the server fails.",
    servers.map(({ fqdn, site, outcome }) => of(outcome === "fail" ? 0 : 1, { server: fqdn, site })),
  );
  return `${blocks.join("\n")}\n`;
}

/** One check may say two things of one object; a series may be there once only. */
function distinct(samples: readonly Sample[]): Sample[] {
  return [...new Map(samples.map((sample) => [labelText(sample.labels), sample])).values()];
}

function labelText(labels: Labels): string {
  const escaped = (value: string) =>
    value
      .replace(/(?!\n)\p{Cc}/gu, "�")
      .replaceAll("\\", "\\\\")
      .replaceAll('"', '\\"')
      .replaceAll("\n", "\\n");
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",")}}`;
}
