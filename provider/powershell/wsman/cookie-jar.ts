/** What a server may make us send with each request. */
const maxCookies = 50;
const maxLine = 8192;

/** Cookies of one server: Exchange's front end keeps a shell on one back end by them. All of them go to the one place they came from. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** The value of `Cookie`; empty where there is none. */
  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** @param lines values of `Set-Cookie` (RFC 6265, section 4.1) */
  store(lines: readonly string[]): void {
    for (const line of lines.slice(0, maxCookies)) {
      const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
      const cut = pair.indexOf("=");
      if (cut <= 0 || line.length > maxLine) continue;
      const name = pair.slice(0, cut);
      const gone = attributes.some((one) => {
        const [attribute = "", value = ""] = one.split("=", 2);
        if (/^max-age$/i.test(attribute)) return Number(value) <= 0;
        return /^expires$/i.test(attribute) && Date.parse(value) <= Date.now();
      });
      if (gone) this.#cookies.delete(name);
      else if (this.#cookies.size < maxCookies || this.#cookies.has(name)) this.#cookies.set(name, pair.slice(cut + 1));
    }
  }
}
