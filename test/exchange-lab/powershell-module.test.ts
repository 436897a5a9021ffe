import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Controls } from "../../lab/exchange/control/controls";
import { serveControl } from "../../lab/exchange/control/server";
import { powerShellModule } from "../../lab/exchange/powershell-module";
import { findEngine } from "../support/engine";
import { administrator, organizationOf } from "./support/model";

const run = promisify(execFile);

describe("Exchange lab: the model in the real PowerShell engine", () => {
  let engine = "";
  let folder: string;
  let listener: Server;
  let lab: ReturnType<typeof organizationOf>;

  before(async function () {
    const found = await findEngine();
    if (found === undefined) {
      console.log("    skipped: no pwsh on PATH and none in ../shared/tools/pwsh");
      return this.skip();
    }
    engine = found;
    folder = mkdtempSync(join(tmpdir(), "exchange-module-"));
    lab = organizationOf({ "cas-1": { product: "2019" }, "cas-2": {} });
    const controlSocket = join(folder, "control.sock");
    listener = await serveControl(controlSocket, new Controls(lab.organization, lab.registry));
    const module = powerShellModule({ controlSocket, server: "cas-1", product: "2019", user: administrator });
    writeFileSync(join(folder, "ExchangeLab.psm1"), module);
  });

  after(() => {
    if (engine === "") return;
    listener.close();
    rmSync(folder, { recursive: true });
  });

  async function script(text: string): Promise<unknown> {
    const file = join(folder, "test.ps1");
    writeFileSync(file, `Import-Module '${join(folder, "ExchangeLab.psm1")}'\n${text}`);
    const { stdout } = await run(engine, ["-File", file]);
    return JSON.parse(stdout);
  }

  it("binds a credential array and reads back what the model holds", async () => {
    const result = await script(`
      $password = ConvertTo-SecureString 'pä$$ "word"' -AsPlainText -Force
      $credential = [pscredential]::new('TAILSPIN\\EXCH2016ASA$', $password)
      Set-ClientAccessService cas-1 -AlternateServiceAccountCredential $credential -Confirm:$false
      $read = Get-ClientAccessService cas-1 -IncludeAlternateServiceAccountCredentialStatus
      @{ name = $read.Name; configuration = $read.AlternateServiceAccountConfiguration
         types = $read.PSObject.TypeNames[0]; uri = $read.AutoDiscoverServiceInternalUri.AbsoluteUri } | ConvertTo-Json`);
    assert.equal(lab.organization.require("cas-1").credentials.all[0]?.password, 'pä$$ "word"');
    const { name, configuration, types, uri } = result as Record<string, string>;
    assert.equal(name, "CAS-1");
    assert.match(configuration ?? "", /^Latest: .*, TAILSPIN\\EXCH2016ASA\$\r\nPrevious: <Not set>$/);
    assert.equal(types, "Deserialized.Microsoft.Exchange.Data.Directory.Management.ClientAccessServer");
    assert.equal(uri, "https://autodiscover.corp.tailspintoys.com/Autodiscover/Autodiscover.xml");
  });

  it("pipes the article's command through the real pipeline", async () => {
    const method = await script(`
      Get-OutlookAnywhere -Server CAS-1 | Set-OutlookAnywhere -InternalClientAuthenticationMethod Negotiate -WarningVariable w -WarningAction SilentlyContinue
      @{ method = (Get-OutlookAnywhere -Server CAS-1).InternalClientAuthenticationMethod } | ConvertTo-Json`);
    assert.deepEqual(method, { method: "Negotiate" });
  });

  it("writes errors and goes on, and throws where the binder refuses", async () => {
    const result = await script(`
      Get-OutlookAnywhere -Server cas-9 -ErrorVariable written -ErrorAction SilentlyContinue
      try { Set-ClientAccessService cas-1 -RemoveAlternateServiceAccountCredentials -AutoDiscoverSiteScope a } catch { $thrown = $_ }
      @{ written = "$($written[0])"; thrown = $thrown.FullyQualifiedErrorId } | ConvertTo-Json`);
    const { written, thrown } = result as Record<string, string>;
    assert.match(written ?? "", /couldn't be found/);
    assert.match(thrown ?? "", /^AmbiguousParameterSet/);
  });
});
