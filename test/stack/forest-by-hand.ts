import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Attribute, Change, Client, type Entry } from "ldapts";
import { authorityFile } from "../../lab/certificates";
import { administrator, corp, type DomainController, dc1, hostName } from "../../lab/domain-controller";
import { exchangeUnit } from "../../lab/people";
import { logFolder } from "../../lab/processes";

/** The administrator of the forest, who looks at what the stack made and changes it behind the stack's back. */
export class ForestByHand {
  private constructor(readonly client: Client) {}

  static async open(controller: DomainController = dc1): Promise<ForestByHand> {
    const ca = readFileSync(authorityFile);
    const client = new Client({ url: `ldaps://${hostName(controller)}`, tlsOptions: { ca } });
    const { name, password } = administrator(corp);
    await client.bind(`${name}@${corp.dnsName}`, password);
    return new ForestByHand(client);
  }

  close(): Promise<void> {
    return this.client.unbind();
  }

  async find(samAccountName: string): Promise<Entry | undefined> {
    const { searchEntries } = await this.client.search(corp.baseDn, {
      filter: `(sAMAccountName=${samAccountName})`,
      explicitBufferAttributes: ["objectGUID"],
    });
    return searchEntries[0];
  }

  async set(dn: string, values: Readonly<Record<string, string | string[]>>): Promise<void> {
    const changes = Object.entries(values).map(([type, value]) => {
      const modification = new Attribute({ type, values: [value].flat() });
      return new Change({ operation: "replace", modification });
    });
    await this.client.modify(dn, changes);
  }

  /** A unit below the one where the lab's `svc-pulumi` may work, empty. */
  async freshUnit(name: string): Promise<string> {
    const unit = `OU=${name},${exchangeUnit}`;
    await this.removeUnit(unit);
    await this.client.add(unit, { objectClass: "organizationalUnit" });
    return unit;
  }

  async removeUnit(unit: string): Promise<void> {
    const { searchEntries } = await this.client.search(exchangeUnit, { attributes: ["1.1"] });
    const within = searchEntries.filter(({ dn }) => dn === unit || dn.endsWith(`,${unit}`));
    const deepestFirst = within.map(({ dn }) => dn).sort((a, b) => b.length - a.length);
    for (const dn of deepestFirst) await this.client.del(dn);
  }
}

/** How many changes dc1 was asked for by anyone over the network so far, of objects in `place`: its own audit log tells. */
export function changesIn(place: string): number {
  const lines = readFileSync(join(logFolder, "dc1.log"), "utf8").split("\n");
  // repsTo is what dc2 writes of itself when it asks to be told of changes.
  const changes = lines.filter(
    (line) => line.includes('"type": "dsdbChange"') && line.includes('"ipv4:') && !line.includes('"repsTo"'),
  );
  return changes.filter((line) => line.toLowerCase().includes(`${place.toLowerCase()}"`)).length;
}
