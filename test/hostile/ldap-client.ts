import { replace } from "../../provider/directory/attributes";
import { Directory } from "../../provider/directory/directory";
import { ProviderError } from "../../provider/error";
import type { Settings } from "../../provider/settings";
import type { Outcome as Measured } from "./measured-client";

/** What to do with the server, as the test asks for it. */
export interface Order {
  readonly settings: Settings;
  readonly ask: "base" | "paged" | "write" | "forest";
}

/** What came of it. */
export interface Outcome extends Measured {
  readonly entries?: readonly Readonly<Record<string, unknown>>[];
}

/** A process of its own, whose memory can be measured: it does what it is told and says what came of it. */
process.on("message", async ({ settings, ask }: Order) => {
  const directory = new Directory(settings);
  const session = directory.at(settings.domainController ?? "");
  const started = performance.now();
  const outcome = await (ask === "forest"
    ? directory.forest().then(() => ({ code: "answered", message: "" }))
    : ask === "write"
      ? session
          .modify({ what: "change it" }, "CN=x,DC=lab", [replace("description", "y")], async () => false)
          .then(() => ({ code: "answered", message: "" }))
      : session
          .search("look around", "DC=lab", { scope: "sub", paged: ask === "paged", attributes: ["member"] })
          .then((entries) => ({ code: "answered", message: `${entries.length} entries`, entries: entries.slice(0, 3) }))
  ).catch((thrown: unknown) => {
    const { code, message } = ProviderError.from(thrown);
    return { code, message };
  });
  await directory.close();
  const milliseconds = performance.now() - started;
  process.send?.({ ...outcome, milliseconds, peak: process.resourceUsage().maxRSS / 1024 } satisfies Outcome);
});
process.send?.("ready");
