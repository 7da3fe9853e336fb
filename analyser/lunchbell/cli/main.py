"""`lunchbell`: the command that carries all others. Each is loaded only when it is called."""

from importlib import import_module

import click

COMMANDS = (
    "demo",
    "init",
    "check",
    "classify",
    "explain",
    "proxy",
    "serve",
    "analyse",
    "summary",
    "token",
    "pause",
    "resume",
)


class Commands(click.Group):
    """One module a command, `lunchbell.cli.<name>`; a command's own libraries load with it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order that someone new needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"lunchbell.cli.{cmd_name}"), cmd_name)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="lunchbell")
def main() -> None:
    """Tells a school whether social media use on its network keeps to the school's own written policy.

    Exit status: 0 done; 1 it ran and the answer is bad, such as a check that failed; 2 the call or a file is wrong.
    """
