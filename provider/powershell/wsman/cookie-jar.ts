/** Cookies of one server: Exchange's front end keeps a shell on one back end by them. All of them go to the one place they came from. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** The value of `Cookie`; empty where there is none. */
  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** @param lines values of `Set-Cookie` (RFC 6265, section 4.1) */
  store(lines: readonly string[]): void {
    for (const line of lines.slice(0, 50)) {
      const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
      const cut = pair.indexOf("=");
      if (cut <= 0 || line.length > 8192) continue;
      const gone = attributes.some((one) => {
        const [name = "", value = ""] = one.split("=", 2);
        if (/^max-age$/i.test(name)) return Number(value) <= 0;
        return /^expires$/i.test(name) && Date.parse(value) <= Date.now();
      });
      if (gone) this.#cookies.delete(pair.slice(0, cut));
      else this.#cookies.set(pair.slice(0, cut), pair.slice(cut + 1));
    }
  }
}
