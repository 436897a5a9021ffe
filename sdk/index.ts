export { AsaAccount, type AsaAccountArgs, type EncryptionType, type Replication } from "./asa-account";
export {
  AsaDeployment,
  type AsaDeploymentArgs,
  type Rotation,
  type RotationWindow,
  type ServerState,
  type Weekday,
} from "./asa-deployment";
export {
  type AccountArgs,
  ExchangeKerberos,
  type ExchangeKerberosArgs,
  type OutlookArgs,
  type SiteArgs,
} from "./exchange-kerberos";
export {
  type MapiMethod,
  type MethodRule,
  type OutlookAnywhereArgs,
  OutlookAuthSetting,
  type OutlookAuthSettingArgs,
  type OutlookDirectory,
  type OutlookMethod,
} from "./outlook-auth-setting";
export {
  type NamespacePlan,
  type PlanArgs,
  planServicePrincipalNames,
} from "./plan-service-principal-names";
export type { ConnectionArgs } from "./resource";
export { ServicePrincipalName, type ServicePrincipalNameArgs } from "./service-principal-name";
