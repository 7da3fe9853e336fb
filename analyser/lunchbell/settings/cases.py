"""The school's own policy cases, `[[cases]]`: what it expects of its policy; `lunchbell check` holds it to them."""

from lunchbell.policy.verdicts import Use, user_of
from lunchbell.policy.wall_clock import instant_on_wall
from lunchbell.policy.words import NEVER_COVERED
from lunchbell.settings import Settings
from lunchbell.settings.problems import Problem


def failed_cases(settings: Settings) -> list[Problem]:
    """Cases whose outcome differs from what the school wrote."""
    failed = []
    services = {service.id: service for service in (*settings.catalogue.local, *settings.catalogue.services.values())}
    for number, case in enumerate(settings.file.cases, 1):
        use = Use(services[case.service], case.activity, settings.groups[case.group], user_of(case.user), case.network)
        verdict = settings.judge.judge(use, instant_on_wall(case.at, settings.zone))
        if verdict.outcome is not case.outcome:
            failed.append(
                Problem(
                    settings.path.name,
                    f"cases[{number}]",
                    "",
                    f"expects {case.outcome}, but {case.service} {case.activity} by {case.group} at {case.at} is "
                    f"{verdict.outcome} (rule {verdict.rule}); correct the case or the policy",
                )
            )
    return failed


def groups_without_cases(settings: Settings) -> list[str]:
    """Groups that the policy is about and no case speaks of."""
    spoken_of = {case.group for case in settings.file.cases}
    return [g.id for g in settings.groups.values() if g.audience not in NEVER_COVERED and g.id not in spoken_of]
