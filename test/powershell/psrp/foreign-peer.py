"""psrpcore as the other end, driven over JSON lines: one line in (bytes, or something to do), one line out (what it understood, what it sends)."""

import base64
import json
import sys
import traceback
import uuid

import psrpcore
from psrpcore import types as ps

role = sys.argv[1]
pool = psrpcore.ServerRunspacePool() if role == "server" else psrpcore.ClientRunspacePool(host=ps.HostInfo(IsHostNull=False, IsHostUINull=False))
pipelines = {}


def plain(value):
    """A value by its class and text: what psrpcore takes it for."""
    if isinstance(value, ps.PSSecureString):
        return ["PSSecureString", value.decrypt()]
    if isinstance(value, ps.PSCredential):
        return ["PSCredential", value.UserName, value.Password.decrypt()]
    if isinstance(value, dict):
        return [type(value).__name__, [[plain(key), plain(item)] for key, item in value.items()]]
    if isinstance(value, list):
        return [type(value).__name__, [plain(item) for item in value]]
    if isinstance(value, (bytes, bytearray)):
        return [type(value).__name__, base64.b64encode(value).decode()]
    return [type(value).__name__, str(value)]


def record(value):
    return {"message": str(value), "id": value.FullyQualifiedErrorId, "category": int(value.CategoryInfo.Category)}


def describe(event):
    told = {"type": type(event).__name__}
    if isinstance(event, psrpcore.CreatePipelineEvent):
        told["commands"] = [
            [command.command_text, command.is_script, [[name, plain(value)] for name, value in command.parameters]]
            for command in event.pipeline.commands
        ]
    elif isinstance(event, (psrpcore.PipelineInputEvent, psrpcore.PipelineOutputEvent)):
        told["value"] = plain(event.data)
    elif isinstance(event, psrpcore.InitRunspacePoolEvent):
        told["value"] = [event.min_runspaces, event.max_runspaces, plain(event.application_arguments)]
    elif isinstance(event, (psrpcore.PipelineStateEvent, psrpcore.RunspacePoolStateEvent)):
        told["value"] = event.state.name
        if event.reason is not None:
            told["record"] = record(event.reason)
    elif isinstance(event, psrpcore.ErrorRecordEvent):
        told["record"] = record(event.record)
    elif isinstance(event, (psrpcore.WarningRecordEvent, psrpcore.VerboseRecordEvent, psrpcore.DebugRecordEvent)):
        told["value"] = event.record.Message
    elif isinstance(event, psrpcore.InformationRecordEvent):
        told["value"] = [str(event.record.MessageData), event.record.Source]
    elif isinstance(event, psrpcore.ProgressRecordEvent):
        told["value"] = [event.record.Activity, event.record.PercentComplete]
    elif isinstance(event, (psrpcore.PipelineHostResponseEvent, psrpcore.RunspacePoolHostResponseEvent)):
        told["value"] = plain(event.result)
    elif isinstance(event, (psrpcore.PipelineHostCallEvent, psrpcore.RunspacePoolHostCallEvent)):
        told["value"] = [event.method_identifier.name, plain(event.method_parameters)]
    for name in ("ci", "count", "success"):
        if hasattr(event, name):
            told[name] = getattr(event, name)
    return told


def receive(ask):
    pipeline_id = uuid.UUID(ask["pipeline"]) if ask["pipeline"] else None
    if role == "server" and pipeline_id and pipeline_id not in pool.pipeline_table:
        pipelines[ask["pipeline"]] = psrpcore.ServerPipeline(pool, pipeline_id)
    data = bytearray(base64.b64decode(ask["data"]))
    pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, pipeline_id))
    told = []
    while True:
        event = pool.next_event()
        if event is None:
            return told
        told.append(describe(event))
        if isinstance(event, psrpcore.PipelineInputEvent):
            pipelines[ask["pipeline"]].write_output(event.data)


def start(script, commands):
    shell = psrpcore.ClientPowerShell(pool, no_input=False)
    for name, parameters in commands:
        if script:
            shell.add_script(name)
        else:
            shell.add_command(name)
        for key, value in parameters.items():
            shell.add_parameter(key, ps.PSSecureString(value["secret"]) if isinstance(value, dict) and "secret" in value else value)
    shell.start()
    pipelines[str(shell.pipeline_id)] = shell
    return str(shell.pipeline_id)


actions = {
    "open": lambda: pool.open(),
    "exchangeKey": lambda: pool.exchange_key(),
    "requestKey": lambda: pool.request_key(),
    "startServer": lambda id: pipelines[id].start(),
    "start": start,
    "send": lambda id, value: pipelines[id].send(value),
    "sendEnd": lambda id: pipelines[id].send_eof(),
    "secret": lambda id, text: pipelines[id].write_output(ps.PSSecureString(text)),
    "error": lambda id, text: pipelines[id].write_error(
        ps.NETException(text), ps.ErrorCategoryInfo(Category=ps.ErrorCategory.ObjectNotFound), fully_qualified_error_id="foreign"
    ),
    "warning": lambda id, text: pipelines[id].write_warning(text),
    "verbose": lambda id, text: pipelines[id].write_verbose(text),
    "debug": lambda id, text: pipelines[id].write_debug(text),
    "progress": lambda id, text: pipelines[id].write_progress(text, 1, "status", percent_complete=7),
    "information": lambda id, text: pipelines[id].write_information(text, "source"),
    "call": lambda id, method, *values: pipelines[id].host_call(ps.HostMethodIdentifier[method], list(values)),
    "answer": lambda id, ci, value: (pipelines[id] if id else pool).host_response(ci, return_value=value),
    "complete": lambda id: pipelines[id].complete(),
    "stop": lambda id: (pipelines[id].begin_stop(), pipelines[id].stop())[0],
    "available": lambda ci, value: pool.runspace_availability_response(ci, value),
    "getAvailable": lambda: pool.get_available_runspaces(),
    "setMax": lambda count: pool.set_max_runspaces(count),
    "reset": lambda: pool.reset_runspace_state(),
    "state": lambda: pool.state.name,
}

for line in sys.stdin:
    ask = json.loads(line)
    answer = {"events": [], "data": [], "result": None, "error": None}
    try:
        if "data" in ask:
            answer["events"] = receive(ask)
        else:
            answer["result"] = actions[ask["do"]](*ask["with"])
        while True:
            payload = pool.data_to_send()
            if not payload:
                break
            pipeline = str(payload.pipeline_id) if payload.pipeline_id else None
            answer["data"].append([pipeline, base64.b64encode(payload.data).decode()])
    except Exception:
        answer["error"] = traceback.format_exc()
    print(json.dumps(answer), flush=True)
