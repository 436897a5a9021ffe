import { encryptionTypesOf } from "../../directory/encryption-types";
import { ProviderError } from "../../error";
import type { Credential } from "../../kerberos";
import { type Check, type Finding, heading } from "../check";
import { fail, pass, sentenceOf, unknown, warn } from "../finding";
import type { Subject } from "../subject";
import { kerberos, logOn, servicePrincipal } from "./identity";

/** Encryption types by their numbers (RFC 3961, section 8; RFC 4757). */
const names: Readonly<Record<number, string>> = { 17: "AES-128", 18: "AES-256", 23: "RC4" };
const rc4 = 23;

/** The one thing that a client does first. Everything else in this runbook explains why it fails. */
export const proofTicket: Check = {
  id: "proof-ticket",
  name: "A domain controller gives a ticket for every name, with the account's key",
  heading: heading.verifyClients,
  needs: [
    "account-exists",
    "account-usable",
    "account-encryption-types",
    "account-replicated",
    "spn-on-account",
    "spn-other-holder",
  ],
  async run(subject) {
    const [account, hostNames] = await Promise.all([subject.account(), subject.hostNames()]);
    if (account === undefined) return [];
    const credential = await logOn(subject.world.settings, "kerberos");
    try {
      const findings: Finding[] = [];
      for (const hostName of hostNames) findings.push(await getTicket(hostName, credential, subject));
      return findings;
    } finally {
      credential.close();
    }
  },
};

async function getTicket(hostName: string, credential: Credential, subject: Subject): Promise<Finding> {
  const { SecurityContext, ticketIn } = kerberos();
  const account = await subject.account();
  const service = servicePrincipal(hostName, subject.world.settings);
  const client = new SecurityContext(credential, { service, seal: false });
  try {
    const ticket = ticketIn(await client.step());
    if (ticket === undefined) return unknown(hostName, "the ticket could not be read.");
    const version = ticket.keyVersion === undefined ? "without key version" : `key version ${ticket.keyVersion}`;
    const type = names[ticket.encryptionType] ?? `encryption type ${ticket.encryptionType}`;
    const seen = `a ticket with ${type}, ${version}`;
    if (account?.keyVersion === undefined) {
      const remedy = 'Grant the connection\'s user "Read all properties" on the account.';
      return unknown(hostName, `${seen}; that of the account may not be read.`, remedy, ticket.realm);
    }
    if (ticket.keyVersion !== undefined && ticket.keyVersion !== account.keyVersion) {
      return fail(
        hostName,
        `${seen}; the account has key version ${account.keyVersion}.`,
        "Another account answers to the name, or the domain controller that gave the ticket is behind.",
        ticket.realm,
      );
    }
    const types = encryptionTypesOf(account.encryptionTypeBits);
    if (ticket.encryptionType === rc4 && (types.includes("aes128") || types.includes("aes256"))) {
      const remedy = "Roll the password, so that the account has AES keys.";
      return warn(hostName, `${seen}, although the account allows AES.`, remedy, ticket.realm);
    }
    return pass(hostName, `${seen}.`, ticket.realm);
  } catch (thrown) {
    await getAnyTicket(credential, subject);
    return fail(
      hostName,
      sentenceOf(ProviderError.from(thrown)),
      "Look for the SPN with setspn -F -Q, and for the account's state.",
    );
  } finally {
    client.close();
  }
}

/**
 * Whoever gets no ticket for a domain controller either lacks a logon, the time or a way to the KDC: that says nothing of any name.
 * @throws ProviderError `kerberos` where it is so.
 */
async function getAnyTicket(credential: Credential, subject: Subject): Promise<void> {
  const { SecurityContext } = kerberos();
  const [controller] = await subject.controllers();
  if (controller === undefined) return;
  const service = `ldap/${controller.host}@${subject.world.settings.domain.toUpperCase()}`;
  const client = new SecurityContext(credential, { service, seal: false });
  try {
    await client.step();
  } finally {
    client.close();
  }
}
