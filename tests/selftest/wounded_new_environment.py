"""A pytest plugin: `-m upgrade` starts the workers of the new environment wounded, by `wounded_worker`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import rnn_suite.plugin.upgrade


def pytest_configure() -> None:
    module: Any = rnn_suite.plugin.upgrade
    original = module.plan_for

    def wounded(*args: Any) -> Any:
        plan = original(*args)
        launcher = Path(__file__).with_name("wounded_worker.py")
        return replace(plan, environments=replace(plan.environments, candidate_launcher=launcher))

    module.plan_for = wounded
