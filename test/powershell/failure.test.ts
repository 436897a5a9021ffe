import { strict as assert } from "node:assert";
import type { ErrorCode } from "../../provider/error";
import { diagnose } from "../../provider/powershell";

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
    "This user is allowed a maximum number of 5 concurrent shells, which has been exceeded.",
    "quota",
    /Sessions left open/,
  ],
  [
    "The WS-Management service cannot process the request. The load quota for the system has been exceeded.",
    "quota",
    /wait some minutes/,
  ],
];

describe("the words of a server", () => {
  for (const [message, code, hint] of words) {
    it(`mean ${code}: ${message.slice(0, 60)}…`, () => {
      const found = diagnose({ message });
      assert.equal(found?.code, code);
      assert.match(found.hint, hint);
    });
  }
});
