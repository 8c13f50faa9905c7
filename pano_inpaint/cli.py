"""The command line `pano-inpaint`: the porch, from which every room is reached."""

from typing import Annotated

import typer

from pano_inpaint import __version__, console
from pano_inpaint.commands.erase import erase
from pano_inpaint.commands.rooms import rooms
from pano_inpaint.commands.scores import evaluate, score
from pano_inpaint.commands.serving import export, serve, studio
from pano_inpaint.commands.view import view

app = typer.Typer(
    name="pano-inpaint",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="With --debug an error shows its traceback.",
)

for _verb in (erase, view, score, evaluate, serve, studio, rooms, export):
    app.command()(_verb)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Erase objects from 360° room tours."""
    if version:
        console.output.print(f"pano-inpaint {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    console.run(app)
