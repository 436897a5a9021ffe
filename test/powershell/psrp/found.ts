import type { Reader } from "./fuzz";

/** Inputs that once showed a fault, found by mutation or by reading: what it was, the reader, and the bytes as base64. */
export const found: readonly [fault: string, reader: Reader, base64: string][] = [
  ["&constructor; read as a function's source", "clixml", Buffer.from("<S>&constructor;</S>").toString("base64")],
];
