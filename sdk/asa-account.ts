import type * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, Resource } from "./resource";

/** Kerberos encryption types of an account, from weak to strong. Exchange needs at least one of the AES types. */
export type EncryptionType = "rc4" | "aes128" | "aes256";

/** How long, and for which domain controllers, the account waits to be seen. */
export interface Replication {
  /** `"all"` of the domain, or a list of host names, or of names of Active Directory sites. Default: `"all"`. */
  domainControllers?: pulumi.Input<"all" | pulumi.Input<string>[]>;
  /** Seconds until the wait fails and names the controllers that lag. Default: 900. */
  timeoutSeconds?: pulumi.Input<number>;
}

/** Inputs of {@link AsaAccount}. */
export interface AsaAccountArgs extends ConnectionArgs {
  /** Name of the account. The `sAMAccountName` of a computer is this with `$`. Another name makes another account. */
  name: pulumi.Input<string>;
  /** A computer cannot log on interactively, so it is the safer one. Another type makes another account. Default: `"computer"`. */
  accountType?: pulumi.Input<"computer" | "user">;
  /** Distinguished name of the organizational unit. Default: the domain's own Computers or Users container. */
  organizationalUnit?: pulumi.Input<string>;
  /** The `description` attribute. Default: none. */
  description?: pulumi.Input<string>;
  /** Whether the account can be used. Default: true. */
  enabled?: pulumi.Input<boolean>;
  /** `msDS-SupportedEncryptionTypes`, by name (MS-KILE 2.2.7). Default: all three, 28. */
  encryptionTypes?: pulumi.Input<pulumi.Input<EncryptionType>[]>;
  /** First password. Encrypted in the state. Default: a random one that is set and forgotten. */
  password?: pulumi.Input<string>;
  /** Wait until the account is on the domain controllers, or `false` not to wait. Default: all of them, 900 seconds. */
  replication?: pulumi.Input<false | Replication>;
  /** Take over an account that exists, with its password, and leave it there on destroy. Default: false. */
  adopt?: pulumi.Input<boolean>;
}

/** The alternate service account that all Exchange servers of a deployment share. Its id is the `objectGUID`. */
export class AsaAccount extends Resource {
  declare readonly name: pulumi.Output<string>;
  declare readonly accountType: pulumi.Output<"computer" | "user">;
  declare readonly enabled: pulumi.Output<boolean>;
  /** As found in the directory. */
  declare readonly encryptionTypes: pulumi.Output<EncryptionType[]>;
  /** `DOMAIN\sAMAccountName`, the form that Exchange and `ServicePrincipalName` take. */
  declare readonly qualifiedName: pulumi.Output<string>;
  declare readonly distinguishedName: pulumi.Output<string>;
  declare readonly samAccountName: pulumi.Output<string>;
  /** Security identifier, `S-1-5-…`. */
  declare readonly objectSid: pulumi.Output<string>;
  /** `msDS-KeyVersionNumber`: counts the passwords that the account has had. */
  declare readonly keyVersion: pulumi.Output<number>;
  /** When the password was last set, ISO 8601. */
  declare readonly passwordLastSet: pulumi.Output<string>;
  /** The account was there before the stack, and stays there on destroy. */
  declare readonly adopted: pulumi.Output<boolean>;
  /** Every chosen domain controller was seen to have the account with its password. */
  declare readonly replicated: pulumi.Output<boolean>;

  /**
   * @param name Name in the stack, not of the account.
   * @param options `protect` is a good idea: without this account nobody gets a ticket.
   */
  constructor(name: string, args: AsaAccountArgs, options?: pulumi.CustomResourceOptions) {
    super(asaAccount, name, args, options);
  }
}

const asaAccount = {
  name: "AsaAccount",
  outputs: [
    // What a program leaves out is an output all the same: Pulumi makes one only of what it finds here.
    ...["accountType", "enabled", "encryptionTypes"],
    ...["qualifiedName", "distinguishedName", "samAccountName", "objectSid", "keyVersion", "passwordLastSet"],
    ...["adopted", "replicated"],
  ],
  secrets: ["password", "passwordVerifier"],
} as const;
