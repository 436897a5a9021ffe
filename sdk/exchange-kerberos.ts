import * as pulumi from "@pulumi/pulumi";
import { AsaAccount, type AsaAccountArgs } from "./asa-account";
import { AsaDeployment, type AsaDeploymentArgs, type ServerState } from "./asa-deployment";
import { OutlookAuthSetting, type OutlookAuthSettingArgs } from "./outlook-auth-setting";
import type { ConnectionArgs } from "./resource";
import { ServicePrincipalName } from "./service-principal-name";
import { type AccountGroup, groupSites, type PlannedSite, refuse } from "./site-plan";
import { shapeMistakes } from "./site-shape";

/** The alternate service account, as {@link AsaAccount} takes it. */
export type AccountArgs = Omit<AsaAccountArgs, "connection">;

/** What Outlook is told on every server, as {@link OutlookAuthSetting} takes it. */
export type OutlookArgs = Omit<OutlookAuthSettingArgs, "connection" | "server">;

/**
 * The servers of one Active Directory site, and the names under which clients reach them. The lists are plain values: they
 * name resources.
 */
export interface SiteArgs {
  /** Name in the stack, as `ADSite1`. */
  name: string;
  /** Full names of the servers that run Client Access services. */
  servers: readonly string[];
  /** Names of the load balancer that clients inside use, without `http/`: `mail.corp.tailspintoys.com`. */
  hostNames: readonly string[];
  /** An account for this site alone. Default: the account that all sites share. */
  account?: AccountArgs;
  /** What Outlook is told on this site's servers; `false` touches nothing. Default: as for all sites. */
  outlook?: OutlookArgs | false;
}

/** Inputs of {@link ExchangeKerberos}. */
export interface ExchangeKerberosArgs extends ConnectionArgs, Pick<AsaDeploymentArgs, "method" | "rotation"> {
  /** The account that all sites without one of their own share. One for a forest is enough. */
  account?: AccountArgs;
  sites: readonly SiteArgs[];
  /**
   * What Outlook is told on every server; `false` touches nothing. Default: the article's step, with OAuth kept: Negotiate
   * for internal clients of Outlook Anywhere, and Negotiate added for MAPI over HTTP.
   */
  outlook?: OutlookArgs | false;
  /** Servers that may be down during a roll; a later `up` brings them the credential. Default: none. */
  mayBeAbsent?: readonly string[];
  /** Take over accounts and credentials that are there, and leave them on destroy. Default: false. */
  adopt?: pulumi.Input<boolean>;
}

interface Site extends PlannedSite {
  readonly account: AccountArgs | undefined;
  readonly outlook: OutlookArgs | false;
}

const articleOutlook: OutlookArgs = {
  outlookAnywhere: { internal: "Negotiate" },
  mapi: { include: ["Negotiate"] },
};

/**
 * Kerberos for load-balanced Exchange servers, all of the article in its order: account, credential on every server,
 * service principal names, Outlook. `pulumi destroy` goes back the other way.
 */
export class ExchangeKerberos extends pulumi.ComponentResource {
  /** By name of the site; sites that share an account have the same one here. */
  readonly accounts: Readonly<Record<string, AsaAccount>>;
  /** By name of the site; sites that share an account share its deployment. */
  readonly deployments: Readonly<Record<string, AsaDeployment>>;
  /** By host name. */
  readonly servicePrincipalNames: Readonly<Record<string, ServicePrincipalName>>;
  /** By full name of the server. */
  readonly outlook: Readonly<Record<string, OutlookAuthSetting>>;
  /** `DOMAIN\name$` of the account, by name of the site. */
  readonly qualifiedNames: pulumi.Output<Record<string, string>>;
  /** All service principal names, sorted. */
  readonly spns: pulumi.Output<string[]>;
  /** What every server has. */
  readonly servers: pulumi.Output<ServerState[]>;

  /**
   * @param name Name in the stack; those of the children begin with it.
   * @throws pulumi.RunError that names every mistake in the sites, before anything is made.
   */
  constructor(name: string, args: ExchangeKerberosArgs, options?: pulumi.ComponentResourceOptions) {
    refuse(name, shapeMistakes(args));
    const sites = args.sites.map(
      (site): Site => ({
        name: site.name,
        servers: site.servers,
        hostNames: site.hostNames,
        ownAccount: site.account !== undefined,
        account: site.account,
        outlook: site.outlook ?? args.outlook ?? articleOutlook,
      }),
    );
    const groups = groupSites(name, sites, args.account !== undefined, args.mayBeAbsent ?? []);
    super("exchangeKerberos:index:ExchangeKerberos", name, {}, options);
    const made = groups.map((group) => this.makeGroup(name, args, group));
    const bySite = <T>(part: (one: (typeof made)[number]) => T) =>
      Object.fromEntries(made.flatMap((one) => one.group.sites.map((site) => [site.name, part(one)])));
    this.accounts = bySite(({ account }) => account);
    this.deployments = bySite(({ deployment }) => deployment);
    this.servicePrincipalNames = Object.assign({}, ...made.map(({ names }) => names));
    this.outlook = Object.assign({}, ...made.map(({ outlook }) => outlook));
    this.qualifiedNames = pulumi.output(bySite(({ account }) => account.qualifiedName));
    this.spns = pulumi
      .output(Object.values(this.servicePrincipalNames).map(({ spn }) => spn))
      .apply((spns) => spns.sort());
    this.servers = pulumi.output(made.map(({ deployment }) => deployment.deployed)).apply((lists) => lists.flat());
    this.registerOutputs({ qualifiedNames: this.qualifiedNames, spns: this.spns, servers: this.servers });
  }

  /** Everything around one account, each behind what it needs; Pulumi deletes in the opposite order. */
  private makeGroup(name: string, args: ExchangeKerberosArgs, group: AccountGroup<Site>) {
    const prefix = group.site === undefined ? name : `${name}-${group.site}`;
    const { connection, method, rotation, adopt } = args;
    const everywhere = connection === undefined ? {} : { connection };
    const parent = { parent: this };
    const accountArgs = group.sites[0]?.account ?? args.account;
    if (accountArgs === undefined) throw new pulumi.RunError(`${prefix} has no account.`);

    const account = new AsaAccount(`${prefix}-asa`, { ...everywhere, ...given({ adopt }), ...accountArgs }, parent);
    const deployment = new AsaDeployment(
      `${prefix}-deployment`,
      {
        ...everywhere,
        ...given({ method, rotation, adopt }),
        account: account.qualifiedName,
        servers: [...group.servers],
        mayBeAbsent: [...group.mayBeAbsent],
      },
      parent,
    );
    const names = byName(group.hostNames, (host) => {
      const inputs = { ...everywhere, account: account.qualifiedName, spn: `http/${host}`, deployment: deployment.id };
      const options = { ...formerly(name, host), ...parent, dependsOn: [deployment] };
      return new ServicePrincipalName(`${name}-${host.toLowerCase()}`, inputs, options);
    });
    // Clients that are told to ask for tickets must be able to get them: each server after the names of its site.
    const servers = group.sites.flatMap((site) => site.servers.map((server) => ({ site, server })));
    const outlook = Object.fromEntries(
      servers.flatMap(({ site, server }) => {
        if (site.outlook === false) return [];
        const before = site.hostNames.map((host) => names[host.toLowerCase()]).filter((one) => one !== undefined);
        const inputs = { ...everywhere, ...site.outlook, server };
        const options = { ...formerly(name, server), ...parent, dependsOn: before };
        return [[server, new OutlookAuthSetting(`${name}-${server.toLowerCase()}`, inputs, options)]];
      }),
    );
    return { group, account, deployment, names, outlook };
  }
}

function byName<T>(names: readonly string[], make: (name: string) => T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), make(name)]));
}

/**
 * Who writes a name in another case means the same server: a resource of another name would forget what was there before the stack.
 * States have had the name as it was written.
 */
function formerly(component: string, written: string): pulumi.CustomResourceOptions {
  return written === written.toLowerCase() ? {} : { aliases: [{ name: `${component}-${written}` }] };
}

/** Only what was given: an input that is `undefined` is not the same as none. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
