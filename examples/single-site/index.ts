import * as ek from "pulumi-exchange-kerberos";

/** The names that Outlook uses inside; both lead to the load balancer, by A records. */
const hostNames = ["mail.corp.tailspintoys.com", "autodiscover.corp.tailspintoys.com"];

const account = new ek.AsaAccount("asa", {
  name: "EXCH2016ASA",
  organizationalUnit: "OU=Exchange,DC=corp,DC=tailspintoys,DC=com",
  description: "Alternate Service Account credentials for Exchange",
});

for (const hostName of hostNames) {
  new ek.ServicePrincipalName(hostName, {
    account: account.qualifiedName,
    spn: `http/${hostName}`,
    // The credential is not part of this stack yet: see the README before you take this line over.
    allowBeforeDeployment: true,
  });
}

export const qualifiedName = account.qualifiedName;
