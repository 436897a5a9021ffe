import { EnginePool } from "../test/powershell/wsman/engine-pool";
import { Gateway } from "../test/powershell/wsman/gateway";

/** `ts-node bench/wsman-engine.ts PWSH`: the real engine behind an endpoint of WS-Management; tells its port to who started it. */
async function serve(engine: string): Promise<void> {
  // The replay cache would write to disk and sync for every request.
  process.env.KRB5RCACHENAME = "none:";
  const gateway = await Gateway.open((_user, _query, listener) => new EnginePool(engine, listener));
  process.on("disconnect", () => void gateway.close().then(() => process.exit()));
  process.send?.(gateway.port);
}

void serve(process.argv[2] ?? "");
