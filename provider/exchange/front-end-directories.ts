import type { PsValue } from "../powershell/psrp";
import type { ExchangeServer } from "./exchange-servers";
import { itemsOf, property, textOf, textProperty } from "./ps-properties";
import { output, type RemoteShell } from "./remote-shell";

/** Settings of Extended Protection that all virtual directories share. */
export interface ExtendedProtection {
  readonly tokenChecking: string;
  readonly flags: readonly string[];
  readonly spns: readonly string[];
}

/** What every virtual directory is known by. */
export interface FrontEndDirectory {
  /** `CAS-1\Rpc (Default Web Site)` */
  readonly identity: string;
  readonly extendedProtection: ExtendedProtection;
}

/**
 * The virtual directories of one kind that clients reach. A server has a second set behind these, for its own use, which
 * nobody is to change: `Get-` leaves it out, and 2013 names it by its web site.
 */
export async function frontEndDirectories(
  shell: RemoteShell,
  noun: "OutlookAnywhere" | "MapiVirtualDirectory",
  server: ExchangeServer,
  signal?: AbortSignal,
): Promise<(FrontEndDirectory & { readonly object: PsValue })[]> {
  const command = { name: `Get-${noun}`, parameters: { Server: server.fqdn } };
  const found = await output(shell, [command], { what: `read ${noun} of ${server.fqdn}`, signal });
  return found.flatMap((object) => {
    const identity = textProperty(object, "Identity") ?? "";
    if (identity === "" || /\(Exchange Back End\)$/i.test(identity)) return [];
    const extendedProtection = {
      tokenChecking: textProperty(object, "ExtendedProtectionTokenChecking") ?? "None",
      flags: textsOf(object, "ExtendedProtectionFlags"),
      spns: textsOf(object, "ExtendedProtectionSPNList"),
    };
    return [{ identity, extendedProtection, object }];
  });
}

/** Each known method in its own spelling: documents and servers differ in case. */
export function spelled<M extends string>(methods: readonly M[], text: string): string {
  return methods.find((one) => one.toLowerCase() === text.toLowerCase()) ?? text;
}

export function textsOf(object: PsValue, name: string): string[] {
  return itemsOf(property(object, name)).flatMap((item) => textOf(item) ?? []);
}
