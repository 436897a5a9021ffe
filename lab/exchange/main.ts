import { readConfiguration } from "./configuration";
import { ExchangeLab } from "./exchange-lab";

/** `ts-node lab/exchange/main.ts CONFIGURATION`: serves until it is told to end, and says `ready` when it can be used. */
async function main(): Promise<void> {
  const [path] = process.argv.slice(2);
  if (path === undefined) throw new Error("Usage: lab/exchange/main.ts CONFIGURATION");
  const lab = new ExchangeLab(readConfiguration(path));
  const end = () => void lab.stop().then(() => process.exit(0));
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  await lab.start();
  console.log("ready");
}

main().catch((thrown) => {
  console.error(thrown);
  process.exit(1);
});
