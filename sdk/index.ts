export { AsaAccount, type AsaAccountArgs, type EncryptionType, type Replication } from "./asa-account";
export type { ConnectionArgs } from "./resource";
export { ServicePrincipalName, type ServicePrincipalNameArgs } from "./service-principal-name";
