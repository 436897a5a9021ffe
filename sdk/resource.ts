import * as pulumi from "@pulumi/pulumi";

/** What every resource of this package takes. */
export interface ConnectionArgs {
  /**
   * Name of the block of settings that says how to reach the forest. Only this name is kept in the state.
   * Default: `"default"`, the settings at the top of `exchange-kerberos:` in the stack configuration.
   */
  connection?: pulumi.Input<string>;
}

/** How one class of this package presents itself to Pulumi. */
interface Kind {
  /** Name of the class: last part of the Pulumi type, and the name by which the runtime finds the handler. */
  readonly name: string;
  /** Outputs that are not inputs, or that a program may leave out as inputs. */
  readonly outputs: readonly string[];
  /** Inputs that are encrypted in the state and hidden in every display. */
  readonly secrets?: readonly string[];
}

/**
 * The text that Pulumi keeps in the state of a resource and runs whenever it has to do with it, for as long as the resource
 * lives. It holds no logic: the code is whatever version of this package is installed. Every state ever written relies on
 * it, so it does not change. (`pulumi.dynamic.Resource` would make some 2,000 characters of the same, twice per resource.)
 */
function loader(kind: string): string {
  return `exports.handler = () => require("pulumi-exchange-kerberos/runtime").provider("${kind}");`;
}

/** A resource whose work is done by this package, in Pulumi's provider for dynamic resources. */
export abstract class Resource extends pulumi.CustomResource {
  /**
   * @throws pulumi.RunError for the options `import` and `id`, which Pulumi does not offer to dynamic resources.
   */
  protected constructor(kind: Kind, name: string, args: object, options: pulumi.CustomResourceOptions = {}) {
    if (options.import !== undefined || options.id !== undefined) {
      throw new pulumi.RunError(
        `${kind.name} "${name}" cannot be imported, nor read by its id: leave the option out. An account and its deployment take ` +
          "over what exists with the input adopt: true, a service principal name and an Outlook setting without it.",
      );
    }
    const secrets = kind.secrets ?? [];
    const given = Object.entries(args).map(([key, value]) => [key, secrets.includes(key) ? hide(value) : value]);
    super(
      `pulumi-nodejs:dynamic/exchangeKerberos:${kind.name}`,
      name,
      {
        ...Object.fromEntries(kind.outputs.map((output) => [output, undefined])),
        ...Object.fromEntries(given),
        __provider: loader(kind.name),
      },
      pulumi.mergeOptions(options, { additionalSecretOutputs: [...secrets] }),
    );
  }
}

function hide(value: unknown): unknown {
  return value === undefined ? undefined : pulumi.secret(value);
}
