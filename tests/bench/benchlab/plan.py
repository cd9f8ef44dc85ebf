"""How much is measured: --quick for a test run, the default for twenty minutes, --long."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    name: str
    repeat_s: float             # of each measure: how long it may repeat what was spoilt
    begin_until_s: float        # no measure begins later: the machine is too busy for all of them
    end_s: float                # whatever is measured then is ended
    measure_s: float            # no turn of a measure begins later than that after it has begun
    gap_turns: dict             # advert interval in ms -> turns
    claim_turns: dict           # addresses -> turns
    cost_turns: dict            # (instances, interval in ms) -> turns
    cost_seconds: float
    steady_seconds: float
    steady_turns: int
    steady_pressures: tuple
    many_turns: dict            # instances -> turns
    many_clients: int
    many_calls: int             # of status, one after the other
    many_rest_s: float          # before people ask: what they may use together is saved up again
    hot_instances: int
    callgrind_seconds: float    # 0: without


QUICK = Plan(
    name="quick", repeat_s=0, begin_until_s=150, end_s=540, measure_s=300,
    gap_turns={100: 1}, claim_turns={100: 1},
    cost_turns={(20, 100): 1}, cost_seconds=2, steady_seconds=3, steady_turns=1,
    steady_pressures=("idle",), many_turns={100: 1}, many_clients=20, many_calls=10,
    many_rest_s=0, hot_instances=50, callgrind_seconds=0)

DEFAULT = Plan(
    name="default", repeat_s=20, begin_until_s=1200, end_s=1680, measure_s=600,
    gap_turns={10: 2, 100: 1, 1000: 1},
    claim_turns={1: 3, 100: 3, 1000: 3, 10000: 1},
    # What has a limit comes first.
    cost_turns={(255, 100): 2, (1, 1000): 2, (50, 100): 1, (1000, 1000): 1, (4000, 1000): 1},
    cost_seconds=10, steady_seconds=10, steady_turns=1,
    steady_pressures=("idle", "cpu", "softirq"), many_turns={4000: 1}, many_clients=100,
    many_calls=200, many_rest_s=6, hot_instances=50, callgrind_seconds=4)

LONG = Plan(
    name="long", repeat_s=1800, begin_until_s=86400, end_s=172800,
    measure_s=43200,
    gap_turns={10: 10, 100: 10, 1000: 5},
    claim_turns={1: 5, 10: 5, 100: 5, 1000: 5, 4000: 3, 10000: 3},
    cost_turns={(count, interval): 3 for count in (1, 50, 255, 1000, 4000)
                for interval in (1000, 100)},
    cost_seconds=20, steady_seconds=600, steady_turns=1,
    steady_pressures=("idle", "cpu", "memory", "disk", "softirq", "fork"),
    many_turns={1000: 2, 4000: 2}, many_clients=100, many_calls=1000, many_rest_s=6,
    hot_instances=50, callgrind_seconds=10)

PLANS = {plan.name: plan for plan in (QUICK, DEFAULT, LONG)}
