"""From what was noticed to an event: classified, judged, and under a pseudonym. Nothing else of it goes on."""

from lunchbell.events import Event, event_of, subject_of
from lunchbell.policy.verdicts import Use
from lunchbell.policy.words import Activity, Network
from lunchbell.settings import Settings
from lunchbell.settings.keys import KeyOf
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.noticing import Contact
from lunchbell_proxy.observation import Seen, observe


class Judging:
    """Judges by the school's settings; `key` gives the pseudonym key of an instant."""

    def __init__(self, settings: Settings, key: KeyOf, clock: Clock) -> None:
        self.settings = settings
        self.key = key
        self.clock = clock

    def event(self, seen: Seen | Contact) -> Event:
        """The event of one request, not yet numbered."""
        settings = self.settings
        if isinstance(seen, Contact):
            activity, size = Activity.CONTACT, 0
        else:
            activity = settings.catalogue.activity_of(seen.service, observe(seen))
            size = seen.size + (seen.tap.size if seen.tap else 0)
        at = self.clock.ms(seen.at)
        use = Use(seen.service, activity, seen.group, seen.user, Network.SCHOOL)
        verdict = settings.judge.judge_ms(use, at)
        subject = subject_of(self.key(at), seen.user) if seen.user else ""
        return event_of(use, verdict, at, subject=subject, policy=settings.fingerprint, size=size, source="proxy")
