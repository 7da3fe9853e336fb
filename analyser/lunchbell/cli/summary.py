import click
@click.command()
def summary() -> None:
    pass
