"""The command line: one file a verb, imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from diachron.cli.lines import one_line

# verb -> one line of help. The module is `diachron.cli.<verb>`, the command in it is `command`.
VERBS: dict[str, str] = {
    "generate": "Make a labelled change data set from tiles and a recipe.",
    "validate": "Check a data set: every layer against every other and the record.",
    "inspect": "Say what a data set, a source or a tile holds.",
    "report": "Write a self-contained HTML page to look at a data set.",
    "export": "Write a data set in the layout of another tool.",
    "render": "Draw one sample stage by stage.",
    "train": "Train a change detector on data sets.",
    "predict": "Find change in two rasters with a trained detector.",
    "segment": "Write label maps of pictures with a trained segmenter.",
    "label": "Write change maps of real pairs with a trained segmenter.",
    "evaluate": "Judge recipes by what a detector learns from their pairs.",
    "recipes": "List the recipes, or print one with every default.",
    "schemas": "List the label schemes, or print one.",
    "processes": "List the kinds of change, or print one with its parameters.",
    "renderers": "List the ways to paint a date.",
    "convert": "Convert published weights for a renderer.",
    "filters": "List what a sample can be asked to hold.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported on use, so that help answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of a first session."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a verb's command, or None for an unknown verb."""
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"diachron.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of the first argument; an unknown verb names the nearest."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from diachron.core.errors import nearest_names

            raise click.UsageError(f"no command is called '{args[0]}'; {nearest_names(args[0], VERBS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs with their help, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"diachron {version('diachron')}")
        ctx.exit()


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def group(debug: bool) -> None:
    """Labelled change data for remote sensing: real tiles in, pairs with every change known out.

    Exit codes: 0 done, 1 refused input or failed check, 2 wrong usage, 130 stopped by Ctrl-C.
    """


def main(argv: list[str] | None = None) -> None:
    """Run the command line; one line an error, and a traceback only with --debug."""
    arguments = sys.argv[1:] if argv is None else argv
    debug = "--debug" in arguments
    # --debug may stand anywhere: people add it at the end of the line that failed.
    arguments = (["--debug"] if debug else []) + [a for a in arguments if a != "--debug"]
    try:
        code: Any = group.main(arguments, prog_name="diachron", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.UsageError as error:
        if debug:
            raise
        of = error.ctx.command_path if error.ctx is not None else "diachron"
        _complain(f"{error.format_message().rstrip('.')}; see `{of} --help`")
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _complain(error.format_message())
        sys.exit(error.exit_code)
    except click.exceptions.Exit as request:
        sys.exit(request.exit_code)
    except (click.Abort, KeyboardInterrupt):
        kept = "; finished samples are kept, the same command goes on from there"
        _complain("stopped" + (kept if "generate" in arguments else ""))
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        from diachron.core.errors import DiachronError, RecipeError, UnknownNameError

        if not isinstance(error, DiachronError):
            _complain(
                f"unexpected {type(error).__name__}: {error}; this is a fault of Diachron: "
                "give the command again with --debug and report what it prints"
            )
            sys.exit(1)
        _complain(str(error))
        sys.exit(2 if isinstance(error, (RecipeError, UnknownNameError)) else 1)
    sys.exit(code if isinstance(code, int) else 0)


def _complain(text: str) -> None:
    click.echo(one_line(f"diachron: {text}"), err=True)
