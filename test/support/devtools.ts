import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

/** A page in Debian's Chromium, driven as a person does: keys go in, what is shown and printed comes out. */
export class Page {
  private next = 0;
  private readonly waiting = new Map<number, (answer: { result?: unknown; error?: { message: string } }) => void>();

  private constructor(private readonly socket: WebSocket) {
    socket.onmessage = ({ data }) => {
      const { id, ...answer } = JSON.parse(String(data));
      this.waiting.get(id)?.(answer);
      this.waiting.delete(id);
    };
  }

  /** Opens a file, does the work and ends the browser. */
  static async with<T>(file: string, work: (page: Page) => Promise<T>): Promise<T> {
    const profile = mkdtempSync(join(tmpdir(), "chromium-"));
    const browser = spawn(
      "chromium",
      [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1400,900"],
        ...["--remote-debugging-port=0", `--user-data-dir=${profile}`, pathToFileURL(file).href],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const ended = new Promise((resolve) => browser.on("close", resolve));
    try {
      return await work(await Page.of(await endpoint(browser.stderr)));
    } finally {
      browser.kill("SIGKILL");
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  private static async of(browserEndpoint: URL): Promise<Page> {
    for (;;) {
      const targets = await fetch(`http://${browserEndpoint.host}/json/list`).then((answer) => answer.json());
      const found = (targets as { type: string; webSocketDebuggerUrl: string }[]).find(({ type }) => type === "page");
      if (found === undefined) continue;
      const socket = new WebSocket(found.webSocketDebuggerUrl);
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Error("Chromium does not talk to its driver."));
      });
      const page = new Page(socket);
      await page.ask("Page.bringToFront");
      // It begins as an empty page, which is complete as well.
      while (!(await page.evaluate("document.readyState === 'complete' && location.protocol === 'file:'")));
      return page;
    }
  }

  async ask<T>(method: string, parameters: object = {}): Promise<T> {
    const id = ++this.next;
    const answered = new Promise<{ result?: unknown; error?: { message: string } }>((resolve) => {
      this.waiting.set(id, resolve);
    });
    this.socket.send(JSON.stringify({ id, method, params: parameters }));
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const asked = { expression, returnByValue: true };
    const { result } = await this.ask<{ result: { value: T } }>("Runtime.evaluate", asked);
    return result.value;
  }

  async press(key: "Tab" | "Enter"): Promise<void> {
    const code = key === "Tab" ? 9 : 13;
    const event = { key, code: key, windowsVirtualKeyCode: code, ...(key === "Enter" && { text: "\r" }) };
    await this.ask("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.ask("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  /** As `Ctrl+P` makes it, on A4. */
  async pdf(): Promise<Buffer> {
    const paper = { paperWidth: 8.27, paperHeight: 11.69, printBackground: true };
    const { data } = await this.ask<{ data: string }>("Page.printToPDF", paper);
    return Buffer.from(data, "base64");
  }
}

async function endpoint(errors: NodeJS.ReadableStream): Promise<URL> {
  for await (const line of createInterface({ input: errors })) {
    const url = /^DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    errors.resume();
    return new URL(url);
  }
  throw new Error("Chromium ended before it could be driven.");
}
