import { accountAesKeys } from "./account/aes-keys";
import { accountCleanUp } from "./account/clean-up";
import { accountEncryptionTypes } from "./account/encryption-types";
import { accountExchange2010 } from "./account/exchange-2010";
import { accountExists } from "./account/exists";
import { accountGroups } from "./account/groups";
import { accountKind } from "./account/kind";
import { accountPasswordAge } from "./account/password-age";
import { accountReplicated } from "./account/replicated";
import { accountUniqueName } from "./account/unique-name";
import { accountUsable } from "./account/usable";
import type { Check } from "./check";
import { addressRecord } from "./dns/address-record";
import { sameAnswer } from "./dns/same-answer";
import { proofAccepted } from "./proof/accepted";
import { proofTicket } from "./proof/ticket";
import { serverClock } from "./server/clock";
import { serverCredential } from "./server/credential";
import { serverExtendedProtection } from "./server/extended-protection";
import { serverGeneration } from "./server/generation";
import { serverMapi } from "./server/mapi";
import { serverMapiOAuth } from "./server/mapi-oauth";
import { serverNames } from "./server/names";
import { serverOutlookAnywhere } from "./server/outlook-anywhere";
import { serverPrevious } from "./server/previous";
import { serverReachable } from "./server/reachable";
import { serverServiceHost } from "./server/service-host";
import { serverSslOffloading } from "./server/ssl-offloading";
import { serverVersion } from "./server/version";
import { spnDeletedHolder } from "./spn/deleted-holder";
import { spnOnAccount } from "./spn/on-account";
import { spnOtherHolder } from "./spn/other-holder";
import { spnStale } from "./spn/stale";
import { spnUserForest } from "./spn/user-forest";
import { trustEncryption } from "./trust/encryption";
import { trustKind } from "./trust/kind";
import { trustRouting } from "./trust/routing";

/** Every check, in the order of the article. */
export const runbook: readonly Check[] = [
  addressRecord,
  sameAnswer,
  accountExists,
  accountKind,
  accountUsable,
  accountEncryptionTypes,
  accountAesKeys,
  accountGroups,
  accountPasswordAge,
  accountCleanUp,
  accountUniqueName,
  accountReplicated,
  accountExchange2010,
  serverReachable,
  serverVersion,
  serverNames,
  serverCredential,
  serverGeneration,
  serverPrevious,
  serverServiceHost,
  serverClock,
  spnOnAccount,
  spnOtherHolder,
  spnDeletedHolder,
  spnStale,
  spnUserForest,
  trustKind,
  trustEncryption,
  trustRouting,
  serverOutlookAnywhere,
  serverMapi,
  serverMapiOAuth,
  serverSslOffloading,
  serverExtendedProtection,
  proofTicket,
  proofAccepted,
];
