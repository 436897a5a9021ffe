import type { Socket } from "node:net";
import { ProviderError } from "../../error";
import { askWebSite } from "../../exchange/web-site";
import type { Credential } from "../../kerberos";
import { type Check, type Finding, heading } from "../check";
import { fail, pass, unknown } from "../finding";
import { onServers } from "../server/on-servers";
import type { Server, Subject } from "../subject";
import { kerberos, logOn, servicePrincipal } from "./identity";

/** What Outlook talks to, in the two ways of the article. */
const paths = ["/mapi/emsmdb/", "/rpc/rpcproxy.dll"] as const;

/** Codes of KRB-ERROR (RFC 4120, section 7.5.9) that a server can answer with. */
const errors: Readonly<Record<number, { readonly seen: string; readonly remedy: string }>> = {
  37: {
    seen: "KRB_AP_ERR_SKEW: the clocks of this host and of the server are too far apart.",
    remedy: "Set the clocks by the domain's (w32tm /resync).",
  },
  41: {
    seen: "KRB_AP_ERR_MODIFIED: the server has no key that opens the ticket.",
    remedy:
      "Deploy the credential to this server again: it has another password than the account, or has not picked it up.",
  },
  44: {
    seen: "KRB_AP_ERR_BADKEYVER: the server does not have this version of the key.",
    remedy: "Deploy the credential to this server again.",
  },
  45: {
    seen: "KRB_AP_ERR_NOKEY: the server has no key for this service.",
    remedy: "Deploy the credential to this server.",
  },
};

/** Asks every server with a ticket for every name that it serves, past the load balancer. Nothing is sent but the logon. */
export const proofAccepted: Check = {
  id: "proof-accepted",
  name: "Every server takes a ticket for every name",
  heading: heading.verifyClients,
  needs: ["server-service-host", "server-credential", "server-outlook-anywhere", "server-mapi", "proof-ticket"],
  async run(subject) {
    if (subject.selection.connect !== true) return [];
    const [{ answered }, hostNames] = await Promise.all([subject.servers(), subject.hostNames()]);
    const credential = await logOn(subject.world.settings, "spnego");
    try {
      const ask = (server: Server) => askServer(server, hostNames, credential, subject);
      return (await onServers(subject, answered, ask)).flat();
    } finally {
      credential.close();
    }
  },
};

/** One finding a server: it has one set of keys, whatever the name. What is wrong is told of the first name where it shows. */
async function askServer(
  server: Server,
  hostNames: readonly string[],
  credential: Credential,
  subject: Subject,
): Promise<Finding[]> {
  const { names } = await subject.namePlan();
  const served = hostNames.filter((hostName) => {
    const planned = names.find((one) => one.hostName === hostName);
    return planned === undefined || planned.sites.includes(server.site);
  });
  for (const hostName of served) {
    for (const path of paths) {
      const trouble = await ask(server, hostName, path, credential, subject);
      if (trouble !== undefined) return [trouble];
    }
  }
  return served.length === 0 ? [] : [pass(server.fqdn, `${served.join(", ")}.`, server.fqdn)];
}

async function ask(
  { fqdn }: Server,
  hostName: string,
  path: string,
  credential: Credential,
  subject: Subject,
): Promise<Finding | undefined> {
  const { errorCodeIn } = kerberos();
  const { settings } = subject.world;
  const where = `https://${hostName}${path}`;
  try {
    const authorize = (connection: Socket) => proof(servicePrincipal(hostName, settings), credential, connection);
    const request = { server: fqdn, protocol: "https", hostName, path, signal: subject.signal, authorize } as const;
    const { status, challenges } = await askWebSite(request, settings);
    const negotiate = challenges.find((challenge) => /^negotiate\b/i.test(challenge));
    if (status !== 401) {
      // Who is let in may still have no mailbox: that answer comes after the logon, with the server's own proof.
      if (/^negotiate \S/i.test(negotiate ?? "")) return undefined;
      const seen = `it answers HTTP ${status} and takes no logon.`;
      if (status < 500) return unknown(fqdn, seen, undefined, where);
      return fail(fqdn, seen, "Start its application pool, and look at the server's event log.", where);
    }
    if (negotiate === undefined) {
      const seen = `it offers ${challenges.map((one) => one.split(" ")[0]).join(", ") || "no logon"}, and not Negotiate.`;
      return fail(fqdn, seen, "Recycle its application pools: they read the settings when they start.", where);
    }
    const answer = negotiate.split(" ")[1];
    const code = answer === undefined ? undefined : errorCodeIn(Buffer.from(answer, "base64"));
    const known = code === undefined ? undefined : errors[code];
    if (known !== undefined) return fail(fqdn, known.seen, known.remedy, where);
    const seen =
      code === undefined
        ? "it refuses the ticket and does not say why."
        : `it refuses the ticket with Kerberos error ${code}.`;
    return fail(
      fqdn,
      seen,
      "It has another password than the account, or Extended Protection wants another certificate than the one it shows.",
      where,
    );
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    const silent = error.code === "port-closed" || error.code === "timeout";
    if (!silent) return unknown(fqdn, error.message, undefined, where);
    return fail(fqdn, error.message, "Take the server out of the load balancer's pool until it answers.", where);
  }
}

/** A ticket for the service, bound to the connection: servers with Extended Protection take no other. */
async function proof(service: string, credential: Credential, connection: Socket): Promise<string> {
  const { SecurityContext, channelBinding } = kerberos();
  const client = new SecurityContext(credential, { service, seal: false, channelBinding: channelBinding(connection) });
  try {
    return `Negotiate ${(await client.step()).toString("base64")}`;
  } finally {
    client.close();
  }
}
