"""The work of bench/psrp.ts by psrpcore over the standard input and output of a PowerShell server; prints its times as JSON."""

import base64
import json
import subprocess
import sys
import time
import uuid
import xml.etree.ElementTree as xml

import psrpcore
from psrpcore import types as ps

executable, module, commands, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
no_id = str(uuid.UUID(int=0))


def write(verb, id, data=None):
    head = f"<{verb} Stream='Default' PSGuid='{id}'>" if verb == "Data" else f"<{verb} PSGuid='{id}' />"
    body = base64.b64encode(data).decode() + "</Data>" if verb == "Data" else ""
    server.stdin.write(f"{head}{body}\n".encode())
    server.stdin.flush()


def flush():
    while True:
        payload = pool.data_to_send()
        if not payload:
            return
        write("Data", str(payload.pipeline_id) if payload.pipeline_id else no_id, payload.data)


def read():
    """Takes one line; gives its verb and id, with all data handed to psrpcore."""
    element = xml.fromstring(server.stdout.readline())
    id = element.attrib["PSGuid"].lower()
    if element.tag == "Data":
        pipeline = None if id == no_id else uuid.UUID(id)
        data = bytearray(base64.b64decode(element.text))
        pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, pipeline))
    return element.tag, id


def prepared(name, **parameters):
    shell = psrpcore.ClientPowerShell(pool)
    shell.add_command(name)
    shell.add_parameters(**parameters)
    shell.start()
    return shell, pool.data_to_send().data


def invoke(name, **parameters):
    shell, data = prepared(name, **parameters)
    id = str(shell.pipeline_id)
    write("Command", id)
    while read() != ("CommandAck", id):
        pass
    write("Data", id, data)
    output = []
    while True:
        event = pool.next_event()
        if event is None:
            read()
        elif isinstance(event, psrpcore.PipelineOutputEvent):
            output.append(event.data)
        elif isinstance(event, psrpcore.PipelineStateEvent):
            shell.close()
            # As ours: the acknowledgement comes while the next command is on its way.
            write("Close", id)
            assert event.state == ps.PSInvocationState.Completed
            return output


def milliseconds(work):
    started = time.perf_counter()
    result = work()
    return (time.perf_counter() - started) * 1000, result


def opened():
    global pool, server
    pool = psrpcore.ClientRunspacePool()
    server = subprocess.Popen(
        [executable, "-NoLogo", "-NoProfile", "-s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    pool.open()
    flush()
    while pool.state != ps.RunspacePoolState.Opened:
        read()
        while pool.next_event() is not None:
            pass


def in_a_row():
    times = []
    for number in range(commands):
        took, output = milliseconds(lambda: invoke("Write-Output", InputObject=number))
        assert output == [number]
        times.append(took)
    return sorted(times)[commands // 2]


def bulk(name):
    took, output = milliseconds(lambda: invoke(name))
    found[name] = len(output)
    return took


def best(work):
    return min(work() for _ in range(repeats))


found = {}
open_time, _ = milliseconds(opened)
for _ in range(1, repeats):
    server.kill()
    server.wait()
    open_time = min(open_time, milliseconds(opened)[0])
invoke("Import-Module", Name=module)
rows = [milliseconds(in_a_row) for _ in range(repeats)]
times = {
    "open": open_time,
    "row": min(row for row, _ in rows),
    "command": min(median for _, median in rows),
    "text": best(lambda: bulk("Get-Text")),
    "objects": bulk("Get-Object"),
}
server.kill()
print(json.dumps({"times": times, "found": found}))
