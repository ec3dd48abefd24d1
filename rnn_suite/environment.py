"""The fingerprint of where a measurement was taken: library versions, machine, accelerator, settings."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path

import psutil

from rnn_suite.results import Environment

_TENSORFLOW_DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu", "tf-nightly", "tf-nightly-cpu")


def describe_environment() -> Environment:
    """Return the fingerprint of this process's environment.

    Versions are read from package metadata. The accelerator is asked of TensorFlow, which this imports.
    """
    import tensorflow as tf

    return Environment(
        python=platform.python_version(),
        tensorflow=_version(*_TENSORFLOW_DISTRIBUTIONS),
        keras=_version("keras", "keras-nightly"),
        numpy=_version("numpy"),
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=len(psutil.Process().cpu_affinity())
        if hasattr(psutil.Process, "cpu_affinity")
        else os.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30),
        accelerator=_accelerator(),
        threads=tf.config.threading.get_intra_op_parallelism_threads()
        or int(os.environ.get("TF_NUM_INTRAOP_THREADS") or 0),
        onednn=os.environ.get("TF_ENABLE_ONEDNN_OPTS") or "default",
    )


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries under test, without importing any of them."""
    return {
        "tensorflow": _version(*_TENSORFLOW_DISTRIBUTIONS),
        "keras": _version("keras", "keras-nightly"),
        "numpy": _version("numpy"),
    }


def _version(*distributions: str) -> str:
    for distribution in distributions:
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return "not installed"


def _processor() -> str:
    try:
        found = re.search(
            r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE
        )
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.processor() or "unknown"


def _accelerator() -> str:
    import tensorflow as tf

    names = [
        tf.config.experimental.get_device_details(device).get("device_name", "unnamed GPU")
        for device in tf.config.list_physical_devices("GPU")
    ]
    return ", ".join(names) or "none"
