"""From what was noticed to an event: classified, judged, and under a pseudonym. Nothing else of it goes on."""

from lunchbell.events import Event, event_of, subject_of
from lunchbell.policy.verdicts import Use
from lunchbell.policy.words import Activity, Network, Outcome
from lunchbell.settings.keys import KeyOf
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.noticing import Contact
from lunchbell_proxy.observation import Seen, observe


class Judging:
    """Judges each request by the settings it was noticed under; `key` gives the pseudonym key of an instant."""

    def __init__(self, key: KeyOf, clock: Clock) -> None:
        self.key = key
        self.clock = clock

    def event(self, seen: Seen | Contact) -> Event:
        """The event of one request, not yet numbered.

        It has no subject in a trial, where the policy does not cover it, and without user or device.
        """
        settings = seen.settings
        if isinstance(seen, Contact):
            activity, size = Activity.CONTACT, 0
        else:
            activity = settings.catalogue.activity_of(seen.service, observe(seen))
            size = seen.size + (seen.tap.size if seen.tap else 0)
        at = self.clock.ms(seen.at)
        use = Use(seen.service, activity, seen.group, seen.user, Network.SCHOOL)
        verdict = settings.judge.judge_ms(use, at)
        # A device's pseudonym must never equal a user's of the same name: no user name has a space.
        named = seen.user or (f"device {seen.device}" if seen.device else "")
        if settings.file.proxy.trial or verdict.outcome is Outcome.NOT_COVERED:
            named = ""
        subject = subject_of(self.key(at), named) if named else ""
        return event_of(use, verdict, at, subject=subject, policy=settings.fingerprint, size=size, source="proxy")
