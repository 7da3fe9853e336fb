"""From a time on the clock on the wall to an instant, refusing the times that a clock change spoils."""

from datetime import UTC, datetime, tzinfo


def instant_on_wall(local: datetime, zone: tzinfo) -> datetime:
    """The UTC instant of a naive time in `zone`; an aware one is only converted.

    ValueError if the time comes twice or not at all on that day, or lies at the very end of all years.
    """
    first, second = local.replace(fold=0), local.replace(fold=1)
    if local.tzinfo is None:
        first, second = first.replace(tzinfo=zone), second.replace(tzinfo=zone)
    try:
        early, late = first.astimezone(UTC), second.astimezone(UTC)
        back = early.astimezone(zone)
    except OverflowError:
        raise ValueError(f"the year of {local.isoformat(timespec='minutes')} is out of range") from None
    if early == late:
        return early
    problem = "comes twice" if back.replace(tzinfo=None, fold=0) == local.replace(fold=0) else "does not exist"
    raise ValueError(
        f"{local.isoformat(timespec='minutes')} {problem}, because the clocks change: add an offset, "
        f"such as {first.isoformat(timespec='minutes')} or {second.isoformat(timespec='minutes')}"
    )
