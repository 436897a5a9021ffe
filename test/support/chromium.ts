import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inflateSync } from "node:zlib";
import { runCommand } from "../../lab/command";

export interface Rendered {
  /** The document after parsing, as text. */
  readonly dom: string;
  /** What the page and the browser said of it on the console. */
  readonly console: readonly string[];
}

/** Debian's Chromium without a window, with an empty profile for each run and no way to talk to anybody. */
async function chromium(page: string, arguments_: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  try {
    const { status, stdout, stderr } = await runCommand(
      "chromium",
      [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"],
        ...["--enable-logging=stderr", `--user-data-dir=${profile}`, ...arguments_, pathToFileURL(page).href],
      ],
      { deadline: 60_000 },
    );
    if (status !== 0) throw new Error(`chromium ended with ${status}:\n${stderr}`);
    return { stdout, stderr };
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

export async function render(page: string): Promise<Rendered> {
  const { stdout, stderr } = await chromium(page, ["--dump-dom"]);
  return { dom: stdout, console: stderr.split("\n").filter((line) => /CONSOLE/.test(line)) };
}

export interface Image {
  readonly width: number;
  readonly height: number;
  /** `#rrggbb` */
  pixel(x: number, y: number): string;
  /** How many pixels have the colour. */
  count(colour: string): number;
}

/** The page as the reader's system, light or dark, shows it. */
export async function screenshot(
  page: string,
  scheme: "light" | "dark",
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Image> {
  const file = `${page}.${scheme}.png`;
  const preferred = scheme === "dark" ? 0 : 1;
  await chromium(page, [
    ...[`--window-size=${width},${height}`, `--screenshot=${file}`, "--force-color-profile=srgb"],
    `--blink-settings=preferredColorScheme=${preferred}`,
  ]);
  return readPng(readFileSync(file));
}

/** As much of PNG as Chromium writes: eight bits a channel, RGB or RGBA, not interlaced. */
function readPng(file: Buffer): Image {
  const data: Buffer[] = [];
  let header: Buffer = Buffer.alloc(0);
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    const body = file.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") header = body;
    if (type === "IDAT") data.push(body);
    at += 12 + length;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = header[9] === 6 ? 4 : 3;
  const pixels = unfiltered(inflateSync(Buffer.concat(data)), width * channels, height, channels);
  const pixel = (x: number, y: number) => {
    const at = (y * width + x) * channels;
    return `#${pixels.toString("hex", at, at + 3)}`;
  };
  const count = (colour: string) => {
    const [red, green, blue] = Buffer.from(colour.slice(1), "hex");
    let found = 0;
    for (let at = 0; at < pixels.length; at += channels) {
      if (pixels[at] === red && pixels[at + 1] === green && pixels[at + 2] === blue) found++;
    }
    return found;
  };
  return { width, height, pixel, count };
}

/** Each line is kept as its difference from its neighbours (PNG, 9 Filtering). */
function unfiltered(raw: Buffer, stride: number, height: number, channels: number): Buffer {
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : (out[y * stride + x - channels] ?? 0);
      const above = y === 0 ? 0 : (out[(y - 1) * stride + x] ?? 0);
      const corner = y === 0 || x < channels ? 0 : (out[(y - 1) * stride + x - channels] ?? 0);
      const predicted = predict(filter ?? 0, left, above, corner);
      out[y * stride + x] = (raw[y * (stride + 1) + 1 + x] ?? 0) + predicted;
    }
  }
  return out;
}

function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const guess = left + above - corner;
  const [toLeft, toAbove, toCorner] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
