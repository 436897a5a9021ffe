import { faultElsewhere } from "./table";

/** Lines of the table whose tests stand with what they are about. */
describe("faults that other tests hold", () => {
  const roll = "stack/exchange/roll.test.ts";
  const lifecycle = "stack/exchange/lifecycle.test.ts";
  const deployment = "resources/asa-deployment/failures.test.ts";

  faultElsewhere(
    {
      name: "a domain controller dies",
      how: "in the middle of thirty names, under the engine",
      expected: "what was made is kept, the next up makes the rest",
    },
    [{ file: "stack/failures.test.ts", title: "keeps what it made when the controller dies in the middle" }],
  );
  faultElsewhere(
    {
      name: "a domain controller lags",
      how: "its replication is switched off",
      expected: "it is named, the account is kept, the next up goes on waiting",
    },
    [
      { file: "directory/replication.test.ts", title: "fails by naming the domain controller that lags" },
      { file: "stack/failures.test.ts", title: "names the controller that lags, keeps the account" },
    ],
  );
  faultElsewhere(
    {
      name: "the clock is wrong",
      how: "ours against the PDC emulator's, and a server's against the domain's",
      expected: "locks go by the PDC emulator's; check names the server",
    },
    [
      { file: "directory/roll-lock.test.ts", title: "goes by the clock of the PDC emulator" },
      { file: "checks/faults/server.ts", title: 'check: "server-clock"' },
    ],
  );
  faultElsewhere(
    {
      name: "a server is down",
      how: "before a roll, and one that may be absent",
      expected: "nothing is changed, it is named; or it catches up later",
    },
    [
      { file: deployment, title: "changes nothing while a server is down, and says which" },
      { file: deployment, title: "leaves out a server that may be absent, says so, and catches it up later" },
      { file: roll, title: "loses none when a server is down before its push" },
    ],
  );
  faultElsewhere(
    {
      name: "a server goes down and comes back",
      how: "during its push and after it, with clients at work",
      expected: "no request fails, the next up ends the roll",
    },
    [
      { file: roll, title: "loses none when a server goes down during its push" },
      { file: roll, title: "loses none when a server goes down after its push" },
    ],
  );
  faultElsewhere(
    {
      name: "a server never answers a command",
      how: "over WS-Management and over SSH",
      expected: "the command ends at its deadline",
    },
    [
      { file: "powershell/wsman/wire.test.ts", title: "ends a command that a server never answers at its deadline" },
      { file: "powershell/ssh/ssh.test.ts", title: "when whoever listens says nothing, in time" },
    ],
  );
  faultElsewhere(
    {
      name: "something else answers in a server's place",
      how: "a page, a redirect, another key, a name of the balancer",
      expected: "it is not believed",
    },
    [
      { file: "powershell/wsman/opening.test.ts", title: "a token that proves nothing" },
      { file: "powershell/wsman/opening.test.ts", title: "a redirect" },
      { file: "powershell/ssh/ssh.test.ts", title: "by its fingerprint, and says nothing of ours to another one" },
      { file: "resources/asa-deployment/refusals.test.ts", title: "a name of the load balancer among the servers" },
    ],
  );
  faultElsewhere(
    {
      name: "a server fails a command, or does not do what it says",
      how: "in a roll, by cmdlet and by script",
      expected: "the directory is left alone, its words are shown, the next up goes on",
    },
    [
      { file: deployment, title: "leaves the directory alone when a server fails, names it with its words" },
      { file: deployment, title: "believes no write that does not show" },
      { file: lifecycle, title: "keeps what a failed roll reached, says which server it was" },
    ],
  );
  faultElsewhere(
    {
      name: "the script fails, or tells two stories",
      how: "exit code and last line disagree",
      expected: "neither is trusted alone, the next up sees what was done",
    },
    [{ file: deployment, title: "trusts neither the exit code nor the last line alone" }],
  );
  faultElsewhere(
    {
      name: "the directory refuses a password",
      how: "by policy, and for want of a right at a first deployment",
      expected: "the policy or the right is named",
    },
    [
      { file: "resources/asa-account/account.test.ts", title: "that a policy refuses is told from other failures" },
      { file: deployment, title: "says what a first deployment left behind that the directory refused" },
    ],
  );
  faultElsewhere(
    {
      name: "the connection with Exchange breaks",
      how: "before and after each command of a roll, by cmdlet and by script",
      expected: "clients get in, the next up ends the roll",
    },
    [{ file: deployment, title: "converges whichever command is the last one before Exchange is gone" }],
  );
  faultElsewhere(
    {
      name: "the process is killed",
      how: "by SIGKILL, at its socket writes, with clients at work, by cmdlet and by script",
      expected: "clients get in, the next up ends the roll",
    },
    [{ file: roll, title: "converges wherever the provider is killed" }],
  );
  faultElsewhere(
    {
      name: "the run is cancelled",
      how: "by the user, after a server has the password",
      expected: "the directory is not changed, the next up rolls",
    },
    [{ file: deployment, title: "stops before the directory when the run is cancelled" }],
  );
  faultElsewhere(
    {
      name: "two runs at once",
      how: "of two stacks, of two domain controllers, of eight in one moment",
      expected: "one rolls, the others name it and converge",
    },
    [
      { file: lifecycle, title: "rolls for one of two stacks at a time" },
      {
        file: "directory/roll-lock.test.ts",
        title: "is held by one run at a time, through whichever domain controller",
      },
      { file: "directory/roll-lock.test.ts", title: "goes to one of many that ask in the same moment" },
    ],
  );
  faultElsewhere(
    {
      name: "the logon is wrong",
      how: "a password, a certificate, a host, a user without rights, under the engine",
      expected: "it says which, keeps the state, is fine without",
    },
    [{ file: "stack/failures.test.ts", title: "loses nothing, and is fine without" }],
  );
  faultElsewhere(
    { name: "a name that another account has", how: "at preview and at up", expected: "the holder is named" },
    [
      {
        file: "resources/service-principal-name/holders.test.ts",
        title: "is refused at preview and at up, with the holder",
      },
    ],
  );
});
