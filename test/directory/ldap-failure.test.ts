import assert from "node:assert/strict";
import {
  AlreadyExistsError,
  BusyError,
  ConstraintViolationError,
  InsufficientAccessError,
  InvalidCredentialsError,
  type ResultCodeError,
  UnknownStatusCodeError,
  UnwillingToPerformError,
} from "ldapts";
import { describe, it } from "mocha";
import { ldapFailure } from "../../provider/directory/ldap-failure";

/** Texts as domain controllers of Windows send them; most of Samba's own come up in the other tests. */
const table: readonly [what: string, thrown: ResultCodeError, code: string, sentence: RegExp][] = [
  [
    "a duplicate SPN",
    new ConstraintViolationError("000021C7: AtrErr: DSID-03200E4F, #1:\n\t0: 000021C7: DSID-03200E4F, problem 1005"),
    "directory-conflict",
    /another account in the forest has this service principal name \(0x21C7\).*setspn -F -Q.*takeFrom.*finds none.*HOST\/…: .*only an administrator may add it/,
  ],
  [
    "a duplicate SPN, as Samba puts it",
    new ConstraintViolationError("0000202F: samldb: spn[http/mail.example.com] would cause a conflict"),
    "directory-conflict",
    /another account in the forest has this service principal name \(0x21C7\).*setspn -F -Q/,
  ],
  [
    "a weak password",
    new ConstraintViolationError("0000052D: AtrErr: DSID-03190FD6, #1:\n\t0: 0000052D: DSID-03190FD6, problem 1005"),
    "directory-policy",
    /does not meet the domain's policy/,
  ],
  [
    "a weak password, said otherwise",
    new UnwillingToPerformError("0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0"),
    "directory-policy",
    /does not meet the domain's policy/,
  ],
  [
    "a password over a connection that is not protected",
    new UnwillingToPerformError("0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0"),
    "directory-failed",
    /only over an encrypted connection/,
  ],
  [
    "no rights",
    new InsufficientAccessError("00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0"),
    "directory-rights",
    /has not the right to\. Grant it "Write description" on CN=X\.$/,
  ],
  [
    "the quota of computers",
    new UnwillingToPerformError("0000216D: SvcErr: DSID-031A1260, problem 5003 (WILL_NOT_PERFORM), data 0"),
    "directory-rights",
    /ms-DS-MachineAccountQuota/,
  ],
  [
    "a write at a read-only domain controller",
    new UnknownStatusCodeError(10, "0000202B: RefErr: DSID-0310082F, data 0, 1 access points\n\tref 1: 'dc1.corp.com'"),
    "directory-failed",
    /it is read-only, or the object belongs to another domain\. Name one that can be written to as domainController/,
  ],
  ["a name that is taken", new AlreadyExistsError("00002071: UpdErr: DSID-03050328"), "directory-conflict", /exists/],
  ["a busy server", new BusyError("0000200E: SvcErr: DSID-020A06A7, problem 5001 (BUSY)"), "directory-failed", /busy/],
  ...(
    [
      ["525", /there is no such user/],
      ["52e", /the user name or the password is wrong/],
      ["530", /at this time/],
      ["531", /from here/],
      ["532", /its password has expired/],
      ["533", /the account is disabled/],
      ["701", /the account has expired/],
      ["773", /must be changed first/],
      ["775", /the account is locked out/],
    ] as const
  ).map(
    ([data, sentence]) =>
      [
        `a logon refused with ${data}`,
        new InvalidCredentialsError(
          `80090308: LdapErr: DSID-0C09056D, comment: AcceptSecurityContext error, data ${data}, v4563`,
        ),
        "directory-credentials",
        sentence,
      ] as [string, ResultCodeError, string, RegExp],
  ),
  [
    "what nobody foresaw",
    new UnwillingToPerformError("0000207C: SvcErr: DSID-1, problem 5003, value hunter2"),
    "directory-failed",
    /LDAP result 53, Windows error 0x207C/,
  ],
];

describe("what a domain controller refuses", () => {
  for (const [what, thrown, code, sentence] of table) {
    it(`says so for ${what}`, () => {
      const error = ldapFailure(thrown, "dc1.corp.com", { what: "change CN=X", right: '"Write description" on CN=X' });
      assert.equal(error.code, code);
      assert.match(error.message, sentence);
      assert.match(error.message, /^dc1\.corp\.com: could not change CN=X: /);
      assert.doesNotMatch(error.message, /DSID|hunter2/, "the server's own text is not shown");
    });
  }
});
