import * as ek from "pulumi-exchange-kerberos";

/** The servers behind the load balancer, each by its own name. */
const servers = ["cas-1.corp.tailspintoys.com", "cas-2.corp.tailspintoys.com"];
/** The names that Outlook uses inside; both lead to the load balancer, by A records. */
const hostNames = ["mail.corp.tailspintoys.com", "autodiscover.corp.tailspintoys.com"];

const account = new ek.AsaAccount("asa", {
  name: "EXCH2016ASA",
  organizationalUnit: "OU=Exchange,DC=corp,DC=tailspintoys,DC=com",
  description: "Alternate Service Account credentials for Exchange",
});

// The password goes to every server first, and to Active Directory last.
const deployment = new ek.AsaDeployment("deployment", {
  account: account.qualifiedName,
  servers,
  rotation: { maxPasswordAgeDays: 30 },
});

// A name leads clients to the account, so it comes after the credential.
const names = hostNames.map(
  (hostName) =>
    new ek.ServicePrincipalName(hostName, {
      account: account.qualifiedName,
      spn: `http/${hostName}`,
      deployment: deployment.id,
    }),
);

// Outlook is told last; on destroy first of all, and to what it was before.
for (const server of servers) {
  new ek.OutlookAuthSetting(
    server,
    {
      server,
      outlookAnywhere: { internal: "Negotiate" },
      mapi: { include: ["Negotiate"] },
    },
    { dependsOn: names },
  );
}

export const qualifiedName = account.qualifiedName;
export const deployed = deployment.deployed.apply((states) =>
  states.map(({ server, version, condition }) => `${server} (${version}): ${condition}`),
);
