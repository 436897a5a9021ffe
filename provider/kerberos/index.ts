/** Kerberos by the host's own library: tickets, security contexts, sealed messages. */
export { Credential, type Identity } from "./credential";
export type { Mechanism } from "./gssapi";
export { principalOf } from "./principal";
export { type ContextOptions, SecurityContext } from "./security-context";
export { errorCodeIn, type TicketOutside, ticketIn } from "./tokens";
