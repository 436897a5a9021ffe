"""pypsrp, unmodified, against the lab's endpoint. Reads one JSON request on standard input, prints one JSON answer."""

import json
import sys
import time

from pypsrp.complex_objects import PSCredential
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

request = json.load(sys.stdin)


def argument(value):
    if isinstance(value, dict) and "userName" in value:
        return PSCredential(username=value["userName"], password=value["password"])
    return [argument(item) for item in value] if isinstance(value, list) else value


def connect():
    tls = "caFile" in request
    return WSMan(
        request["server"],
        port=request.get("port", 443 if tls else 80),
        path=request.get("path", "PowerShell"),
        ssl=tls,
        auth="kerberos",
        negotiate_service="http",
        operation_timeout=2,
        read_timeout=10,
        **({"cert_validation": request["caFile"]} if tls else {}),
    )


def invoke(pool, call):
    shell = PowerShell(pool)
    if "script" in call:
        shell.add_script(call["script"])
    else:
        shell.add_cmdlet(call["name"])
        for name, value in call["parameters"].items():
            shell.add_parameter(name, argument(value))
    started = time.monotonic()
    output = shell.invoke()
    return {
        "state": shell.state,
        "seconds": time.monotonic() - started,
        "output": [
            {key: str(value) for key, value in one.adapted_properties.items()} if hasattr(one, "adapted_properties") else str(one)
            for one in output
        ],
        "errors": [{"message": str(error), "id": error.fq_error} for error in shell.streams.error],
        "warnings": [str(warning) for warning in shell.streams.warning],
    }


def run():
    with connect() as wsman:
        pools = []
        try:
            for _ in range(request.get("pools", 1)):
                pools.append(RunspacePool(wsman, configuration_name="Microsoft.Exchange"))
                pools[-1].open()
            if request.get("secrets"):
                pools[0].exchange_keys()
            return {"results": [invoke(pools[0], call) for call in request["calls"]]}
        except Exception as error:
            return {"failure": f"{type(error).__name__}: {error}"}
        finally:
            for pool in pools:
                if pool.state == 2:
                    pool.close()


print(json.dumps(run()))
