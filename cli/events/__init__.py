"""`pyat events`: the event store from a terminal.

`log`: read, follow, append, replay · `letters` · `quarantine` · `projections` · `subscriptions` · `triggers` ·
`retention` · `telling`: what they share
"""

import typer

from cli.events import letters, log, projections, quarantine, retention, subscriptions, triggers

commands = typer.Typer(no_args_is_help=True, help="Everything that happened: read it, follow it, act on it.")
commands.command("list")(log.list_events)
commands.command("show")(log.show)
commands.command("follow")(log.follow)
commands.command("append")(log.append)
commands.command("schemas")(log.schemas)
commands.command("replay")(log.replay)
commands.add_typer(letters.commands, name="dead-letters")
commands.add_typer(quarantine.commands, name="quarantine")
commands.add_typer(projections.commands, name="projections")
commands.add_typer(subscriptions.commands, name="subscriptions")
commands.add_typer(triggers.commands, name="triggers")
commands.add_typer(retention.commands, name="retention")
