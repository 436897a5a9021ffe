import type { Account } from "../directory/accounts";
import { canonicalName, findQualified } from "../directory/qualified-name";
import { domainControllers } from "../directory/replication";
import { ProviderError } from "../error";
import { type AlternateAccount, readAlternateAccount, underNames } from "../exchange/alternate-account";
import {
  type ExchangeServer,
  entryServer,
  listExchangeServers,
  notAmong,
  serverAmong,
} from "../exchange/exchange-servers";
import { type MapiVirtualDirectory, readMapiVirtualDirectories } from "../exchange/mapi-virtual-directory";
import { readNamespaces } from "../exchange/namespaces";
import { type OutlookAnywhere, readOutlookAnywhere } from "../exchange/outlook-anywhere";
import type { RemoteShell } from "../exchange/remote-shell";
import { type NamePlan, planNames } from "./plan";
import { trustSides } from "./trust-sides";
import type { Selection, World } from "./world";

/** A server that answered, and what it holds. */
export interface Server extends ExchangeServer {
  readonly shell: RemoteShell;
  readonly alternate: AlternateAccount;
  outlookAnywhere(): Promise<readonly OutlookAnywhere[]>;
  mapi(): Promise<readonly MapiVirtualDirectory[]>;
}

/** Servers by full name: those that answered, and why the others did not. */
export interface Survey {
  readonly answered: readonly Server[];
  readonly silent: ReadonlyMap<string, ProviderError>;
}

/** What the checks look at, each thing read once, when the first check asks for it. */
export class Subject {
  /** Every Exchange server of the organization. */
  readonly organization = once(() => this.list());
  /** The servers to look at, each with what it holds. */
  readonly servers = once(() => this.survey());
  /** `DOMAIN\name`, as given or as the servers hold it; `undefined` where neither says one. */
  readonly accountName = once(() => this.choose());
  /** The account; `undefined` where the domain has none of that name, or no name is known. */
  readonly account = once(() => this.findAccount());
  /** What the servers give to clients. */
  readonly namePlan = once(() => this.plan());
  readonly controllers = once(() => domainControllers(this.world.directory));
  /** The trust with each forest of users. */
  readonly trusts = once(() => {
    const { directory, userForests } = this.world;
    return Promise.all(userForests.map((users) => trustSides(directory, users)));
  });

  /** Who knows the domain's two names; a directory that does not answer is asked once, however many servers there are. */
  private readonly domains = { forest: once(() => this.world.directory.forest()) };

  constructor(
    readonly world: World,
    readonly selection: Selection,
  ) {}

  /** The names that need an SPN. */
  async hostNames(): Promise<readonly string[]> {
    const { hostNames } = this.selection;
    if (hostNames !== undefined) return [...new Set(hostNames.map((name) => name.toLowerCase()))];
    const { names } = await this.namePlan();
    return names.filter(({ kind }) => kind === "needed").map(({ hostName }) => hostName);
  }

  get signal(): AbortSignal | undefined {
    return this.selection.signal;
  }

  progress(line: string): void {
    this.selection.progress?.(line);
  }

  /** The server that lists the others. */
  private entry(): string {
    const { entry, servers } = this.selection;
    return entryServer(entry ?? servers?.[0] ?? this.world.settings.managementHost);
  }

  private async list(): Promise<ExchangeServer[]> {
    const entry = this.entry();
    this.progress(`asking ${entry} for the Exchange servers`);
    return listExchangeServers(this.world.exchange.endpoint(entry), this.signal);
  }

  private async survey(): Promise<Survey> {
    const { exchange } = this.world;
    const organization = await this.organization();
    const wanted = this.selection.servers?.map((server) => server.toLowerCase());
    const chosen = organization.filter((one) => this.isWanted(one));
    const silent = new Map<string, ProviderError>();
    for (const server of wanted ?? []) {
      if (!chosen.some(({ fqdn }) => fqdn === server)) {
        silent.set(server, notAmong(organization, server));
      }
    }
    this.progress(`looking at ${chosen.length} servers`);
    const settled = await exchange.onEach(chosen, async (server): Promise<Server> => {
      const shell = exchange.endpoint(server.fqdn);
      return {
        ...server,
        shell,
        alternate: await this.alternateOf(shell, server),
        outlookAnywhere: once(() => readOutlookAnywhere(shell, server, this.signal)),
        mapi: once(() => readMapiVirtualDirectories(shell, server, this.signal)),
      };
    });
    const answered = settled.flatMap((one, index) => {
      if (one.status === "fulfilled") return [one.value];
      silent.set(chosen[index]?.fqdn ?? "", ProviderError.from(one.reason));
      return [];
    });
    return { answered, silent };
  }

  /** What a server holds, under names that can be compared. */
  async alternateOf(shell: RemoteShell, server: ExchangeServer): Promise<AlternateAccount> {
    return underNames(await readAlternateAccount(shell, server, this.signal), (account) => this.nameOf(account));
  }

  /** As it stands where the directory, which knows the domain's two names, cannot be asked: the checks of the account say so. */
  private nameOf(account: string): Promise<string> {
    return canonicalName(this.domains, account).catch(() => account);
  }

  private async choose(): Promise<string | undefined> {
    if (this.selection.account !== undefined) return this.nameOf(this.selection.account);
    const { answered } = await this.servers();
    const newest = answered.flatMap(({ alternate }) => alternate.credentials[0]?.account ?? []);
    const counted = [...Map.groupBy(newest, (account) => account.toLowerCase()).values()];
    return counted.sort((one, other) => other.length - one.length)[0]?.[0];
  }

  private async findAccount(): Promise<Account | undefined> {
    const name = await this.accountName();
    return name === undefined ? undefined : findQualified(this.world.directory, name);
  }

  private async plan(): Promise<NamePlan> {
    const organization = await this.organization();
    const entry = this.entry();
    const server = serverAmong(organization, entry);
    this.progress("reading the names of all virtual directories");
    const namespaces = await readNamespaces(this.world.exchange.endpoint(entry), server, this.signal);
    const wanted = organization.filter((one) => this.isWanted(one));
    return planNames(wanted, namespaces, organization);
  }

  /** Exchange 2010 has an account and names of its own: it is looked at only where it was asked for. */
  isWanted({ fqdn, clientAccess, product }: ExchangeServer): boolean {
    const { servers } = this.selection;
    if (servers === undefined) return clientAccess && product !== "2010";
    return servers.some((server) => server.toLowerCase() === fqdn);
  }
}

/** The same answer for all who ask; so is a failure: what does not answer is not asked again, nor sent a wrong password. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
