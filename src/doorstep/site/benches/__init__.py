"""What `doorstep bench` measures: each figure beside a raw limit or a named peer, in the same run."""

import msgspec


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One measure; `ratio` is figure / peer_figure, for rates and times alike, `peak_mib` the largest process of ours."""

    name: str
    figure: float
    unit: str
    peer: str | None = None
    peer_figure: float | None = None
    ratio: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    peak_mib: float
    rows: int
