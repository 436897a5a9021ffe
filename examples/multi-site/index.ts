import * as ek from "pulumi-exchange-kerberos";

const full = (name: string) => `${name}.corp.tailspintoys.com`;
const place = { organizationalUnit: "OU=Exchange,DC=corp,DC=tailspintoys,DC=com" };

/**
 * Each site has an account of its own, so a ticket for a name of ADSite2 opens on the servers of ADSite2 and nowhere else.
 * With one account for both (account: … beside sites), every server opens every ticket; that is enough for most forests.
 */
const exchange = new ek.ExchangeKerberos("exchange", {
  sites: [
    {
      name: "ADSite1",
      account: { name: "EXCHASA1", ...place },
      servers: ["cas-1", "cas-2"].map(full),
      hostNames: ["mail", "autodiscover"].map(full),
    },
    {
      name: "ADSite2",
      account: { name: "EXCHASA2", ...place },
      servers: ["cas-3", "cas-4"].map(full),
      hostNames: ["mailsdc", "autodiscoversdc"].map(full),
    },
  ],
  outlook: {
    outlookAnywhere: { internal: "Negotiate" },
    mapi: { include: ["Negotiate"] },
    recycleApplicationPools: true,
  },
});

export const { qualifiedNames, spns, servers } = exchange;
