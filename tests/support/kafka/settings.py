"""What the test broker is configured with."""

import random
import socket
from collections.abc import Mapping
from pathlib import Path

LARGEST_MESSAGE = 16 * 1024 * 1024

# Below the range the kernel hands to outgoing connections: none of them can take the port while
# the broker is down, and a client retrying the dead port cannot end up connected to itself.
_PORTS = range(20_000, 32_000)

_FIXED = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "CLIENT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "2",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # A test that freezes a worker past its session cannot wait for Kafka's usual six seconds.
    "group.min.session.timeout.ms": "1000",
    "message.max.bytes": str(LARGEST_MESSAGE),
    "replica.fetch.max.bytes": str(LARGEST_MESSAGE),
    # The default takes a quarter of the small heap at once.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    # A killed broker may not register again before its last session has run out.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # A test needs no more, and each thread of an idle broker wakes up to look for work.
    "num.io.threads": "2",
    "num.network.threads": "1",
    "background.threads": "2",
    # By default an idle controller writes twice a second that there is nothing to write.
    "metadata.max.idle.interval.ms": "0",
}


def server_properties(data: Path, port: int, controller_port: int, more: Mapping[str, str]) -> str:
    placed = {
        "log.dirs": str(data),
        "listeners": f"CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
    }
    listeners = {key: f"{placed[key]},{more[key]}" for key in placed if key in more}
    settings = {**_FIXED, **placed, **more, **listeners}
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def free_ports(count: int) -> list[int]:
    found: set[int] = set()
    # Its own generator: a test that seeds the shared one would make every broker try one port.
    choose = random.SystemRandom().choice
    for _ in _PORTS:
        if len(found) == count:
            return list(found)
        if _is_free(port := choose(_PORTS)):
            found.add(port)
    raise OSError(f"no {count} free ports between {_PORTS.start} and {_PORTS.stop}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
