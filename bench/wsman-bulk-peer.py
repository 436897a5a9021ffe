"""The large outputs of bench/wsman-bulk.ts by pypsrp, with the ticket of the credential cache; prints times and counts as JSON."""

import json
import sys
import time

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

host, port, module, commands = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
results = {}
with WSMan(host, port=port, path="PowerShell", ssl=False, auth="kerberos", negotiate_service="http") as wsman:
    with RunspacePool(wsman, configuration_name="Microsoft.Exchange") as pool:
        PowerShell(pool).add_cmdlet("Import-Module").add_parameter("Name", module).invoke()
        for command in commands:
            begun = time.monotonic()
            output = PowerShell(pool).add_cmdlet(command).invoke()
            results[command] = {"took": (time.monotonic() - begun) * 1000, "count": len(output)}
print(json.dumps(results))
