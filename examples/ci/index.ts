import * as ek from "pulumi-exchange-kerberos";

const exchange = new ek.ExchangeKerberos(
  "exchange",
  {
    account: { name: "EXCH2016ASA", organizationalUnit: "OU=Exchange,DC=corp,DC=tailspintoys,DC=com" },
    sites: [
      {
        name: "ADSite1",
        servers: ["cas-1.corp.tailspintoys.com", "cas-2.corp.tailspintoys.com"],
        hostNames: ["mail.corp.tailspintoys.com", "autodiscover.corp.tailspintoys.com"],
      },
    ],
    // A server that is down for maintenance does not keep the others from a new password.
    mayBeAbsent: ["cas-2.corp.tailspintoys.com"],
    // The workflow roll.yml runs every day; it finds something to do when the password is this old.
    rotation: { maxPasswordAgeDays: 28 },
  },
  // What the policy pack asks for, and what keeps a wrong pull request from turning Kerberos off.
  { protect: true },
);

export const { qualifiedNames, spns, servers } = exchange;
