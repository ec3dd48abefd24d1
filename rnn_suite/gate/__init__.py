"""The gate's tests in an installed package: `pytest --pyargs rnn_suite.gate -m smoke`.

A wheel carries `tests/gate` in here, and `baselines` in `rnn_suite/recorded`; in a checkout both lie at the
root, where `pytest -m smoke` finds them.
"""
