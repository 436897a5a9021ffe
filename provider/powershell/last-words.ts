import type { Readable } from "node:stream";

/** The end of what a server wrote to its error stream, for the message that says why it went. */
export class LastWords {
  #text = "";

  constructor(stream: Readable) {
    stream.on("data", (bytes: Uint8Array) => {
      this.#text = `${this.#text}${Buffer.from(bytes).toString("utf8")}`.slice(-200);
    });
    stream.on("error", () => {});
  }

  /** As a sentence of its own with a space before it, or nothing. Controls would act on the reader's terminal. */
  get quoted(): string {
    const text = this.#text.replace(/\p{Cc}+/gu, " ").trim();
    return text === "" ? "" : ` It said: "${text}".`;
  }
}
