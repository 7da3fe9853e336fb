"""Our log: one JSON object a line, and never a name, an address, a host or a URL.

mitmproxy's own messages name hosts and addresses, so none of them is written; they are only counted.
"""

import json
import logging
import sys
from datetime import UTC, datetime


class Lines(logging.Formatter):
    """JSON lines; of an exception only its type and where it was raised, since its text may quote a request."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": record.name,
            "message": record.getMessage(),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            trace = error.__traceback__
            while trace and trace.tb_next:
                trace = trace.tb_next
            where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
            line |= {"error": type(error).__name__, "where": where}
        return json.dumps(line)


class OursOnly(logging.Filter):
    """Lets our own records through, and counts the others.

    While the proxy starts there is no traffic yet: what keeps mitmproxy from starting is written as well.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.starting = True

    def running(self) -> None:
        """mitmproxy's hook: from now on its messages may name people's traffic."""
        self.starting = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the record."""
        if record.name.startswith("lunchbell") or (self.starting and record.levelno >= logging.ERROR):
            return True
        self.count += 1
        return False


def log_to_stderr() -> OursOnly:
    """Set up logging for the process; the filter that counts what was not written."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    ours = OursOnly()
    handler.addFilter(ours)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("lunchbell", "lunchbell_proxy"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        # mitmproxy ends at any error logged while it starts; one of ours must never keep pages from loading.
        logger.propagate = False
        logger.handlers = [handler]
    return ours
