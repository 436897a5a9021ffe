export { AsaAccount, type AsaAccountArgs, type EncryptionType, type Replication } from "./asa-account";
export { AsaDeployment, type AsaDeploymentArgs, type Rotation, type ServerState } from "./asa-deployment";
export type { ConnectionArgs } from "./resource";
export { ServicePrincipalName, type ServicePrincipalNameArgs } from "./service-principal-name";
