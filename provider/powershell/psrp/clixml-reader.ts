import type { SecretCipher } from "./secret-cipher";
import type { PsValue } from "./values";

/** How much a peer may make us hold for one message. */
export interface XmlLimits {
  /** Elements inside elements. Default 256. */
  readonly maxDepth?: number | undefined;
  /** Characters of the whole text. Default 64 Mi. */
  readonly maxLength?: number | undefined;
  /** Elements in all. Default 2,000,000. */
  readonly maxElements?: number | undefined;
}

export interface DeserializeOptions extends XmlLimits {
  /** Opens secure strings. Without one, a value that holds a secret is refused. */
  readonly cipher?: SecretCipher | undefined;
}

/**
 * The value of one CLIXML element (MS-PSRP 2.2.5). Strict: no DTD, no entities but XML's own five, nothing unknown skipped.
 *
 * @throws ProviderError `protocol` for what is not CLIXML, goes over a limit, or holds a secret that cannot be opened
 */
export function deserialize(_xml: string, _options: DeserializeOptions = {}): PsValue {
  throw new Error("under way");
}
