/** CLIXML, the form in which PowerShell's remoting carries values (MS-PSRP 2.2.5): the values, and both directions. */
export { type DeserializeOptions, deserialize } from "./clixml-reader";
export { type SerializeOptions, serialize } from "./clixml-writer";
export { PsScalar, type ScalarType } from "./scalar";
export { SecureString } from "./secure-string";
export {
  type ListKind,
  type Properties,
  PsCredential,
  PsDictionary,
  type PsInput,
  PsList,
  PsObject,
  type PsObjectParts,
  type PsValue,
  psEnum,
  psValue,
} from "./values";
export { ElementBudget, type XmlLimits } from "./xml-tree";
