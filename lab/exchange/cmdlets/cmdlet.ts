import type { LogOn } from "../model/account-directory";
import type { ManagementRole, Organization } from "../model/organization";
import type { Product } from "../model/product";
import type { ExchangeServer } from "../model/server";
import type { BoundParameters } from "./bound-parameters";
import type { CmdletError } from "./cmdlet-error";
import type { Value } from "./value";

/** Who runs a command, and where it really runs. */
export interface ExchangeSession {
  readonly organization: Organization;
  /** The back end that executes: not always the server that was connected to. */
  readonly server: ExchangeServer;
  /** User principal name. */
  readonly user: string;
  /** What the user can prove to other machines; a log-on by key or ticket cannot be passed on. */
  readonly logOn?: LogOn | undefined;
  /** `serializationLevel=Full` was asked for, so configuration objects travel as objects. */
  readonly fullSerialization: boolean;
}

/** Where a command's streams go. */
export interface Streams {
  output(value: Value): void;
  error(error: CmdletError): void;
  warning(text: string): void;
  verbose(text: string): void;
  /** `Write-Host`: the information stream, and the host's screen. */
  host(text: string): void;
  /** A question to the person at the client; left out where nobody can answer. */
  confirm?(title: string, question: string): Promise<boolean>;
}

export type ParameterType =
  | { readonly kind: "text" | "switch" | "boolean" | "credentials" }
  | { readonly kind: "texts"; readonly nullable?: boolean }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  | { readonly kind: "choices"; readonly of: readonly string[]; readonly nullable?: boolean };

export interface Parameter {
  readonly type: ParameterType;
  readonly position?: number;
  readonly mandatory?: boolean;
  /** Takes the identity of a piped object. */
  readonly pipeline?: boolean;
  /** Parameter sets that have it; left out, all. */
  readonly sets?: readonly string[];
  /** Management role without which the session does not even show it. */
  readonly role?: ManagementRole;
}

/** One call of a cmdlet, bound. */
export interface Call extends Streams {
  readonly session: ExchangeSession;
  readonly parameters: BoundParameters;
  /** Is it to be done, or only asked for with `-WhatIf`? */
  readonly shouldProcess: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Cmdlet {
  readonly name: string;
  /** .NET class, the last part of every fully qualified error id. */
  readonly className: string;
  /** Any of these roles shows the command. */
  readonly roles: readonly ManagementRole[];
  /** Does a server of this version have it? */
  readonly on?: (product: Product) => boolean;
  /** Supports `-WhatIf` and `-Confirm`. */
  readonly changes: boolean;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly defaultSet?: string;
  run(call: Call): Promise<void> | void;
}
