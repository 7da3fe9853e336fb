"""`lunchbell init`: writes the school's file, to be completed by hand."""

from pathlib import Path

import click

from lunchbell.cli.common import DEFAULT_CONFIG, fail
from lunchbell.settings.places import config_dir, example_file


@click.command()
@click.option("--school", prompt="The school's name", help="The school's name.")
@click.option(
    "--policy",
    prompt="Its policy (waterville-2022, wivelsfield, newall-green-2023, robert-arkenstall-2022, model-preamble)",
    default="waterville-2022",
    help="A shipped policy, or a path to your own.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), default=DEFAULT_CONFIG, show_default=True, help="The file to write."
)
def init(school: str, policy: str, output: Path) -> None:
    """Write lunchbell.toml from the example school, with your school's name and policy.

    Its networks, bells and terms are the example's: put yours in their place, then run `lunchbell check`.
    """
    if output.exists():
        fail(f"{output}: there is a file of that name already; choose another with --output")
    shipped = sorted(p.stem for p in (config_dir() / "policies").glob("*.toml"))
    if policy not in shipped and not (output.parent / policy).is_file():
        fail(f'policy "{policy}": there is no such policy; use one of {", ".join(shipped)}, or a path to your own')
    if not school.isprintable() or '"' in school or "\\" in school:
        fail("--school: leave out quotes, backslashes and line breaks")
    text = example_file().read_text("utf-8")
    text = text.replace('name = "Oakfield Primary School"', f'name = "{school}"', 1)
    text = text.replace('policy = "waterville-2022" ', f'policy = "{policy}" ', 1)
    if policy != "waterville-2022":
        text = text[: text.index("[[cases]]")].rstrip() + "\n"
    rest = text.partition("\n")[2]
    head = f"# {school}: replace what is the example's, then run `lunchbell check`. Every key: config/README.md"
    try:
        output.write_text(f"{head}\n{rest}", "utf-8")
    except OSError as error:
        fail(f"{output}: cannot be written ({error.strerror})")
    click.echo(f"Wrote {output}. Put your networks, bells and terms in it, then run: lunchbell check --config {output}")
