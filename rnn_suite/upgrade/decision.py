"""Whether a question of an upgrade got worse: a first set of pairs to suspect, a second one to confirm.

- Replicate: a pair, one fresh process in the old environment and one in the new, whose order a fair coin
  decides anew. It gives one number a question, positive where new is worse: the logarithm of new over
  old, or old minus new for accuracies in fractions.
- Null: the two environments behave alike. Then the coin makes each difference symmetric about 0, which is
  all that the signed-rank test asks for.
- Effect: the centre of the differences; `margin` is the smallest one a person minds, on the same scale.
- Rates: nothing is called regressed on the first set, which only chooses the suspects. The suspects are
  measured in new processes and tested after two numbers of pairs fixed beforehand, each time at an equal
  share of `FALSE_ALARM` (Bonferroni). So a whole run of a harmless upgrade, or one in which whatever
  changed got better, ends with a false red at most that often, whatever the first set looked like and
  however often it was looked at. A question whose true centre is its margin or beyond passes at most
  `sum(PASS_ALPHA.values()) + 2 * CONFIRMED_PASS_ALPHA` < 5 % of the time, by adding up the looks; this
  one takes it that the noise is symmetric about that centre too.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from rnn_suite.signed_rank import (
    hodges_lehmann,
    lower_bound,
    p_above,
    smallest_visible,
    upper_bound,
)

PASS_ALPHA = {6: 1 / 64, 8: 0.008, 10: 0.007, 13: 0.005, 16: 0.004}
"""At what level a question may pass in the first set, by the number of pairs it is looked at after."""

LOOKS = tuple(PASS_ALPHA)
"""After how many pairs the first set is looked at; declared beforehand."""

CONFIRMED_PASS_ALPHA = 0.005
"""At what level a suspect may pass at each of the two looks at the second set."""

SUSPECT_ALPHA = 0.05
"""At what level a question becomes a suspect at each look. It costs time and no false alarms."""

FALSE_ALARM = 0.01
"""In what share of whole runs a harmless upgrade may be called regressed, over all questions together."""

POWER = 0.95
"""In what share of runs a change of the smallest visible size is seen."""


class State(enum.StrEnum):
    """How a question stands after a look."""

    OPEN = "open"
    """More pairs are wanted; inconclusive where there is no time for them."""
    SUSPECT = "suspect"
    """Wants a second set; inconclusive where there is no time for it."""
    PASS = "pass"  # noqa: S105 (no password)
    """Worse by less than the margin."""
    IMPROVED = "improved"
    """A pass that is better beyond noise, by the margin or more. No second set asks again."""
    REGRESSED = "regressed"
    """Worse beyond noise in the second set, by half the margin or more."""
    INCONCLUSIVE = "inconclusive"
    """All pairs are used up and the noise is too wide to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How one question stands, and the numbers to tell a person. All are on the scale of the differences."""

    state: State
    estimate: float
    """Centre of the differences; positive is worse."""
    lower: float
    """Lower end of the two-sided interval."""
    upper: float
    """Upper end of the two-sided interval."""
    confidence: float
    """What the interval's confidence is at least, taken by itself: 0.95 from six pairs on."""
    pairs: int
    smallest_visible: float
    """The shift that so many pairs with this noise tell from none in a share `POWER` of runs.

    At the level of a suspect in the first set, and of one look at one of all suspects in the second.
    """
    confirmed: bool
    """Whether it rests on a second set, measured because the first made the question a suspect."""


def look(differences: Sequence[float], *, margin: float, red: float | None = None) -> Decision:
    """Return how a question stands after its first pairs. A state other than open is final.

    May be asked after each pair: between the looks a question stays open, so that asking costs nothing.

    Args:
        differences: one a pair, of the first set.
        margin: the smallest centre a person minds, above 0.
        red: the estimate from which a question becomes a suspect; half the margin where it is None.

    Raises:
        ValueError: if there are no differences, one is NaN or infinite, or the margin is not above 0.
    """
    _check_margin(margin)
    red = margin / 2 if red is None else red
    state = State.OPEN
    if len(differences) in PASS_ALPHA:
        estimate = hodges_lehmann(differences)
        upper = upper_bound(differences, PASS_ALPHA[len(differences)])
        if estimate >= red and p_above(differences, 0.0) <= SUSPECT_ALPHA:
            state = State.SUSPECT
        elif upper < 0 and estimate <= -margin:
            state = State.IMPROVED
        elif upper < margin:
            state = State.PASS
        elif len(differences) == LOOKS[-1]:
            state = State.INCONCLUSIVE
    return _decision(state, differences, alpha=SUSPECT_ALPHA, confirmed=False)


def confirmation_looks(suspects: int) -> tuple[int, int]:
    """Return after how many pairs the second set is looked at.

    First after the fewest with which a suspect can be called regressed at all, if every pair agrees. Then
    after the fewest with which one pair to the contrary, however far off, does not yet keep it from that when
    all others agree: a machine that was disturbed once hides nothing.

    Raises:
        ValueError: if there are no suspects.
    """
    if suspects < 1:
        raise ValueError(f"a second set is for one suspect or more, received {suspects}")
    early = late = 2
    while p_above([1.0] * early, 0.0) > _share(suspects):
        early += 1
    while p_above([1.0] * (late - 1) + [-2.0], 0.0) > _share(suspects):
        late += 1
    return early, late


def confirm(
    differences: Sequence[float], *, margin: float, suspects: int, red: float | None = None
) -> Decision:
    """Return what a second set says of one suspect at one of its looks.

    Regressed and pass are final. Inconclusive at the first look means that the second one is wanted.

    Args:
        differences: one a pair, of the second set only, as many as `confirmation_looks` says.
        margin: the smallest centre a person minds, above 0.
        suspects: how many share `FALSE_ALARM`.
        red: the estimate from which a suspect is regressed; half the margin where it is None.

    Raises:
        ValueError: if there are no differences, one is NaN or infinite, or the margin is not above 0.
    """
    _check_margin(margin)
    red = margin / 2 if red is None else red
    alpha = _share(suspects)
    state = State.INCONCLUSIVE
    if p_above(differences, 0.0) <= alpha and hodges_lehmann(differences) >= red:
        state = State.REGRESSED
    elif upper_bound(differences, CONFIRMED_PASS_ALPHA) < margin:
        state = State.PASS
    return _decision(state, differences, alpha=alpha, confirmed=True)


def _share(suspects: int) -> float:
    """Return the level of one suspect at one of the two looks."""
    return FALSE_ALARM / (2 * suspects)


def _check_margin(margin: float) -> None:
    if not 0 < margin < math.inf:
        raise ValueError(f"a margin must be finite and above 0, received {margin}")


def _decision(
    state: State, differences: Sequence[float], *, alpha: float, confirmed: bool
) -> Decision:
    tail = max(0.025, 0.5 ** len(differences))
    return Decision(
        state=state,
        estimate=hodges_lehmann(differences),
        lower=lower_bound(differences, tail),
        upper=upper_bound(differences, tail),
        confidence=1 - 2 * tail,
        pairs=len(differences),
        smallest_visible=smallest_visible(differences, alpha=alpha, power=POWER),
        confirmed=confirmed,
    )
