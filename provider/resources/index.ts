import { asaAccount } from "./asa-account";
import { asaDeployment } from "./asa-deployment";
import type { ResourceHandler } from "./handler";
import { outlookAuthSetting } from "./outlook-auth-setting";
import { servicePrincipalName } from "./service-principal-name";

/** Any resource, as the runtime holds it: its own types are known only to itself. */
export type AnyHandler = ResourceHandler<{ connection: string }, object>;

/** Every resource by the name of its class, which is also the last part of its Pulumi type. */
export const handlers: Readonly<Record<string, AnyHandler>> = {
  AsaAccount: asaAccount,
  AsaDeployment: asaDeployment,
  OutlookAuthSetting: outlookAuthSetting,
  ServicePrincipalName: servicePrincipalName,
};
