"""The work of bench/wsman.ts by pypsrp, with the ticket of the credential cache; prints its times as JSON."""

import json
import sys
import time

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

host, commands = sys.argv[1], int(sys.argv[2])
started = time.monotonic()
with WSMan(host, port=80, path="PowerShell", ssl=False, auth="kerberos", negotiate_service="http") as wsman:
    with RunspacePool(wsman, configuration_name="Microsoft.Exchange") as pool:
        opened = time.monotonic()
        times = []
        for _ in range(commands):
            begun = time.monotonic()
            shell = PowerShell(pool)
            shell.add_cmdlet("Get-ClientAccessService").add_parameter("Identity", "cas-1")
            if len(shell.invoke()) != 1:
                raise SystemExit("no object came")
            times.append(time.monotonic() - begun)
        done = time.monotonic()
times.sort()
print(json.dumps({"open": (opened - started) * 1000, "command": times[commands // 2] * 1000, "row": (done - opened) * 1000}))
