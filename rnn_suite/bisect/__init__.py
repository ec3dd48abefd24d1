"""Which package of an upgrade does it, and which release of that package: halving over environments.

    read what both ends have installed -> path of installable combinations -> halve over the path
        -> releases of the package that was found -> halve over the releases -> Culprit

The measurement itself is handed in: nothing here knows what is asked of an environment.
"""

from __future__ import annotations

from rnn_suite.bisect.culprit import Culprit, find_culprit
from rnn_suite.bisect.differences import changed_packages
from rnn_suite.bisect.errors import BisectError, InstallError

__all__ = ["BisectError", "Culprit", "InstallError", "changed_packages", "find_culprit"]
