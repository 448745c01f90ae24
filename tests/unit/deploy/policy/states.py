"""Observed states, for hypothesis and by hand."""

from __future__ import annotations

from hypothesis import strategies as st

from ekiben.deploy.policy import BurstHistory, Observed, OnDemandState, Pool, PoolHistory, PoolState
from ekiben.deploy.policy.history import SHARES

NOW_S = 10_000.0


def pool(index: int = 0, price: float = 0.35) -> Pool:
    return Pool(f"region-{index // 3}", f"zone-{index}", "g5.xlarge", price)


def state(
    pools: tuple[PoolState, ...],
    *,
    needed: int = 4,
    cold_start_s: float = 60.0,
    on_demand: OnDemandState | None = None,
    losses: BurstHistory | None = None,
    slack_s: float = 0.0,
) -> Observed:
    return Observed(
        now_s=NOW_S,
        needed=needed,
        cold_start_s=cold_start_s,
        usable_notice_s=60.0,
        pools=pools,
        on_demand=on_demand or OnDemandState(1.0, cold_start_s),
        losses=losses or BurstHistory(),
        slack_s=slack_s,
    )


def histories() -> st.SearchStrategy[BurstHistory]:
    return st.builds(
        lambda held_s, beyond: BurstHistory(held_s, tuple(sorted(beyond, reverse=True))),
        st.floats(0, 1e6),
        st.lists(st.floats(0, 50), min_size=len(SHARES), max_size=len(SHARES)),
    )


def pool_states() -> st.SearchStrategy[PoolState]:
    counts = st.integers(0, 6)
    ago = st.sampled_from([0.0, 30.0, 120.0, 1e9])
    history = st.builds(
        lambda held_s, share, refused: PoolHistory(held_s, share, NOW_S - refused),
        st.floats(0, 1e5),
        st.floats(0, 50),
        ago,
    )
    return st.builds(PoolState, st.builds(pool, st.integers(0, 8)), counts, counts, counts, history)


def observed() -> st.SearchStrategy[Observed]:
    return st.builds(
        lambda pools, needed, cold, start, ready, starting, losses: state(
            tuple(pools),
            needed=needed,
            cold_start_s=cold,
            on_demand=OnDemandState(1.0, min(start, cold), ready, starting),
            losses=losses,
        ),
        st.lists(pool_states(), min_size=1, max_size=6),
        st.integers(0, 20),
        st.sampled_from([60.0, 120.0, 300.0]),
        st.sampled_from([60.0, 300.0]),
        st.integers(0, 6),
        st.integers(0, 6),
        histories(),
    )
