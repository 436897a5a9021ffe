import { timeText } from "./bytes";

/** How clients logged on. What is none of the known ones keeps the log's own word, such as `FBA`; `none`: they did not. */
export type Scheme = "Negotiate" | "NTLM" | "Basic" | "OAuth" | "none" | (string & {});

const knownSchemes: ReadonlyMap<string, Scheme> = new Map([
  ["negotiate", "Negotiate"],
  ["ntlm", "NTLM"],
  ["basic", "Basic"],
  ["oauth", "OAuth"],
  ["bearer", "OAuth"],
]);

/** Requests of one kind, and when the first and the last of them came (ISO 8601, UTC). */
export interface Requests {
  readonly requests: number;
  readonly first: string;
  readonly last: string;
}

/** What one server answered over one protocol. */
export interface Traffic extends Requests {
  /** `ServerHostName` of the log; empty where the log has no such column. */
  readonly server: string;
  /** `Mapi`, `RpcHttp`, `Ews`, … */
  readonly protocol: string;
  /** By `Scheme`; without those that did not occur. */
  readonly schemes: Readonly<Partial<Record<Scheme, Requests>>>;
}

export interface NtlmUser extends Requests {
  /** `DOMAIN\name` */
  readonly user: string;
}

/** Requests by NTLM, by who sent them: most first. */
export interface NtlmUsers {
  readonly users: readonly NtlmUser[];
  readonly requests: number;
  /** Requests of users who came when `mostUsers` others were known already; they are not counted by name. */
  readonly ofFurtherUsers: number;
}

/** Users who are counted one by one; a bound for memory that ordinary organizations do not reach. */
const mostUsers = 50_000;

class Count {
  requests = 0;
  private first = Infinity;
  private last = 0;

  add(time: number): void {
    this.requests++;
    if (time < this.first) this.first = time;
    if (time > this.last) this.last = time;
  }

  result(): Requests {
    return { requests: this.requests, first: timeText(this.first), last: timeText(this.last) };
  }
}

/** Counts requests by server, protocol and scheme, and those by NTLM by user too. */
export class Tally {
  requests = 0;
  private readonly servers = new Map<string, Map<string, Map<string, Count>>>();
  private readonly users = new Map<string, Count>();
  private ofFurtherUsers = 0;
  private readonly schemes = new Map<string, Scheme>([["", "none"]]);

  /** @param word the log's word for the scheme; empty where nobody logged on. */
  add(server: string, protocol: string, word: string, time: number): Scheme {
    this.requests++;
    const protocols = within(this.servers, server, newMap<Map<Scheme, Count>>);
    const schemes = within(protocols, protocol, newMap<Count>);
    const scheme = this.schemeOf(word);
    within(schemes, scheme, newCount).add(time);
    return scheme;
  }

  /** Who sent a request by NTLM. */
  addNtlmUser(user: string, time: number): void {
    if (this.users.size < mostUsers || this.users.has(user)) within(this.users, user, newCount).add(time);
    else this.ofFurtherUsers++;
  }

  private schemeOf(word: string): Scheme {
    return within(this.schemes, word, toScheme);
  }

  traffic(): Traffic[] {
    const all = [...this.servers].flatMap(([server, protocols]) =>
      [...protocols].map(([protocol, schemes]) => trafficOf(server, protocol, schemes)),
    );
    return all.sort((one, other) => inOrder(one.server, other.server) || inOrder(one.protocol, other.protocol));
  }

  /** @param most how many users to name. */
  ntlmUsers(most: number): NtlmUsers {
    const users = [...this.users]
      .sort(([one, count], [other, more]) => more.requests - count.requests || inOrder(one, other))
      .map(([user, count]) => ({ user, ...count.result() }));
    const requests = users.reduce((sum, user) => sum + user.requests, this.ofFurtherUsers);
    return { users: users.slice(0, most), requests, ofFurtherUsers: this.ofFurtherUsers };
  }
}

function trafficOf(server: string, protocol: string, counts: ReadonlyMap<Scheme, Count>): Traffic {
  const schemes = Object.fromEntries([...counts].map(([scheme, count]) => [scheme, count.result()]));
  return { server, protocol, ...together(Object.values(schemes)), schemes };
}

function together(parts: readonly Requests[]): Requests {
  const times = (of: (part: Requests) => string) => parts.map(of).sort();
  return {
    requests: parts.reduce((sum, part) => sum + part.requests, 0),
    first: times((part) => part.first)[0] ?? "",
    last: times((part) => part.last).at(-1) ?? "",
  };
}

/** By code units: loading a collation for it costs more memory than all counts. */
function inOrder(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

// Functions by name: one made for each call would be garbage a million times over.
const newMap = <Value>() => new Map<string, Value>();
const newCount = () => new Count();
const toScheme = (word: string) => knownSchemes.get(word.toLowerCase()) ?? word;

function within<Value>(map: Map<string, Value>, key: string, make: (key: string) => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make(key);
    map.set(key, value);
  }
  return value;
}
