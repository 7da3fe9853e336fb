"""Verdicts: the overlays over a policy's rules, and when a verdict will change."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.oracle import verdict_of
from tests.policy.schools import (
    FREE_TIME,
    LUNCH_POLICY,
    at,
    bells,
    few,
    group,
    judge_of,
    judges,
    policy,
    rule,
    school_calendar,
    service,
    use,
    uses,
)

from lunchbell.policy.calendar import MINUTE, instant
from lunchbell.policy.verdicts import Approval, Judge, Use, Verdict, named_services, user_of
from lunchbell.policy.words import Activity, Audience, Kind, Network, Outcome, Period

ELEVEN = "2026-11-16T11:00"
LUNCH = "2026-11-16T12:20"


def verdict(judge: Judge, what: Use, when: str) -> Verdict:
    """The verdict at a time on the school's wall."""
    return judge.judge(what, instant(at(when)))


def outcome(judge: Judge, what: Use, when: str) -> str:
    """Its outcome alone."""
    return verdict(judge, what, when).outcome.value


@given(judges(), st.data())
def test_any_verdict_is_what_the_words_say(school: tuple[Judge, st.SearchStrategy[int]], data: st.DataObject) -> None:
    """Random schools, policies, approvals and grace against DESIGN.md's steps, one after the other."""
    judge, moments = school
    for what, ms in data.draw(st.lists(st.tuples(uses(), moments), min_size=5, max_size=20)):
        assert judge.judge_ms(what, ms) == verdict_of(judge, what, ms)
        assert judge.judge_ms(what, ms) == judge.judge_ms(what, ms)


def test_a_verdict_carries_what_decided() -> None:
    """Period, outcome, rule and clause."""
    judge = judge_of()
    assert verdict(judge, use(), LUNCH) == Verdict(Period.LUNCH, Outcome.PERMITTED, "free-time", "c-free-time")
    assert verdict(judge, use(), ELEVEN) == Verdict(
        Period.WORK, Outcome.NOT_PERMITTED, "working-time", "c-working-time"
    )


class TestNeverCovered:
    """Step 1."""

    def test_what_is_embedded(self) -> None:
        """Not even by a rule for everything, an official user or a teaching service."""
        judge = judge_of(official=frozenset({"comms"}), teaching=frozenset({"chirp"}))
        found = verdict(judge, use(Activity.EMBEDDED, user="comms"), ELEVEN)
        assert found == Verdict(Period.WORK, Outcome.NOT_COVERED, "embedded", "")

    @pytest.mark.parametrize("audience", list(Audience))
    def test_pupils_and_visitors(self, audience: Audience) -> None:
        """Only their use: contractors, governors and volunteers are judged like staff."""
        found = verdict(judge_of(), use(group=group(audience=audience)), ELEVEN)
        never = audience in (Audience.PUPILS, Audience.VISITORS)
        assert (found.outcome, found.rule) == (
            (Outcome.NOT_COVERED, "audience") if never else (Outcome.NOT_PERMITTED, "working-time")
        )


class TestTeaching:
    """Step 2."""

    judge = judge_of(teaching=frozenset({"tube"}))
    tube = service("tube", Kind.VIDEO)

    @pytest.mark.parametrize("activity", [a for a in Activity if a is not Activity.EMBEDDED])
    def test_opening_is_school_use_and_publishing_is_not(self, activity: Activity) -> None:
        """To open, sign in to or be in contact with it is permitted at any time."""
        found = verdict(self.judge, use(activity, service=self.tube), ELEVEN)
        opening = activity in (Activity.OPEN, Activity.CONTACT, Activity.SIGN_IN)
        assert (found.outcome, found.rule) == (
            (Outcome.PERMITTED, "teaching") if opening else (Outcome.NOT_PERMITTED, "working-time")
        )

    def test_other_services_are_not(self) -> None:
        """Not even those of the same kind."""
        assert outcome(self.judge, use(Activity.OPEN, service=service("clips", Kind.VIDEO)), ELEVEN) == "not_permitted"

    def test_a_policy_with_a_rule_against_it_is_overruled(self) -> None:
        """The school's own list says that opening it is school use."""
        strict = judge_of(rules=policy(rule("no-video", services=["tube"]), rule("all")), teaching=frozenset({"tube"}))
        assert outcome(strict, use(Activity.OPEN, service=self.tube), ELEVEN) == "permitted"


class TestOfficial:
    """Official users are a rule's own word."""

    judge = judge_of(official=frozenset({"comms"}))

    def test_a_rule_for_official_users_covers_them_alone(self) -> None:
        """Nobody else, and nobody who is not named."""
        assert verdict(self.judge, use(user="comms"), ELEVEN).rule == "official"
        assert outcome(self.judge, use(user="j.okafor"), ELEVEN) == "not_permitted"
        assert outcome(self.judge, use(), ELEVEN) == "not_permitted"

    def test_without_such_a_rule_they_are_judged_like_all(self) -> None:
        """The core adds no rule of its own."""
        judge = judge_of(rules=policy(rule("all")), official=frozenset({"comms"}))
        assert outcome(judge, use(user="comms"), LUNCH) == "not_permitted"

    def test_an_approval_and_a_grace_do_not_touch_what_is_permitted(self) -> None:
        """The official rule is what is cited."""
        approval = Approval(0, at("2027-01-01T00:00"), user="comms", services=frozenset({"chirp"}))
        judge = judge_of(official=frozenset({"comms"}), approvals=(approval,), grace=5 * MINUTE)
        assert verdict(judge, use(user="comms"), "2026-11-16T13:01").rule == "official"


def approved(what: Use, when: str, **changes: object) -> bool:
    """Whether an approval for j.okafor on chirp, Monday 09:00 to Friday 17:00, lifts the rule."""
    usual = {
        "first": at("2026-11-16T09:00"),
        "last": at("2026-11-20T17:00"),
        "user": "j.okafor",
        "services": frozenset({"chirp"}),
    }
    rules = policy(rule("working-time", approval=True))
    judge = judge_of(rules=rules, approvals=(Approval(**(usual | changes)),))  # type: ignore[arg-type]
    found = verdict(judge, what, when)
    assert found.rule == "working-time"
    assert found.outcome in (Outcome.APPROVED, Outcome.NOT_PERMITTED)
    return found.outcome is Outcome.APPROVED


class TestApprovals:
    """Step 5."""

    hers = use(user="j.okafor")

    @pytest.mark.parametrize(
        ("when", "is_approved"),
        [
            ("2026-11-16T08:59:59.999", False),
            ("2026-11-16T09:00", True),
            ("2026-11-20T16:59:59.999", True),
            ("2026-11-20T17:00", False),
        ],
    )
    def test_it_is_half_open(self, when: str, is_approved: bool) -> None:
        """From its first instant on, and no longer at its last."""
        assert approved(self.hers, when) is is_approved

    def test_use_before_the_grant_is_not_approved_after_the_fact(self) -> None:
        """Granted on Wednesday for the whole week, it covers Wednesday on; granted the week before, all of it."""
        wednesday = at("2026-11-18T15:00")
        assert not approved(self.hers, "2026-11-18T14:59", granted=wednesday)
        assert approved(self.hers, "2026-11-18T15:00", granted=wednesday)
        assert not approved(self.hers, "2026-11-16T08:00", granted=at("2026-11-09T15:00"))
        assert approved(self.hers, "2026-11-16T09:00", granted=at("2026-11-09T15:00"))

    def test_it_is_for_one_person(self) -> None:
        """Not for others on the same device, and not for a device whose user is not known."""
        assert not approved(use(user="m.ellis"), LUNCH)
        assert not approved(use(), LUNCH)

    def test_or_for_one_group(self) -> None:
        """For whoever uses its devices, known or not."""
        assert approved(use(), LUNCH, user="", group="staffroom")
        assert approved(self.hers, LUNCH, user="", group="staffroom")
        assert not approved(use(group=group("classrooms")), LUNCH, user="", group="staffroom")

    def test_it_names_services_or_kinds(self) -> None:
        """Either covers; a service of another kind is not covered."""
        tube = use(user="j.okafor", service=service("tube", Kind.VIDEO))
        kinds = {"services": frozenset(), "kinds": frozenset({Kind.VIDEO})}
        assert not approved(tube, LUNCH)
        assert approved(tube, LUNCH, **kinds)
        assert not approved(self.hers, LUNCH, **kinds)
        assert approved(self.hers, LUNCH, kinds=frozenset({Kind.VIDEO}))

    def test_one_that_names_neither_covers_nothing(self) -> None:
        """It is never taken as one for everything."""
        assert not approved(self.hers, LUNCH, services=frozenset())

    def test_a_rule_that_cannot_be_lifted_stays(self) -> None:
        """Only `approval = true` lets an approval in."""
        judge = judge_of(
            rules=policy(rule("never", activities=[Activity.CONNECT]), rule("working-time", approval=True)),
            approvals=(Approval(0, at("2027-01-01T00:00"), user="j.okafor", services=frozenset({"chirp"})),),
        )
        assert outcome(judge, use(Activity.CONNECT, user="j.okafor"), LUNCH) == "not_permitted"
        assert outcome(judge, use(Activity.POST, user="j.okafor"), LUNCH) == "approved"

    def test_any_of_several_covers(self) -> None:
        """One that has ended does not hide one that runs."""
        both = (
            Approval(0, 1, user="j.okafor", services=frozenset({"chirp"})),
            Approval(0, at("2027-01-01T00:00"), user="j.okafor", services=frozenset({"chirp"})),
        )
        assert outcome(judge_of(approvals=both), self.hers, ELEVEN) == "approved"


class TestGrace:
    """Step 4: shortly after a bell."""

    judge = judge_of(grace=5 * MINUTE)

    @pytest.mark.parametrize(
        ("when", "expected"),
        [
            ("2026-11-16T12:59", "permitted"),
            ("2026-11-16T13:00", "permitted"),
            ("2026-11-16T13:04:59.999", "permitted"),
            ("2026-11-16T13:05", "not_permitted"),
            ("2026-11-16T12:04", "not_permitted"),  # none before a bell
            ("2026-11-16T08:34", "permitted"),
            ("2026-11-16T11:00", "not_permitted"),  # the break was not permitted either
        ],
    )
    def test_what_was_permitted_before_the_bell_still_is(self, when: str, expected: str) -> None:
        """For so many minutes and not one more; what was not permitted gains nothing."""
        assert outcome(self.judge, use(), when) == expected

    def test_the_period_is_the_one_that_the_clock_shows(self) -> None:
        """The rule and the clause are those that permitted before the bell."""
        found = verdict(self.judge, use(), "2026-11-16T13:01")
        assert found == Verdict(Period.WORK, Outcome.PERMITTED, "free-time", "c-free-time")

    def test_a_break_shorter_than_the_grace_has_its_grace_as_well(self) -> None:
        """Ten minutes of lunch, fifteen of grace: permitted from the first minute after it, not only from the sixth."""
        short = school_calendar()
        table = bells("08:30-16:00", lunches="12:00-12:10")
        tables = {"teachers": type(short.timetables["teachers"])(table, dict.fromkeys(range(5), table))}
        judge = judge_of(school_calendar(timetables=tables), grace=15 * MINUTE)
        clocks = ("11:59", "12:05", "12:11", "12:16", "12:24", "12:25")
        found = [outcome(judge, use(), f"2026-11-16T{clock}") for clock in clocks]
        assert found == ["not_permitted", "permitted", "permitted", "permitted", "permitted", "not_permitted"]

    def test_it_lends_no_approval(self) -> None:
        """What an approval covered before the bell is judged anew after it."""
        rules = policy(rule("lunch", periods=[Period.LUNCH], approval=True), rule("all"))
        approval = Approval(0, at("2027-01-01T00:00"), user="m.ellis", services=frozenset({"chirp"}))
        judge = judge_of(rules=rules, approvals=(approval,), grace=5 * MINUTE)
        assert outcome(judge, use(user="m.ellis"), LUNCH) == "approved"
        assert outcome(judge, use(user="m.ellis"), "2026-11-16T13:01") == "not_permitted"

    def test_it_comes_before_an_approval(self) -> None:
        """Permitted needs no approval."""
        approval = Approval(0, at("2027-01-01T00:00"), user="m.ellis", services=frozenset({"chirp"}))
        judge = judge_of(approvals=(approval,), grace=5 * MINUTE)
        assert outcome(judge, use(user="m.ellis"), "2026-11-16T13:04") == "permitted"
        assert outcome(judge, use(user="m.ellis"), "2026-11-16T13:05") == "approved"


class TestTimetables:
    """Whose bells count."""

    def test_a_person_s_own_timetable_beats_the_group_s(self) -> None:
        """12:20 is lunch for the staff room, and working time for someone on the office's timetable."""
        judge = judge_of(people={"j.okafor": "office"})
        assert outcome(judge, use(), LUNCH) == "permitted"
        assert outcome(judge, use(user="m.ellis"), LUNCH) == "permitted"
        assert outcome(judge, use(user="j.okafor"), LUNCH) == "not_permitted"

    @pytest.mark.parametrize(
        "name",
        [
            "j.okafor",
            "J.Okafor",
            "OAKFIELD\\j.okafor",
            "j.okafor@oakfield.example",
            " j.okafor ",
            "OAKFIELD\\J.OKAFOR@x",
        ],
    )
    def test_a_user_s_name_in_any_form(self, name: str) -> None:
        """With domain, with address, in capitals."""
        assert user_of(name) == "j.okafor"


def test_a_network_that_is_not_known_is_not_the_school_s() -> None:
    """A rule for the school's network needs the school's network."""
    judge = judge_of(rules=policy(rule("here", network=[Network.SCHOOL]), rule("all", "permitted")))
    found = [
        outcome(judge, use(network=network), LUNCH) for network in (Network.SCHOOL, Network.ELSEWHERE, Network.UNKNOWN)
    ]
    assert found == ["not_permitted", "permitted", "permitted"]


def test_named_services() -> None:
    """Those that rules name and those used for teaching."""
    assert named_services(policy(rule("a", services=["x"]), rule("b")), ["tube"]) == {"x", "tube"}


class TestUntil:
    """When the outcome of the same use next changes."""

    def until(self, what: Use, when: str, **changes: object) -> str | None:
        """As the wall in London shows it."""
        found = judge_of(**changes).until(what, instant(at(when)))  # type: ignore[arg-type]
        return found.isoformat() if found else None

    def test_the_next_bell_that_matters(self) -> None:
        """At eleven, lunch; at lunch, its end; on a Friday evening, Monday's first bell."""
        assert self.until(use(), ELEVEN) == "2026-11-16T12:05:00+00:00"
        assert self.until(use(), LUNCH) == "2026-11-16T13:00:00+00:00"
        assert self.until(use(), "2026-11-20T18:00") == "2026-11-23T08:30:00+00:00"

    def test_a_bell_that_changes_nothing_is_passed_over(self) -> None:
        """The break of a policy that counts it as work."""
        assert self.until(use(), "2026-11-16T10:30") == "2026-11-16T12:05:00+00:00"

    def test_at_the_bell_itself_it_is_the_next_one(self) -> None:
        """What begins now is now."""
        assert self.until(use(), "2026-11-16T12:05") == "2026-11-16T13:00:00+00:00"

    def test_over_a_clock_change(self) -> None:
        """From Friday evening in summer time to Monday morning in winter time."""
        calendar = school_calendar(closures=())
        assert self.until(use(), "2026-10-23T18:00", calendar=calendar) == "2026-10-26T08:30:00+00:00"

    def test_never_within_sixty_days(self) -> None:
        """A pupil's use, a policy without times, and the long time after the last term."""
        assert self.until(use(group=group(audience=Audience.PUPILS)), ELEVEN) is None
        assert self.until(use(), ELEVEN, rules=policy(rule("all"))) is None
        assert self.until(use(), "2026-12-18T17:00") is None

    def test_the_sixtieth_day_counts_and_the_next_does_not(self) -> None:
        """Work begins on 3 September at 08:30, seen from sixty days before and from a minute earlier."""
        assert self.until(use(), "2026-07-05T08:30") == "2026-09-03T07:30:00+00:00"
        assert self.until(use(), "2026-07-05T08:29") is None

    def test_the_end_of_grace(self) -> None:
        """Permitted at lunch lasts five minutes longer, and so it does when asked in those minutes."""
        assert self.until(use(), LUNCH, grace=5 * MINUTE) == "2026-11-16T13:05:00+00:00"
        assert self.until(use(), "2026-11-16T13:03", grace=5 * MINUTE) == "2026-11-16T13:05:00+00:00"

    def test_the_ends_of_an_approval(self) -> None:
        """Its grant, where that comes after its first instant, and its last instant."""
        approval = Approval(
            at("2026-11-16T10:00"),
            at("2026-11-16T11:30"),
            user="m.ellis",
            services=frozenset({"chirp"}),
            granted=at("2026-11-16T10:30"),
        )
        hers = use(user="m.ellis")
        assert self.until(hers, "2026-11-16T09:00", approvals=(approval,)) == "2026-11-16T10:30:00+00:00"
        assert self.until(hers, "2026-11-16T11:00", approvals=(approval,)) == "2026-11-16T11:30:00+00:00"


@few
@given(judges(), st.data())
def test_until_is_the_first_minute_that_differs(
    school: tuple[Judge, st.SearchStrategy[int]], data: st.DataObject
) -> None:
    """Against every minute in between; bells, approvals and the ends of grace all fall on whole minutes."""
    judge, moments = school
    what, ms = data.draw(uses()), data.draw(moments) // MINUTE * MINUTE
    now = judge.judge_ms(what, ms).outcome
    end = ms + timedelta(days=60) // timedelta(milliseconds=1)
    minutes = range(ms + MINUTE, end + 1, MINUTE)
    expected = next((minute for minute in minutes if judge.judge_ms(what, minute).outcome is not now), None)
    found = judge.until(what, instant(ms))
    assert found == (None if expected is None else instant(expected))


def test_the_test_policies_mean_what_they_say() -> None:
    """Free time and working time share no period, so the cases above cannot pass by chance."""
    assert set(FREE_TIME) | {Period.WORK, Period.BREAK} == set(Period)
    assert LUNCH_POLICY.unreachable({}) == []
