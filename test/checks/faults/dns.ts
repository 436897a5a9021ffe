import { corp } from "../../../lab/domain-controller";
import { addresses } from "../../../lab/network-namespace";
import { lag, record } from "../breaking";
import { autodiscover, type Fault, mail } from "./fault";

export const dns: readonly Fault[] = [
  {
    what: "a name without a record",
    check: "dns-address-record",
    outcome: "fail",
    object: mail,
    seen: /^it has no address in DNS\.$/,
    make: () => record("delete", "mail", "A", addresses.balancer),
    mend: () => record("add", "mail", "A", addresses.balancer),
  },
  {
    what: "a CNAME to a name that has no SPN",
    check: "dns-address-record",
    outcome: "fail",
    object: mail,
    seen: /alias \(CNAME\) of lb\.\S+, so clients ask for a ticket for http\/lb\./,
    remedy: new RegExp(`an A record with ${addresses.balancer}\\.$`),
    make: async () => {
      await record("delete", "mail", "A", addresses.balancer);
      await record("add", "lb", "A", addresses.balancer);
      await record("add", "mail", "CNAME", `lb.${corp.dnsName}`);
    },
    mend: async () => {
      await record("delete", "mail", "CNAME", `lb.${corp.dnsName}`);
      await record("delete", "lb", "A", addresses.balancer);
      await record("add", "mail", "A", addresses.balancer);
    },
  },
  {
    what: "a CNAME to another of the names",
    check: "dns-address-record",
    outcome: "warn",
    object: mail,
    make: async () => {
      await record("delete", "mail", "A", addresses.balancer);
      await record("add", "mail", "CNAME", autodiscover);
    },
    mend: async () => {
      await record("delete", "mail", "CNAME", autodiscover);
      await record("add", "mail", "A", addresses.balancer);
    },
  },
  {
    what: "a record that has not come to every domain controller",
    check: "dns-same-answer",
    outcome: "fail",
    object: mail,
    seen: new RegExp(`dc1\\.\\S+: [^;]*, ${addresses.secondBalancer}(;|\\.$)`),
    make: async () => {
      await lag(true);
      await record("add", "mail", "A", addresses.secondBalancer);
    },
    mend: async () => {
      await record("delete", "mail", "A", addresses.secondBalancer);
      await lag(false);
    },
  },
];
