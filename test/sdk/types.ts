/** Programs that must not compile, and inputs that must not part from their schemas. Nothing here runs. */
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { schema as accountSchema } from "../../provider/resources/asa-account/schema";
import type { schema as deploymentSchema } from "../../provider/resources/asa-deployment/schema";
import type { schema as outlookSchema } from "../../provider/resources/outlook-auth-setting/schema";
import type { schema as spnSchema } from "../../provider/resources/service-principal-name/schema";
import * as ek from "../../sdk";

/** A type without `undefined` anywhere: what may be left out is left out in both, each in its own way. */
type Defined<T> = T extends readonly (infer E)[]
  ? Defined<E>[]
  : T extends object
    ? { [K in keyof T]-?: Defined<Exclude<T[K], undefined>> }
    : T;
/** Fails to compile where a class and the schema of its handler do not take the same. */
type Same<Args, Schema extends z.ZodType> = [Defined<pulumi.Unwrap<Args>>, Defined<z.input<Schema>>] extends [
  infer A,
  infer B,
]
  ? [A, B] extends [B, A]
    ? true
    : { args: A; schema: B }
  : never;
true satisfies Same<ek.AsaAccountArgs, typeof accountSchema>;
true satisfies Same<ek.AsaDeploymentArgs, typeof deploymentSchema>;
true satisfies Same<ek.OutlookAuthSettingArgs, typeof outlookSchema>;
true satisfies Same<ek.ServicePrincipalNameArgs, typeof spnSchema>;

new ek.AsaAccount("minimal", { name: "ASA" });
const account = new ek.AsaAccount(
  "whole",
  {
    name: "ASA",
    accountType: "user",
    organizationalUnit: "OU=Exchange,DC=corp,DC=tailspintoys,DC=com",
    description: "Exchange",
    enabled: false,
    encryptionTypes: ["aes128", "aes256"],
    password: "secret",
    replication: { domainControllers: ["dc1.corp.tailspintoys.com"], timeoutSeconds: 60 },
    adopt: true,
    connection: "contoso",
  },
  { protect: true },
);
new ek.AsaAccount("no-wait", { name: account.samAccountName, replication: false });
new ek.ServicePrincipalName("mail", { account: account.qualifiedName, spn: "http/mail.corp.tailspintoys.com" });

// @ts-expect-error a name is required
new ek.AsaAccount("asa", {});
// @ts-expect-error a group managed account cannot be an ASA
new ek.AsaAccount("asa", { name: "ASA", accountType: "gmsa" });
// @ts-expect-error DES is not offered
new ek.AsaAccount("asa", { name: "ASA", encryptionTypes: ["des"] });
// @ts-expect-error seconds are a number
new ek.AsaAccount("asa", { name: "ASA", replication: { timeoutSeconds: "60" } });
// @ts-expect-error false or an object, never true
new ek.AsaAccount("asa", { name: "ASA", replication: true });
// @ts-expect-error no such property
new ek.AsaAccount("asa", { name: "ASA", descripton: "Exchange" });
// @ts-expect-error the password is no output
account.password;
// @ts-expect-error outputs cannot be set
account.keyVersion = pulumi.output(2);
// @ts-expect-error an SPN needs an account
new ek.ServicePrincipalName("mail", { spn: "http/mail" });
// @ts-expect-error a list, also for one
new ek.ServicePrincipalName("mail", { account: "A", spn: "http/mail", takeFrom: "CN=Old" });
// @ts-expect-error an account is named by text, not given as a resource
new ek.ServicePrincipalName("mail", { account, spn: "http/mail" });

const server = "cas-1.corp.tailspintoys.com";
const deployed = { account: account.qualifiedName, servers: [server] };
new ek.AsaDeployment("window", {
  ...deployed,
  rotation: { maxPasswordAgeDays: 30, window: { days: ["saturday"], from: "22:00", to: "04:00", timeZone: "UTC" } },
});
// @ts-expect-error no such day
new ek.AsaDeployment("window", { ...deployed, rotation: { window: { days: ["Saturday"] } } });
// @ts-expect-error hours are texts
new ek.AsaDeployment("window", { ...deployed, rotation: { window: { from: 22 } } });
new ek.OutlookAuthSetting("plain", {
  server,
  outlookAnywhere: { internal: "Negotiate", external: "Ntlm", iis: { exactly: ["Ntlm", "Negotiate"] } },
  mapi: { exactly: ["Ntlm", "Negotiate"] },
  recycleApplicationPools: true,
});
const outlook = new ek.OutlookAuthSetting("hybrid", { server, mapi: { include: ["Negotiate"] } });
outlook.directories.apply(([first]) => first?.settings.methods?.before) satisfies pulumi.Output<
  string | string[] | undefined
>;
outlook.poolsToRecycle satisfies pulumi.Output<string[]>;
// @ts-expect-error a server is required
new ek.OutlookAuthSetting("cas-1", { mapi: { include: ["Negotiate"] } });
// @ts-expect-error either added to the list, or the whole list
new ek.OutlookAuthSetting("cas-1", { server, mapi: { include: ["Negotiate"], exactly: ["Ntlm"] } });
// @ts-expect-error one of the two has to be said
new ek.OutlookAuthSetting("cas-1", { server, mapi: ["Negotiate"] });
// @ts-expect-error Outlook Anywhere has no OAuth
new ek.OutlookAuthSetting("cas-1", { server, outlookAnywhere: { internal: "OAuth" } });
// @ts-expect-error no such method
new ek.OutlookAuthSetting("cas-1", { server, mapi: { include: ["Kerberos"] } });
// @ts-expect-error no such property
new ek.OutlookAuthSetting("cas-1", { server, outlookAnywhere: { internl: "Negotiate" } });

const sites = [{ name: "ADSite1", servers: [server], hostNames: ["mail.corp.tailspintoys.com"] }];
const exchange = new ek.ExchangeKerberos(
  "exchange",
  {
    account: { name: "ASA" },
    sites,
    rotation: { maxPasswordAgeDays: 30 },
    outlook: { mapi: { include: ["Negotiate"] } },
  },
  { protect: true },
);
exchange.qualifiedNames satisfies pulumi.Output<Record<string, string>>;
exchange.servers.apply(([first]) => first?.condition) satisfies pulumi.Output<string | undefined>;
exchange.accounts.ADSite1?.keyVersion satisfies pulumi.Output<number> | undefined;
new ek.ExchangeKerberos("no-outlook", { account: { name: "ASA" }, sites, outlook: false });
// @ts-expect-error sites are required
new ek.ExchangeKerberos("exchange", { account: { name: "ASA" } });
// @ts-expect-error the connection is that of all of it, not of the account
new ek.ExchangeKerberos("exchange", { account: { name: "ASA", connection: "contoso" }, sites });
new ek.ExchangeKerberos("exchange", {
  account: { name: "ASA" },
  // @ts-expect-error misspelt
  sites: [{ name: "ADSite1", servers: [], hostNames: [], hostnames: [] }],
});
// @ts-expect-error an object or false
new ek.ExchangeKerberos("exchange", { account: { name: "ASA" }, sites, outlook: true });
// @ts-expect-error the server is that of the site
new ek.ExchangeKerberos("exchange", { account: { name: "ASA" }, sites, outlook: { server } });
new ek.ExchangeKerberos("exchange", {
  account: { name: "ASA" },
  // @ts-expect-error lists of a site are plain: resources are named after them
  sites: [{ name: "ADSite1", servers: [pulumi.output(server)], hostNames: [] }],
});
