import { corp, dc1, users, usersDc } from "../../../lab/domain-controller";
import { pastLdap, trustNamespaces } from "../breaking";
import { type Fault, mail } from "./fault";

const trustDn = `CN=${users.dnsName},CN=System,${corp.baseDn}`;

export const trust: readonly Fault[] = [
  {
    what: "a trust that does not go from forest to forest",
    check: "trust-kind",
    outcome: "fail",
    object: users.dnsName,
    seen: /external/,
    make: () => trustAttribute("trustAttributes", "0"),
    mend: () => trustAttribute("trustAttributes", "8"),
  },
  {
    what: "a trust in the other direction",
    check: "trust-kind",
    outcome: "fail",
    object: users.dnsName,
    seen: /other way/,
    make: () => trustAttribute("trustDirection", "1"),
    mend: () => trustAttribute("trustDirection", "3"),
  },
  {
    what: "selective authentication",
    check: "trust-kind",
    outcome: "warn",
    object: users.dnsName,
    make: () => trustAttribute("trustAttributes", "24"),
    mend: () => trustAttribute("trustAttributes", "8"),
  },
  {
    what: "a trust with RC4 alone",
    check: "trust-encryption",
    outcome: "fail",
    object: users.dnsName,
    make: () => trustAttribute("msDS-SupportedEncryptionTypes", "4"),
    mend: () => trustAttribute("msDS-SupportedEncryptionTypes", "24"),
  },
  {
    what: "a trust without encryption types",
    check: "trust-encryption",
    outcome: "warn",
    object: users.dnsName,
    make: () => trustAttribute("msDS-SupportedEncryptionTypes"),
    mend: () => trustAttribute("msDS-SupportedEncryptionTypes", "24"),
  },
  {
    what: "a name that the users' forest does not route here",
    check: "trust-routing",
    outcome: "fail",
    object: mail,
    make: async () => void (await trustNamespaces(usersDc, [corp.dnsName, `--add-tln-ex=${mail}`])),
    mend: async () => void (await trustNamespaces(usersDc, [corp.dnsName, `--delete-tln-ex=${mail}`])),
  },
];

function trustAttribute(attribute: string, ...values: string[]): Promise<void> {
  return pastLdap(dc1, { dn: trustDn, attribute, values });
}
