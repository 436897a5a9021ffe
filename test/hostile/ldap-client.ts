import { replace } from "../../provider/directory/attributes";
import { Directory } from "../../provider/directory/directory";
import type { Settings } from "../../provider/settings";
import { carryOut } from "./carry-out";
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

async function run({ settings, ask }: Order): Promise<Pick<Outcome, "code" | "message" | "entries">> {
  const directory = new Directory(settings);
  const session = directory.at(settings.domainController ?? "");
  const answered = { code: "answered", message: "" };
  try {
    if (ask === "forest") {
      await directory.forest();
      return answered;
    }
    if (ask === "write") {
      await session.modify({ what: "change it" }, "CN=x,DC=lab", [replace("description", "y")], async () => false);
      return answered;
    }
    const entries = await session.search("look around", "DC=lab", {
      scope: "sub",
      paged: ask === "paged",
      attributes: ["member"],
    });
    return { code: "answered", message: `${entries.length} entries`, entries: entries.slice(0, 3) };
  } finally {
    await directory.close();
  }
}

carryOut(run);
