#!/usr/bin/env python3
"""Speaks containerd's Kubernetes interface (CRI v1) as a kubelet would: cri.py SOCKET IMAGE [SLICE].

One pod of one container by the runtime that the configuration names "hull", and what happens to it, a line each.
Messages are written by their numbers in api.proto; what is needed of it is here.
"""
import socket
import struct
import sys

NODE = 2  # the host's namespace
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACK, END_STREAM, END_HEADERS = 1, 1, 4


class Failure(Exception):
    pass


def number(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def message(fields):
    """Of {number: int, str, bytes, another message as dict, or a list of these}."""
    out = b""
    for key, values in fields.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                out += number(key << 3) + number(value)
                continue
            if isinstance(value, dict):
                value = message(value)
            value = value.encode() if isinstance(value, str) else value
            out += number(key << 3 | 2) + number(len(value)) + value
    return out


def fields(data):
    """The reverse: {number: last value}."""
    out, at = {}, 0

    def read():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = read()
        value = read()
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        out[key >> 3] = value
    return out


def frame(kind, flags, payload, stream=1):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def call(method, request):
    """One connection of HTTP/2 for one call of gRPC. An error comes without data."""
    headers = b"".join(b"\0" + number(len(part[0])) + part[0] + number(len(part[1])) + part[1] for part in (
        (b":method", b"POST"), (b":scheme", b"http"), (b":authority", b"localhost"),
        (b":path", b"/runtime.v1.RuntimeService/" + method.encode()),
        (b"content-type", b"application/grpc"), (b"te", b"trailers")))
    body = message(request)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(120)
        connection.connect(sys.argv[1])
        stream = connection.makefile("rwb", buffering=0)
        stream.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, b"", 0)
                     + frame(HEADERS, END_HEADERS, headers)
                     + frame(DATA, END_STREAM, struct.pack(">BI", 0, len(body)) + body))
        data = b""
        while True:
            head = read_exactly(stream, 9)
            payload = read_exactly(stream, int.from_bytes(head[:3], "big"))
            if head[3] == SETTINGS and not head[4] & ACK:
                stream.write(frame(SETTINGS, ACK, b"", 0))
            if head[3] == PING and not head[4] & ACK:
                stream.write(frame(PING, ACK, payload, 0))
            if head[3] == DATA:
                data += payload
            if head[3] in (DATA, HEADERS) and head[4] & END_STREAM or head[3] in (RESET, GOAWAY):
                break
    if not data:
        raise Failure(method)
    return fields(data[5:])


def read_exactly(stream, size):
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            raise EOFError("containerd hung up")
        data += more
    return data


def status():
    return fields(call("ContainerStatus", {1: container})[1])


def execute(*command):
    answer = call("ExecSync", {1: container, 2: list(command), 3: 60})
    return answer.get(3, 0), answer.get(1, b"").decode().strip()


STATES = ["created", "running", "exited", "unknown"]
pod_config = {1: {1: "pod", 2: "uid", 3: "default"}, 8: {1: sys.argv[3:], 2: {1: {1: NODE}}}}
pod = call("RunPodSandbox", {1: pod_config, 2: "hull"})[1]
container = call("CreateContainer", {1: pod, 3: pod_config, 2: {
    1: {1: "container"}, 2: {1: sys.argv[2]},
    3: ["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done"], 6: {1: "A", 2: "x y"},
    15: {1: {1: 100000, 2: 50000, 4: 32 << 20}, 2: {3: {1: NODE}}}}})[1]
print(STATES[status().get(3, 0)])
call("StartContainer", {1: container})
print(STATES[status().get(3, 0)])
print(*execute("sh", "-c", "echo $A; exit 4"))
print(*execute("cat", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max"))
call("UpdateContainerResources", {1: container, 2: {4: 64 << 20}})
print(*execute("cat", "/sys/fs/cgroup/memory.max"))
try:
    execute("no-such-program")
except Failure as failure:
    print("failed", failure)
call("StopContainer", {1: container, 2: 60})
print(STATES[status()[3]], status().get(7, 0))
call("RemoveContainer", {1: container})
call("StopPodSandbox", {1: pod})
call("RemovePodSandbox", {1: pod})
