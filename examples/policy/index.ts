import { PolicyPack } from "@pulumi/policy";

/** The classes of pulumi-exchange-kerberos, as Pulumi names them. */
const type = (name: string) => `pulumi-nodejs:dynamic/exchangeKerberos:${name}`;

new PolicyPack("exchange-kerberos", {
  policies: [
    {
      name: "asa-has-aes",
      description: "The alternate service account has AES keys: RC4 alone is broken, and later Windows refuses it.",
      enforcementLevel: "mandatory",
      validateResource({ type: resource, props }, reportViolation) {
        if (resource !== type("AsaAccount")) return;
        const types: readonly string[] = props.encryptionTypes ?? [];
        if (types.length > 0 && !types.some((one) => one.startsWith("aes"))) {
          reportViolation(`encryptionTypes is ${types.join(", ")}: add "aes128" and "aes256".`);
        }
      },
    },
    {
      name: "asa-is-protected",
      description: "Nobody deletes the alternate service account by mistake: without it no client gets a ticket.",
      enforcementLevel: "mandatory",
      validateResource({ type: resource, opts }, reportViolation) {
        if (resource === type("AsaAccount") && !opts.protect) {
          reportViolation("Give the account, or the component around it, the option protect: true.");
        }
      },
    },
    {
      name: "autodiscover-has-a-name",
      description: "Outlook asks for a ticket for Autodiscover before anything else.",
      enforcementLevel: "mandatory",
      validateStack({ resources }, reportViolation) {
        const names = resources.filter((one) => one.type === type("ServicePrincipalName"));
        const autodiscover = names.some(({ props }) => /^http\/autodiscover/i.test(props.spn ?? ""));
        if (names.length > 0 && !autodiscover) {
          reportViolation("No service principal name begins with http/autodiscover: add Autodiscover's host name.");
        }
      },
    },
  ],
});
