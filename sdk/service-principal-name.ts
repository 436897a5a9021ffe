import type * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, Resource } from "./resource";

/** Inputs of {@link ServicePrincipalName}. */
export interface ServicePrincipalNameArgs extends ConnectionArgs {
  /** The account that gets the name: `DOMAIN\sAMAccountName`, as `AsaAccount.qualifiedName` has it. */
  account: pulumi.Input<string>;
  /** `class/host[:port][/name]`, for Exchange `http/` and the host name that clients use. */
  spn: pulumi.Input<string>;
  /** Id of the `AsaDeployment` that puts the credential on the servers: before it, a ticket is of no use to any server. */
  deployment?: pulumi.Input<string>;
  /** Register the name with no deployment before it. Clients fail until servers hold the credential. Default: false. */
  allowBeforeDeployment?: pulumi.Input<boolean>;
  /** Distinguished names of accounts that may lose the name to ours. Default: none, a name that is taken is refused. */
  takeFrom?: pulumi.Input<pulumi.Input<string>[]>;
  /** Allow a name without a domain after `http/`. Default: false. */
  allowShortName?: pulumi.Input<boolean>;
  /** Allow an address after `http/`. Default: false. */
  allowIpAddress?: pulumi.Input<boolean>;
  /** Allow the name of a server, which a computer account has as `HOST/…`. Default: false. */
  allowServerName?: pulumi.Input<boolean>;
}

/** One service principal name (SPN) on the alternate service account: clients then ask for Kerberos tickets to it. */
export class ServicePrincipalName extends Resource {
  declare readonly account: pulumi.Output<string>;
  declare readonly spn: pulumi.Output<string>;
  /** Where the account is. */
  declare readonly distinguishedName: pulumi.Output<string>;
  /** The account had the name before the stack, and keeps it on destroy. */
  declare readonly adopted: pulumi.Output<boolean>;

  constructor(name: string, args: ServicePrincipalNameArgs, options?: pulumi.CustomResourceOptions) {
    super(servicePrincipalName, name, args, options);
  }
}

const servicePrincipalName = { name: "ServicePrincipalName", outputs: ["distinguishedName", "adopted"] } as const;
