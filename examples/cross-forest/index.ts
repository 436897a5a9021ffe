import * as ek from "pulumi-exchange-kerberos";

/**
 * Exchange is in corp.tailspintoys.com, its users are in users.contoso.com. All that Kerberos needs of this package is in
 * the forest of Exchange; the trust and its routing of names are made beforehand (see the README).
 */
const exchange = new ek.ExchangeKerberos("exchange", {
  account: {
    name: "EXCH2016ASA",
    organizationalUnit: "OU=Exchange,DC=corp,DC=tailspintoys,DC=com",
    // Clients of both forests know AES, so nobody needs RC4.
    encryptionTypes: ["aes128", "aes256"],
  },
  sites: [
    {
      name: "ADSite1",
      servers: ["cas-1.corp.tailspintoys.com", "cas-2.corp.tailspintoys.com"],
      // The names end in a suffix that the trust routes to this forest. A ticket for any other would be asked for at home.
      hostNames: ["mail.corp.tailspintoys.com", "autodiscover.corp.tailspintoys.com"],
    },
  ],
});

export const { qualifiedNames, spns, servers } = exchange;
