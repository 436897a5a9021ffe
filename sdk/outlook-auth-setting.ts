import type * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, Resource } from "./resource";

/** How a client of Outlook Anywhere logs on. */
export type OutlookMethod = "Basic" | "Ntlm" | "Negotiate";
/** How a client of MAPI over HTTP logs on. */
export type MapiMethod = "Basic" | "Ntlm" | "Negotiate" | "OAuth";

/** A list of methods, whose order means nothing: either what is added to it, or all of it. */
export type MethodRule<Method extends string> =
  | { include: pulumi.Input<pulumi.Input<Method>[]>; exactly?: undefined }
  | { exactly: pulumi.Input<pulumi.Input<Method>[]>; include?: undefined };

/** Outlook Anywhere (RPC over HTTP). */
export interface OutlookAnywhereArgs {
  /** `InternalClientAuthenticationMethod`, which Autodiscover tells clients inside. The article sets `"Negotiate"`. */
  internal?: pulumi.Input<OutlookMethod>;
  /** `ExternalClientAuthenticationMethod`, for clients outside. */
  external?: pulumi.Input<OutlookMethod>;
  /** `IISAuthenticationMethods`: what the directory itself takes. Setup leaves all three. */
  iis?: pulumi.Input<MethodRule<OutlookMethod>>;
}

/** Inputs of {@link OutlookAuthSetting}. What is not named is not touched. */
export interface OutlookAuthSettingArgs extends ConnectionArgs {
  /** Full name of one server that runs Client Access services; never a load-balanced name. Another one makes another resource. */
  server: pulumi.Input<string>;
  /** Outlook Anywhere. Default: not touched. */
  outlookAnywhere?: pulumi.Input<OutlookAnywhereArgs>;
  /**
   * `IISAuthenticationMethods` of MAPI over HTTP. `include: ["Negotiate"]` keeps the others, OAuth of a hybrid deployment
   * among them; `exactly: ["Ntlm", "Negotiate"]` is the article's plain case. Default: not touched.
   */
  mapi?: pulumi.Input<MethodRule<MapiMethod>>;
  /**
   * Recycle the application pools after a change, over SSH to the server, one server after the other. Until they have
   * recycled, clients meet the settings of before. Default: false, a warning says which pools.
   */
  recycleApplicationPools?: pulumi.Input<boolean>;
}

/** One virtual directory, and what its settings were before the stack. */
export interface OutlookDirectory {
  /** `CAS-1\mapi (Default Web Site)` */
  identity: string;
  /** By setting: `internal`, `external` and `iis` of Outlook Anywhere, `methods` of MAPI over HTTP. */
  settings: Record<string, { before: string | string[] }>;
}

/**
 * How Outlook logs on to one server (article, "Enable Kerberos authentication for Outlook clients"). On destroy each
 * setting goes back to what it was, unless somebody else has changed it since.
 */
export class OutlookAuthSetting extends Resource {
  declare readonly server: pulumi.Output<string>;
  /** The directories that clients reach on this server. */
  declare readonly directories: pulumi.Output<OutlookDirectory[]>;
  /** Application pools that have to recycle before the last change counts; empty where `recycleApplicationPools` is true. */
  declare readonly poolsToRecycle: pulumi.Output<string[]>;

  constructor(name: string, args: OutlookAuthSettingArgs, options?: pulumi.CustomResourceOptions) {
    super(outlookAuthSetting, name, args, options);
  }
}

const outlookAuthSetting = { name: "OutlookAuthSetting", outputs: ["directories", "poolsToRecycle"] } as const;
