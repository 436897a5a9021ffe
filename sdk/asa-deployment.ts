import type * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, Resource } from "./resource";

/** A day of the week, on which a {@link RotationWindow} opens. */
export type Weekday = "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday";

/**
 * When a password that is due may roll: days and hours, as the clocks of `timeZone` show them. Of an hour that they skip in
 * spring nothing is left; of one that they go through twice in autumn, the first counts.
 */
export interface RotationWindow {
  /** Days on which the window opens; one that goes past midnight closes on the day after. Default: every day. */
  days?: pulumi.Input<pulumi.Input<Weekday>[]>;
  /** Time of day from which on it is open, as `"22:00"`. Default: `"00:00"`. */
  from?: pulumi.Input<string>;
  /** Time of day at which it closes, on the next day where that is before `from`. Default: `"24:00"`. */
  to?: pulumi.Input<string>;
  /** IANA name of the time zone, as `"Europe/Berlin"`; what is none is refused. Default: `"UTC"`. */
  timeZone?: pulumi.Input<string>;
}

/** When the password of the account is due for a new one. */
export interface Rotation {
  /** Days after which the next `up` rolls the password, counted from the account's own `pwdLastSet`. Default: never. */
  maxPasswordAgeDays?: pulumi.Input<number>;
  /** Any text; another one rolls the password at the next `up`, unless somebody has rolled it since. Default: none. */
  trigger?: pulumi.Input<string>;
  /**
   * Outside of it a password that is due, by age or trigger, does not roll: `preview` and `up` say that it is due and when
   * the window opens, and show no change. What mends is not held back: a first deployment, a new account, a server without
   * the present password, a roll that broke off. Default: always open.
   */
  window?: pulumi.Input<RotationWindow>;
}

/** Inputs of {@link AsaDeployment}. */
export interface AsaDeploymentArgs extends ConnectionArgs {
  /** The account whose password goes to the servers: `DOMAIN\name`, as `AsaAccount.qualifiedName` has it. */
  account: pulumi.Input<string>;
  /** Full names of the servers that run Client Access services; never a load-balanced name. */
  servers: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * `"script"` runs RollAlternateServiceAccountPassword.ps1, the only way that Microsoft supports, in a shell on
   * `managementHost`. `"cmdlet"` does the same steps over each server's own endpoint and over LDAPS; it needs neither a
   * Windows host nor delegation. Default: `"script"`.
   */
  method?: pulumi.Input<"script" | "cmdlet">;
  /** Servers of `servers` that may be down during a roll; a later `up` brings them the credential. Default: none. */
  mayBeAbsent?: pulumi.Input<pulumi.Input<string>[]>;
  /** Default: the password rolls only where a server cannot get it otherwise. */
  rotation?: pulumi.Input<Rotation>;
  /** What servers hold of this account already is taken as right, and stays on destroy. Default: false. */
  adopt?: pulumi.Input<boolean>;
}

/** What one server has. */
export interface ServerState {
  server: string;
  /** `15.2.1748.10` */
  version: string;
  /**
   * `"deployed"`: our account is its newest credential, with the present password. `"unconfirmed"`: our account, and it is
   * not known whether with the present password. `"stale"`: the account got another password since. `"other-account"`: its
   * newest credential is another account's. `"missing"`: it has no credential. `"absent"`: it could not be reached, which
   * `mayBeAbsent` allows.
   */
  condition: "deployed" | "unconfirmed" | "stale" | "other-account" | "missing" | "absent";
  /** Account of its newest credential. */
  account: string;
  /** When the server got that, as the server tells it. */
  added: string;
  hasPrevious: boolean;
  /** Whose credentials it has besides; removing ours would remove them too, so it is left there then. */
  otherAccounts: string[];
  /** When the account had got its password at the time of this look, ISO 8601. */
  passwordLastSet: string;
}

/**
 * The account's credential on every server (article, "Configure and then verify configuration of the ASA credential").
 * A new password goes to the servers first and to the directory last, so that a roll that breaks off locks nobody out.
 */
export class AsaDeployment extends Resource {
  declare readonly account: pulumi.Output<string>;
  declare readonly servers: pulumi.Output<string[]>;
  /** When the account got its present password, ISO 8601. */
  declare readonly passwordLastSet: pulumi.Output<string>;
  declare readonly deployed: pulumi.Output<ServerState[]>;

  constructor(name: string, args: AsaDeploymentArgs, options?: pulumi.CustomResourceOptions) {
    super(asaDeployment, name, args, options);
  }
}

const asaDeployment = {
  name: "AsaDeployment",
  outputs: ["accountGuid", "passwordLastSet", "deployed", "formerAccounts", "adopted"],
} as const;
