"""Kafka on one machine: one process that is broker and controller (KRaft), its settings, its data."""

import asyncio
import contextlib
import shutil
import subprocess
from pathlib import Path

from . import kafka_programs
from .credentials import write_private
from .errors import SetupError
from .operating_system import program_environment
from .process import Spec

USER = "platform"
# A failing event holds up those behind it in its partition, so there are many. No index file takes its 10 MB then.
PARTITIONS = 32
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=BROKER
listener.security.protocol.map=BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.broker.plain.sasl.jaas.config={login}
listener.name.controller.plain.sasl.jaas.config={login}
log.dirs={data}
num.partitions={partitions}
log.index.size.max.bytes=65536
log.retention.hours=24
message.max.bytes=16777216
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""
_LOGIN = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="{user}" password="{password}" user_{user}="{password}";'
)
# A small heap that grows on need; a quick start instead of the last tenth of speed.
_JAVA_OPTIONS = (
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)


def prepare(run_dir: Path, port: int, controller_port: int, password: str) -> None:
    """Write the settings, password included, to a file only its owner can read; format the storage if there is none.

    Blocks for a second when it formats. Raises SetupError.
    """
    directory = _directory(run_dir)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    login = _LOGIN.format(user=USER, password=password)
    data = directory / "data"
    text = _SETTINGS.format(port=port, controller_port=controller_port, login=login, data=data, partitions=PARTITIONS)
    write_private(directory / "server.properties", text)
    if (data / "meta.properties").exists():
        return
    format_it = _command(
        directory, "kafka.tools.StorageTool", "format", "--cluster-id", "pyairtable-platform", "--config"
    )
    done = subprocess.run(format_it, env=program_environment(directory), capture_output=True, text=True)
    if done.returncode:
        raise SetupError(
            f"Kafka's storage in {data} cannot be formatted: {(done.stderr or done.stdout).strip()[-400:]}"
        )


def spec(run_dir: Path, port: int, controller_port: int) -> Spec:
    directory = _directory(run_dir)

    async def ready() -> bool:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(0.9):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return True
        return False

    return Spec(
        name="kafka",
        kind="data",
        command=_command(directory, "kafka.Kafka"),
        environment=program_environment(directory),
        ports={"kafka": port, "controller": controller_port},
        ready=ready,
        grace=20.0,  # what it has in memory goes to disk
        working_directory=directory,
    )


def remove(run_dir: Path) -> None:
    """Delete its data. It must be stopped."""
    shutil.rmtree(_directory(run_dir), ignore_errors=True)


def _command(directory: Path, main: str, *arguments: str) -> tuple[str, ...]:
    jars = kafka_programs.obtain() / "*"
    settings = str(directory / "server.properties")
    return (kafka_programs.java(), *_JAVA_OPTIONS, "-classpath", str(jars), main, *arguments, settings)


def _directory(run_dir: Path) -> Path:
    return run_dir.absolute() / "kafka"
