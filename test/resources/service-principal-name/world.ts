import { Attribute, Change } from "ldapts";
import { after, afterEach, before, beforeEach } from "mocha";
import { asaAccount } from "../../../provider/resources/asa-account";
import type { AsaAccountInputs, AsaAccountOutputs } from "../../../provider/resources/asa-account/schema";
import { servicePrincipalName } from "../../../provider/resources/service-principal-name";
import type { SpnInputs, SpnOutputs } from "../../../provider/resources/service-principal-name/schema";
import type { Settings } from "../../../provider/settings";
import { enterForest, type Forest } from "../../directory/forest";
import { Program, Resource } from "../program";

type AccountResource = Resource<AsaAccountInputs, AsaAccountOutputs>;

/** One ServicePrincipalName for an account in the lab's real directory, and another account that may have the name. */
class World {
  forest!: Forest;
  program!: Program;
  readonly asa: AccountResource = new Resource(asaAccount);
  /** Disabled. */
  readonly other: AccountResource = new Resource(asaAccount);
  spn = "";
  name!: Resource<SpnInputs, SpnOutputs>;
  private readonly programs: Program[] = [];

  // Names after a deployment are tested beside AsaDeployment, where there are servers to ask.
  given(more: object = {}) {
    return { account: this.asa.state.qualifiedName, spn: this.spn, allowBeforeDeployment: true, ...more };
  }

  up(more: object = {}) {
    return this.name.up(this.given(more), this.program);
  }

  /** Inputs of an account, under a name that no other has. */
  account(more: object = {}) {
    const { organizationalUnit } = this.forest;
    return { name: this.forest.uniqueName(), replication: false, organizationalUnit, ...more };
  }

  /** Another run of Pulumi: it knows nothing of the one before. */
  later(overrides: Partial<Settings> = {}): Program {
    const another = new Program(this.forest.settings, overrides);
    this.programs.push(another);
    return another;
  }

  /** Writes names by hand, past us. */
  async change(operation: "add" | "delete", owner: AccountResource, ...values: string[]): Promise<void> {
    const modification = new Attribute({ type: "servicePrincipalName", values });
    await this.forest.admin.modify(owner.state.distinguishedName, new Change({ operation, modification }));
  }

  async namesOf(owner: AccountResource): Promise<string[]> {
    const { searchEntries } = await this.forest.admin.search(owner.state.distinguishedName, {
      scope: "base",
      attributes: ["servicePrincipalName"],
    });
    return [searchEntries[0]?.servicePrincipalName ?? []].flat().map(String);
  }

  async enter(suite: Mocha.Context): Promise<void> {
    this.forest = await enterForest(suite);
    const first = this.later();
    await this.asa.up(this.account(), first);
    await this.other.up(this.account({ enabled: false }), first);
    await this.endRuns();
  }

  startTest(): void {
    this.program = this.later();
    this.name = new Resource(servicePrincipalName);
    this.spn = `http/${this.forest.uniqueName()}.corp.tailspintoys.com`;
  }

  endRuns() {
    return Promise.all(this.programs.splice(0).map((one) => one.end()));
  }
}

/** For the suite it is called in: both accounts for all of it, a name and a run of Pulumi for each test. */
export function nameWorld(): World {
  const world = new World();
  before(function () {
    return world.enter(this);
  });
  beforeEach(() => world.startTest());
  afterEach(() => world.endRuns());
  after(() => world.forest?.close());
  return world;
}
