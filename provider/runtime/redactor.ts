const hidden = "[secret]";

/** Takes every secret that it was told of out of the text that leaves the process, and what would act on the reader's terminal. */
export class Redactor {
  private readonly secrets = new Set<string>();

  /** Remembers a secret value, or each text inside one. */
  conceal(secret: unknown): void {
    if (typeof secret === "string" && secret !== "") {
      this.secrets.add(secret);
      // As it stands inside quoted JSON.
      this.secrets.add(JSON.stringify(secret).slice(1, -1));
    } else if (typeof secret === "object" && secret !== null) {
      for (const part of Object.values(secret)) this.conceal(part);
    }
  }

  clean(text: string): string {
    const longestFirst = [...this.secrets].sort((a, b) => b.length - a.length);
    const cleaned = longestFirst.reduce((before, secret) => before.replaceAll(secret, hidden), text);
    return cleaned.replace(/(?![\n\t])\p{Cc}/gu, "�");
  }
}
