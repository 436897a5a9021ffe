import * as ek from "pulumi-exchange-kerberos";

const exchange = new ek.ExchangeKerberos("exchange", {
  account: {
    name: "EXCH2016ASA",
    organizationalUnit: "OU=Exchange,DC=corp,DC=tailspintoys,DC=com",
    description: "Alternate Service Account credentials for Exchange",
  },
  sites: [
    {
      name: "ADSite1",
      servers: ["cas-1.corp.tailspintoys.com", "cas-2.corp.tailspintoys.com"],
      hostNames: ["mail.corp.tailspintoys.com", "autodiscover.corp.tailspintoys.com"],
    },
  ],
  outlook: {
    outlookAnywhere: { internal: "Negotiate" },
    // Both are added to what is there. OAuth is what Exchange Online logs on with: were it taken off by hand, the next
    // `pulumi refresh` would show it and `pulumi up` put it back.
    mapi: { include: ["Negotiate", "OAuth"] },
    recycleApplicationPools: true,
  },
});

export const { qualifiedNames, spns, servers } = exchange;
