"""Kafka's jars from Maven, once, kept outside any checkout, and the Java that runs them."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from .errors import SetupError
from .progress import Progress

VERSION = "4.1.1"
_JAVA = 17
_REMEDY = (
    f"Kafka needs Java {_JAVA} or newer and, once, Maven with an artifact repository that it can reach. "
    "Or use a Kafka that runs elsewhere: set KAFKA_BROKERS"
)
# The artifact names its own dependencies; what it logs through is ours to choose: plain lines on stderr.
_PROJECT = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>platform</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"


def obtain(say: Callable[[str], None] = print) -> Path:
    """The folder with the jars. Milliseconds and no network once they are there. Raises SetupError."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "pyairtable-platform" / "kafka"
    kept = base / VERSION
    if kept.is_dir():
        return kept
    base.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=base, prefix=".scratch-"))
    try:
        (scratch / "pom.xml").write_text(_PROJECT, encoding="utf-8")
        Progress(say).run(
            f"obtaining Kafka {VERSION} (43 MB, once)",
            ["mvn", "--batch-mode", "--quiet", "--strict-checksums", _COPY, f"-DoutputDirectory={scratch / 'jars'}"],
            cwd=scratch,
            environment=os.environ,
            remedy=_REMEDY,
        )
        if not kept.is_dir():  # a second run may have been faster
            (scratch / "jars").rename(kept)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return kept


def java() -> str:
    """The `java` to use. Raises SetupError when there is none that is new enough."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not program:
        raise SetupError(f"there is no Java on this machine. {_REMEDY}")
    try:
        said = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"{program} cannot be run ({error}). {_REMEDY}") from None
    found = re.search(r'version "(\d+)', said)
    if not found or int(found[1]) < _JAVA:
        raise SetupError(f"{program} is {said.splitlines()[0] if said else 'of no known version'}. {_REMEDY}")
    return program
