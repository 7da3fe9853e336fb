import click
@click.command()
def analyse() -> None:
    pass
