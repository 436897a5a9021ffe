/** Kerberos by the host's own library: tickets, security contexts, sealed messages. */
export { channelBinding } from "./channel-binding";
export { Credential } from "./credential";
export type { Mechanism } from "./gssapi";
export { type Identity, kerberosIdentity } from "./identity";
export { getLogonTicket } from "./logon-ticket";
export { type ContextOptions, SecurityContext } from "./security-context";
export { errorCodeIn, type TicketOutside, ticketIn } from "./tokens";
