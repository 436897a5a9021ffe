import { type Command, InvalidArgumentError } from "commander";
import { control } from "./control/client";
import type { ControlRequest } from "./control/request";
import { requestSchema } from "./control/request";
import { lagController } from "./directory-fault";
import { exchangeControlSocket } from "./up";

/** Sends a request; words that the command line cannot check are checked here, before anything is sent. */
async function tell(request: Record<string, unknown>): Promise<void> {
  const parsed = requestSchema.safeParse(request);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  const result = await control(exchangeControlSocket, request as ControlRequest);
  if (result !== null && result !== undefined) console.log(JSON.stringify(result, undefined, 2));
}

const number = (text: string) => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It is no whole number.");
  return Number(text);
};

/** `npm run lab -- fault …`: lets things go wrong in the running Exchange part, and puts them right again. */
export function addFaultCommand(program: Command): void {
  const fault = program.command("fault").description("let something go wrong in the lab");
  const on = (name: string, description: string) => fault.command(name).description(description);
  on("status", "say what every server has, and which faults are set").action(() => tell({ request: "status" }));
  on("clear", "forget delays, failures and refusals").action(() => tell({ request: "clear-faults" }));
  on("stop <server>", "take a server off the network").action((server) => tell({ request: "stop-server", server }));
  on("start <server>", "bring it back, restarted").action((server) => tell({ request: "start-server", server }));
  on("delay", "let every cmdlet wait")
    .argument("<milliseconds>", "how long", number)
    .argument("[server]", "only there")
    .action((milliseconds, server) => tell({ request: "add-fault", fault: { fault: "delay", milliseconds, server } }));
  on("fail", "fail the next calls of a cmdlet (`*` for any)")
    .argument("<cmdlet>")
    .argument("<times>", "how many", number)
    .argument("[server]")
    .option("--message <text>", "what the error says")
    .action((cmdlet, times, server, { message }) =>
      tell({ request: "add-fault", fault: { fault: "fail", cmdlet, times, server, message } }),
    );
  on("hang <cmdlet> [server]", "let a cmdlet never come back").action((cmdlet, server) =>
    tell({ request: "add-fault", fault: { fault: "hang", cmdlet, server } }),
  );
  on("refuse-password <yes|no>", "let the roll script believe that the directory refused").action((word) =>
    tell({ request: "add-fault", fault: { fault: "refuse-password-change", refuse: word === "yes" } }),
  );
  on("script-exit", "let the roll script report an exit code of its own")
    .argument("<code>", "which", number)
    .argument("[server]")
    .action((exitCode, server) =>
      tell({ request: "add-fault", fault: { fault: "misreport-script", exitCode, server } }),
    );
  on("expire [server]", "end all shells").action((server) => tell({ request: "expire-shells", server }));
  on("culture <server> <culture> [timeZone]", "write dates in another way").action((server, culture, timeZone) =>
    tell({ request: "set-culture", server, culture, timeZone }),
  );
  on("service <server> <service> <state>", "`Running` or `Stopped`").action((server, service, state) =>
    tell({ request: "set-service", server, service, state }),
  );
  on("recycle <server> <pool>", "restart an application pool").action((server, pool) =>
    tell({ request: "recycle", server, pool }),
  );
  on("roles <user> [roles...]", "give a user exactly these management roles").action((user, roles) =>
    tell({ request: "set-roles", user, roles }),
  );
  on("proxy <same|next|next-always>", "where a session without TargetServer runs; always: one with it too").action(
    (proxyTo) => tell({ request: "set-organization", proxyTo }),
  );
  on("lag <controller> <yes|no>", "stop a domain controller from taking changes in").action((controller, word) =>
    lagController(controller, word === "yes"),
  );
  on("configuration <ask|text|object>", "how the account's configuration travels").action((configurationShape) =>
    tell({ request: "set-organization", configurationShape }),
  );
}
