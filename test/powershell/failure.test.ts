import { strict as assert } from "node:assert";
import type { ErrorCode, ProviderError } from "../../provider/error";
import { diagnose, type ErrorRecord, type PipelineResult, throwOnErrors } from "../../provider/powershell";
import { completed } from "../support/pipeline-result";

/** Words that Exchange 2016 and 2019 were seen to use, with names of ours. */
const words: readonly [message: string, code: ErrorCode, hint: RegExp][] = [
  [
    '[AuthZRequestId=1c2d][FailureCategory=AuthZ-CmdletAccessDeniedException] The user "corp.tailspintoys.com/Users/Svc" isn\'t assigned to any management roles.',
    "access-denied",
    /role group/,
  ],
  [
    "[Server=EXCH1] Fail to create a runspace because you have exceeded the maximum number of connections allowed : 18 for the policy party : MaxConcurrency. Please close existing runspace and try again. Policy: CN=GlobalThrottlingPolicy_7d1b,CN=Global Settings",
    "quota",
    /Sessions left open/,
  ],
  [
    "The WS-Management service cannot process the request. The maximum number of concurrent commands per shell has been exceeded. Retry the request later or raise the Maximum Commands per Shell quota.",
    "quota",
    /run again, in a new session.*MaxConcurrentCommandsPerShell/,
  ],
  [
    "This user is allowed a maximum number of 5 concurrent shells, which has been exceeded.",
    "quota",
    /Sessions left open/,
  ],
  [
    "The WS-Management service cannot process the request. The load quota for the system has been exceeded.",
    "quota",
    /wait some minutes/,
  ],
  [
    "Script block literals are not allowed in restricted language mode or a Data section.",
    "language-restricted",
    /takes commands with parameters and no script/,
  ],
  [
    "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
    "language-restricted",
    /takes commands with parameters and no script/,
  ],
  ["The user isn't enabled: remote PowerShell is disabled.", "access-denied", /-RemotePowerShellEnabled \$true/],
  ["Access is denied.", "access-denied", /where no session opens.*-RemotePowerShellEnabled \$true/],
];

/** What tells more than words, which come in the server's language. */
const marks: readonly [id: string, category: number, code: ErrorCode | undefined, hint: RegExp][] = [
  ["CommandNotFoundException", 13, "command-missing", /management role/],
  ["NamedParameterNotFound,Set-ClientAccessService", 5, "command-missing", /its parameters/],
  ["ScriptsNotAllowed", 17, "language-restricted", /no script/],
  ["RemotePowerShellDisabled", 0, "access-denied", /Set-User/],
  ["HostException", 0, "powershell-failed", /-Confirm:\$false/],
  [
    "[Server=CAS-1] [FailureCategory=Cmdlet-ADOperationException] 1A2B,InsufficientAccess",
    0,
    "access-denied",
    /rights/,
  ],
  ["9C8D,Set-ClientAccessService", 18, "access-denied", /rights on the object/],
  ["9C8D,Set-ClientAccessService", 7, undefined, /^$/],
];

describe("the words of a server", () => {
  for (const [message, code, hint] of words) {
    it(`mean ${code}: ${message.slice(0, 60)}…`, () => {
      const found = diagnose({ message });
      assert.equal(found?.code, code);
      assert.match(found.hint, hint);
    });
  }

  for (const [fullyQualifiedErrorId, category, code, hint] of marks) {
    it(`in another language mean ${code} with the id ${fullyQualifiedErrorId} and the category ${category}`, () => {
      const found = diagnose({ message: "Das geht nicht.", fullyQualifiedErrorId, category });
      assert.equal(found?.code, code);
      assert.match(found?.hint ?? "", hint);
    });
  }
});

describe("the result of a pipeline", () => {
  const record = (message: string, fullyQualifiedErrorId = ""): ErrorRecord => ({
    message,
    fullyQualifiedErrorId,
    category: 0,
    target: null,
    value: null,
  });
  const long = "x".repeat(1_100);
  const failed: readonly [what: string, result: Partial<PipelineResult>, code: ErrorCode, words: RegExp][] = [
    [
      "failed and says no more",
      { state: "failed" },
      "powershell-failed",
      /: the command failed, and .* not say why\.$/,
    ],
    ["was stopped there", { state: "stopped" }, "powershell-failed", /: the command was stopped on the server\.$/],
    ["completed with an error", { errors: [record("No")] }, "powershell-failed", /^cas-1: could not look: No\.$/],
    [
      "has several errors, of which one tells",
      { errors: [record("No."), record("Access is denied.")] },
      "access-denied",
      /: Access is denied\. \(the first of 2 errors that tells\)/,
    ],
    ["has an error without words", { errors: [record(" ", "Id,Get-It")] }, "powershell-failed", /look: Id,Get-It\.$/],
    ["has an error without anything", { errors: [record("")] }, "powershell-failed", /an error without words\.$/],
    ["has an endless error", { errors: [record(long)] }, "powershell-failed", /: x{1000}…$/],
  ];
  for (const [what, result, code, words] of failed) {
    it(`is no success where it ${what}`, () => {
      assert.throws(
        () => throwOnErrors({ ...completed, ...result }, "look", "cas-1"),
        (error: ProviderError) => {
          assert.equal(error.code, code);
          assert.match(error.message, words);
          return true;
        },
      );
    });
  }

  it("is one where it completed without an error", () => {
    assert.equal(throwOnErrors(completed, "look", "cas-1"), completed);
  });
});
