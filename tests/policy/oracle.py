"""What the core should answer, worked out the slow way: a clock on the wall, and every minute of a day written out.

Nothing here calls the code under test; it only reads the dataclasses that describe a school.
"""

from datetime import UTC, date, datetime, timedelta

from lunchbell.policy.calendar import Bells, Calendar
from lunchbell.policy.rules import Circumstances, Rule
from lunchbell.policy.verdicts import Judge, Use, Verdict
from lunchbell.policy.words import Activity, Audience, Outcome, Period

MINUTE = 60_000


def period_of(calendar: Calendar, timetable: str, ms: int) -> Period:
    """The period by the wall's own date and minute."""
    wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(calendar.zone)
    return whole_day(calendar, timetable, wall.date())[wall.hour * 60 + wall.minute]


def whole_day(calendar: Calendar, timetable: str, day: date) -> list[Period]:
    """The period of each of a day's 1440 minutes."""
    table = calendar.timetables[timetable]
    listed = day.weekday() in table.weekdays
    in_term = any(term.first <= day <= term.last for term in calendar.terms)
    off = day in calendar.bank_holidays or any(c.first <= day <= c.last for c in calendar.closures)
    if not (day in calendar.staff_days or (listed and in_term and not off)):
        return [Period.CLOSED] * 1440
    bells = table.weekdays[day.weekday()] if listed else table.usual
    minutes = _minutes(bells)
    for special in calendar.special_days:
        if special.date != day or special.timetable not in (None, timetable):
            continue
        start, end = special.work or _ends(minutes)
        inherited = [m if m in (Period.BREAK, Period.LUNCH) else Period.WORK for m in minutes]
        if special.breaks is not None:
            inherited = [Period.WORK if m is Period.BREAK else m for m in inherited]
        if special.lunches is not None:
            inherited = [Period.WORK if m is Period.LUNCH else m for m in inherited]
        for spans, period in ((special.breaks, Period.BREAK), (special.lunches, Period.LUNCH)):
            for first, last in spans or ():
                inherited[first:last] = [period] * (last - first)
        before, after = [Period.BEFORE_WORK] * start, [Period.AFTER_WORK] * (1440 - end)
        minutes = before + inherited[start:end] + after
    return minutes


def _minutes(bells: Bells) -> list[Period]:
    minutes = [Period.BEFORE_WORK] * 1440
    minutes[bells.work[0] :] = [Period.WORK] * (1440 - bells.work[0])
    for first, last in bells.breaks:
        minutes[first:last] = [Period.BREAK] * (last - first)
    for first, last in bells.lunches:
        minutes[first:last] = [Period.LUNCH] * (last - first)
    minutes[bells.work[1] :] = [Period.AFTER_WORK] * (1440 - bells.work[1])
    return minutes


def _ends(minutes: list[Period]) -> tuple[int, int]:
    outside = (Period.BEFORE_WORK, Period.AFTER_WORK)
    worked = [n for n, period in enumerate(minutes) if period not in outside]
    return worked[0], worked[-1] + 1


def rule_covers(rule: Rule, case: Circumstances) -> bool:
    """Whether a rule speaks of a case, part by part."""
    for part, value in (
        (rule.audience, case.audience),
        (rule.equipment, case.equipment),
        (rule.network, case.network),
        (rule.activities, case.activity),
        (rule.periods, case.period),
    ):
        if part is not None and value not in part:
            return False
    if rule.official not in (None, case.official) or rule.designated not in (None, case.designated):
        return False
    named = [case.kind in rule.kinds] if rule.kinds is not None else []
    named += [case.service in rule.services] if rule.services is not None else []
    return not named or any(named)


def verdict_of(judge: Judge, use: Use, ms: int) -> Verdict:
    """DESIGN.md, sections 1 and 3, for one use at one instant; only the timelines are the judge's own."""
    group = use.group
    timeline = judge.timelines[judge.people.get(use.user, group.timetable)]
    now = timeline.period_at(ms)
    found = _policy_says(judge, use, now)
    if found.outcome is not Outcome.NOT_PERMITTED:
        return found
    for back in range(judge.grace):  # every millisecond would do; bells ring on whole minutes
        then = ms - back
        if back and then % MINUTE != MINUTE - 1 and then % MINUTE:
            continue
        before = timeline.period_at(then - 1)
        if before is not timeline.period_at(then):
            earlier = _policy_says(judge, use, before)
            if earlier.outcome is Outcome.PERMITTED:
                return Verdict(now, earlier.outcome, earlier.rule, earlier.clause)
    liftable = any(rule.id == found.rule and rule.approval for rule in judge.policy.rules)
    for approval in judge.approvals:
        whose = use.user == approval.user if approval.user else group.id == approval.group
        what = use.service.id in approval.services or use.service.kind in approval.kinds
        since = approval.first if approval.granted is None else max(approval.first, approval.granted)
        if liftable and whose and what and since <= ms < approval.last:
            return Verdict(now, Outcome.APPROVED, found.rule, found.clause)
    return found


def _policy_says(judge: Judge, use: Use, period: Period) -> Verdict:
    group, service = use.group, use.service
    if use.activity is Activity.EMBEDDED:
        return Verdict(period, Outcome.NOT_COVERED, "embedded")
    if group.audience in (Audience.PUPILS, Audience.VISITORS):
        return Verdict(period, Outcome.NOT_COVERED, "audience")
    if service.id in judge.teaching and use.activity in (Activity.OPEN, Activity.CONTACT, Activity.SIGN_IN):
        return Verdict(period, Outcome.PERMITTED, "teaching")
    case = Circumstances(
        group.audience,
        use.user in judge.official,
        group.equipment,
        group.designated,
        use.network,
        service.kind,
        service.id,
        use.activity,
        period,
    )
    rule = next(rule for rule in judge.policy.rules if rule_covers(rule, case))
    return Verdict(period, rule.outcome, rule.id, rule.clause)
