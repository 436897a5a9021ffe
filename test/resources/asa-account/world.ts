import assert from "node:assert/strict";
import { Attribute, Change } from "ldapts";
import { after, afterEach, before, beforeEach } from "mocha";
import { asaAccount } from "../../../provider/resources/asa-account";
import type { AsaAccountInputs, AsaAccountOutputs } from "../../../provider/resources/asa-account/schema";
import { enterForest, type Forest } from "../../directory/forest";
import { Program, Resource } from "../program";

/** One AsaAccount under a name of its own in the lab's real directory. */
class World {
  forest!: Forest;
  program!: Program;
  name = "";
  asa!: Resource<AsaAccountInputs, AsaAccountOutputs>;

  given(more: object = {}) {
    const { name, forest } = this;
    return { name, organizationalUnit: forest.organizationalUnit, replication: false, ...more };
  }

  up(more: object = {}) {
    return this.asa.up(this.given(more), this.program);
  }

  /** What comes next is another run. */
  async nextRun(): Promise<void> {
    await this.program.end();
    this.program = new Program(this.forest.settings);
  }

  refresh() {
    return this.asa.refresh(this.program);
  }

  destroy() {
    return this.asa.destroy(this.program);
  }

  async found(samAccountName = `${this.name}$`): Promise<Record<string, string | string[]>> {
    const { searchEntries } = await this.forest.admin.search(this.forest.domain, {
      filter: `(sAMAccountName=${samAccountName})`,
      attributes: ["*", "msDS-KeyVersionNumber"],
    });
    assert.equal(searchEntries.length, 1, `there are ${searchEntries.length} ${samAccountName}`);
    return searchEntries[0] as unknown as Record<string, string | string[]>;
  }

  /** Changes with every write to the object, and with nothing else. */
  async writes() {
    return (await this.found()).uSNChanged;
  }

  /** Sets one attribute of the account, past us; `undefined` takes it away. */
  async byHand(type: string, value: string | undefined): Promise<void> {
    const modification = new Attribute({ type, values: value === undefined ? [] : [value] });
    await this.forest.admin.modify(
      this.asa.state.distinguishedName,
      new Change({ operation: "replace", modification }),
    );
  }
}

/** For the suite it is called in: the forest for all of it, the rest anew for each test. */
export function accountWorld(): World {
  const world = new World();
  before(async function () {
    world.forest = await enterForest(this);
  });
  beforeEach(() => {
    world.program = new Program(world.forest.settings);
    world.name = world.forest.uniqueName();
    world.asa = new Resource(asaAccount);
  });
  afterEach(() => world.program?.end());
  after(() => world.forest?.close());
  return world;
}
