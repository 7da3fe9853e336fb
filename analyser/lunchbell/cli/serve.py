"""`lunchbell serve`: the analyser with its pages."""

from pathlib import Path

import click
from aiohttp import web

from lunchbell.cli.common import config_option, fail, load_settings, now, own_config_file
from lunchbell.live.health import add_health
from lunchbell.live.ingest import Ingest
from lunchbell.live.routes import add_ingest
from lunchbell.policy.calendar import instant_ms
from lunchbell.settings.switch import is_paused
from lunchbell.store.schema import StoreError
from lunchbell.web.app import application


@click.command()
@config_option
def serve(config: Path | None) -> None:
    """Run the analyser: it takes the proxies' events and shows the pages."""
    settings = load_settings(own_config_file(config))
    host, _, port = settings.file.analyser.listen.rpartition(":")
    database = settings.beside(settings.file.analyser.database)
    app = application(settings, database)
    add_health(app)
    try:
        add_ingest(app, Ingest(database, lambda: instant_ms(now())), lambda: is_paused(settings.path))
    except StoreError as error:
        fail(str(error))
    click.echo(f"The analyser is at http://{host}:{port}/summary (stop it with Ctrl-C).")
    try:
        web.run_app(app, host=host, port=int(port), print=None, access_log=None)
    except OSError as error:
        fail(f"cannot listen on {host}:{port} ({error.strerror}); is another analyser running? See [analyser] listen")
