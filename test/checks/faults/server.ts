import { corp } from "../../../lab/domain-controller";
import { tell } from "../../exchange-lab/support/clients";
import { fqdn } from "../../resources/asa-deployment/world";
import { autodiscover, cas2, type Fault, mail } from "./fault";

const day = 86_400_000;

export const server: readonly Fault[] = [
  {
    what: "a server that does not answer",
    check: "server-reachable",
    outcome: "fail",
    object: cas2,
    make: (healthy) => healthy.world.stop("cas-2"),
    mend: (healthy) => healthy.world.start("cas-2"),
  },
  {
    what: "a load-balanced name among the servers",
    check: "server-reachable",
    outcome: "fail",
    object: mail,
    seen: /is not an Exchange server of this organization\.$/,
    selection: { servers: [fqdn("cas-1"), cas2, mail] },
    remedy: /^Its servers are cas-1\.\S+, cas-2\./,
    make: () => {},
  },
  {
    what: "Exchange 2010 among the servers",
    check: "server-version",
    outcome: "warn",
    object: fqdn("cas-old"),
    selection: { servers: [fqdn("cas-1"), cas2, fqdn("cas-old")] },
    make: (healthy) => void healthy.world.organization.addServer("cas-old", { product: "2010" }),
    mend: (healthy) => healthy.dropServer("cas-old"),
  },
  {
    what: "a server with another name",
    check: "server-names",
    outcome: "warn",
    object: cas2,
    seen: /gives internal clients of WebServices autodiscover\.\S+, and most servers of Default-First-Site-Name mail\./,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.switched.WebServices.internalUrl =
        `https://${autodiscover}/EWS/Exchange.asmx`;
    },
    mend: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.switched.WebServices.internalUrl =
        `https://${mail}/EWS/Exchange.asmx`;
    },
  },
  {
    what: "a server without the credential",
    check: "server-credential",
    outcome: "fail",
    object: cas2,
    make: (healthy) => healthy.server("cas-2").credentials.replace([]),
  },
  {
    what: "a server with another account",
    check: "server-credential",
    outcome: "fail",
    object: cas2,
    seen: /OLDASA/,
    make: (healthy) => healthy.world.addByHand("cas-2", `${corp.netbiosName}\\OLDASA$`, "old"),
  },
  {
    what: "a server with a password of before",
    check: "server-generation",
    outcome: "fail",
    object: cas2,
    make: (healthy) => healthy.credentialsOf("cas-2", -2 * day),
  },
  {
    what: "a server that tells the time as a text",
    check: "server-generation",
    outcome: "unknown",
    object: cas2,
    selection: { servers: [cas2] },
    make: (healthy) => {
      healthy.world.organization.state.configurationShape = "text";
    },
    mend: (healthy) => {
      healthy.world.organization.state.configurationShape = "ask";
    },
  },
  {
    what: "a server that cannot read older tickets",
    check: "server-previous",
    outcome: "warn",
    object: cas2,
    make: (healthy) => healthy.credentialsOf("cas-1", 0, -day),
  },
  {
    what: "a Service Host that stands still",
    check: "server-service-host",
    outcome: "fail",
    object: cas2,
    make: (healthy) => healthy.server("cas-2").setService("MSExchangeServiceHost", "Stopped"),
    mend: (healthy) => healthy.server("cas-2").setService("MSExchangeServiceHost", "Running"),
  },
  {
    what: "a Service Host of which nobody speaks",
    check: "server-service-host",
    outcome: "unknown",
    object: cas2,
    make: (healthy) => {
      delete healthy.server("cas-2").state.services.MSExchangeServiceHost;
    },
    mend: (healthy) => healthy.server("cas-2").setService("MSExchangeServiceHost", "Running"),
  },
  ...(
    [
      [600_000, "fail", /^its clock is (599|60[01]) seconds ahead of dc1\./],
      [-200_000, "warn", /^its clock is (199|20[01]) seconds behind dc1\./],
    ] as const
  ).map(
    ([milliseconds, outcome, seen]): Fault => ({
      what: `a clock that is ${milliseconds / 1000} seconds off`,
      check: "server-clock",
      outcome,
      object: cas2,
      seen,
      make: async () => void (await tell({ request: "set-clock", server: "cas-2", milliseconds })),
      mend: async () => void (await tell({ request: "set-clock", server: "cas-2", milliseconds: 0 })),
    }),
  ),
  {
    what: "Outlook Anywhere with NTLM",
    check: "server-outlook-anywhere",
    outcome: "fail",
    object: cas2,
    seen: /Ntlm/,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.outlookAnywhere.internalClientAuthenticationMethod = "Ntlm";
    },
  },
  {
    what: "Outlook Anywhere whose IIS does not take Negotiate",
    check: "server-outlook-anywhere",
    outcome: "fail",
    object: cas2,
    seen: /IIS/,
    remedy: /^Set-OutlookAnywhere 'CAS-2\\Rpc \(Default Web Site\)' -IISAuthenticationMethods Ntlm,Negotiate$/,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.outlookAnywhere.iisAuthenticationMethods = ["Ntlm"];
    },
  },
  {
    what: "MAPI over HTTP without Negotiate",
    check: "server-mapi",
    outcome: "fail",
    object: cas2,
    remedy: /^Set-MapiVirtualDirectory 'CAS-2\\mapi .*' -IISAuthenticationMethods Ntlm,OAuth,Negotiate$/,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.mapi.iisAuthenticationMethods = ["Ntlm", "OAuth"];
    },
  },
  {
    what: "MAPI over HTTP without OAuth",
    check: "server-mapi-oauth",
    outcome: "warn",
    object: cas2,
    remedy: /^Set-MapiVirtualDirectory 'CAS-2\\mapi .*' -IISAuthenticationMethods Ntlm,Negotiate,OAuth$/,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.mapi.iisAuthenticationMethods = ["Ntlm", "Negotiate"];
    },
  },
  {
    what: "SSL offloading with Extended Protection",
    check: "server-ssl-offloading",
    outcome: "fail",
    object: cas2,
    make: (healthy) => {
      for (const one of healthy.world.organization.servers) {
        one.state.virtualDirectories.outlookAnywhere.extendedProtection.tokenChecking = "Allow";
      }
      healthy.server("cas-2").state.virtualDirectories.outlookAnywhere.sslOffloading = true;
    },
  },
  {
    what: "Extended Protection on one server only",
    check: "server-extended-protection",
    outcome: "warn",
    object: cas2,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.mapi.extendedProtection.tokenChecking = "Require";
    },
  },
];
