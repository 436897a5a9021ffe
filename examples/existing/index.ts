import * as ek from "pulumi-exchange-kerberos";

/**
 * Kerberos was set up by hand, by the article. The program says what is there; the first `pulumi up` writes nothing and
 * from then on `pulumi preview --refresh` tells when something has changed.
 */
const exchange = new ek.ExchangeKerberos("exchange", {
  adopt: true,
  account: { name: "EXCH2016ASA", encryptionTypes: ["rc4", "aes128", "aes256"] },
  sites: [
    {
      name: "ADSite1",
      servers: ["cas-1.corp.tailspintoys.com", "cas-2.corp.tailspintoys.com"],
      hostNames: ["mail.corp.tailspintoys.com", "autodiscover.corp.tailspintoys.com"],
    },
  ],
  outlook: {
    outlookAnywhere: { internal: "Negotiate" },
    mapi: { exactly: ["Ntlm", "Negotiate"] },
  },
});

export const { qualifiedNames, spns, servers } = exchange;
