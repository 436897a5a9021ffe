import { beforeEach } from "mocha";
import { outlookAuthSetting } from "../../../provider/resources/outlook-auth-setting";
import type { OutlookInputs, OutlookOutputs } from "../../../provider/resources/outlook-auth-setting/schema";
import { preview, Resource } from "../program";
import { ExchangeProgram } from "./exchange-program";

export const server = "cas-1.corp.tailspintoys.com";
/** The settings of the article. */
export const article = { server, outlookAnywhere: { internal: "Negotiate" }, mapi: { exactly: ["Ntlm", "Negotiate"] } };

/** One OutlookAuthSetting, and two servers as they are after setup. */
class World {
  program = new ExchangeProgram({ "cas-1": {}, "cas-2": {} });
  outlook = new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting);

  up(given: object) {
    return this.outlook.up(given, this.program);
  }

  refresh() {
    return this.outlook.refresh(this.program);
  }

  destroy() {
    return this.outlook.destroy(this.program);
  }

  /** What a preview says of a new resource. What is done next is done in another run. */
  async refusals(given: object) {
    const refusals = await preview(outlookAuthSetting, given, this.program);
    this.program.nextRun();
    return refusals;
  }

  /** As the model stores it on the first server. */
  outlookAnywhere() {
    return this.program.directories().outlookAnywhere;
  }
}

/** For the suite it is called in, all of it anew for each test. */
export function outlookWorld(): World {
  const world = new World();
  beforeEach(() => {
    Object.assign(world, new World());
  });
  return world;
}
