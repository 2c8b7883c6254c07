"""What the machine says of itself: the seam at which a test puts a machine that is not well."""

import importlib.util
import shutil
import sys
import time
from pathlib import Path

import psutil


class Readings:
    """Readings of this machine; bytes and Unix seconds."""

    def python_version(self) -> tuple[int, int]:
        return sys.version_info[:2]

    def has_package(self, name: str) -> bool:
        return importlib.util.find_spec(name) is not None

    def memory_available(self) -> int:
        return int(psutil.virtual_memory().available)

    def disk_free(self, path: Path) -> int:
        """Free space where `path` lies, or will lie."""
        while not path.exists():
            path = path.parent
        return shutil.disk_usage(path).free

    def now(self) -> float:
        return time.time()
