"""The `avocet` command: puts the commands together, and lets no failure out as anything but a sentence."""

from importlib.metadata import version
from typing import Annotated

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, Exit, TyperException

from cli import output
from cli.commands.dataset import dataset
from cli.commands.dead_letters import dead_letters
from cli.commands.drift import drift
from cli.commands.identify import identify
from cli.commands.import_names import import_names
from cli.commands.inbox import inbox
from cli.commands.jobs import jobs
from cli.commands.labels import add_species
from cli.commands.login import login, logout
from cli.commands.models import models
from cli.commands.notifications import notifications
from cli.commands.review import review
from cli.commands.species import species
from cli.commands.status import status
from cli.commands.train import train
from cli.commands.users import users
from cli.errors import CommandError, StoppedError
from cli.surroundings import Surroundings

_DEFECT_EXIT_CODE = 70


class SentenceGroup(TyperGroup):
    """Runs commands; what they raise becomes one sentence on stderr and an exit code."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # typer hides the base's own type
        """Run the command of ``ctx``."""
        try:
            return super().invoke(ctx)
        except CommandError as error:
            output.complain(str(error))
            raise Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            output.complain("Stopped.")
            raise Exit(StoppedError.exit_code) from error
        except (Exit, Abort, TyperException, BrokenPipeError):
            raise  # the command-line library's own ways of ending
        except Exception as error:  # the one boundary: a defect is no reason to show people a trace
            surroundings = ctx.obj
            if isinstance(surroundings, Surroundings) and surroundings.environment.get("AVOCET_DEBUG"):
                raise
            output.complain(f"A defect in avocet itself ({type(error).__name__}); AVOCET_DEBUG=1 shows where.")
            raise Exit(_DEFECT_EXIT_CODE) from error


app = typer.Typer(
    name="avocet",
    cls=SentenceGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        output.out().print(version("avocet"))
        raise Exit


@app.callback()
def main(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Name birds on photos, from the command line."""
    context.obj = context.obj or Surroundings.of_this_process()


app.command()(identify)
app.command()(species)
app.command()(import_names)
app.command()(train)
app.command()(add_species)
app.command()(status)
app.command()(review)
app.add_typer(dataset)
app.add_typer(users)
app.add_typer(jobs)
app.add_typer(models)
app.add_typer(dead_letters)
app.command()(drift)
app.command()(inbox)
app.command()(notifications)
app.command()(login)
app.command()(logout)
