"""The command line: the only reader of sys.argv. Thin: a verb parses and calls one function.

file            what it does
app.py          which verbs there are; their code is fetched when one is called
options.py      what each verb can be told, and in which range (propose_options.py: one of them)
option_files.py a file of options, under what was typed
words.py        one typed word into a number or a text, strictly
several.py      train again as several processes
verbs.py        demo, train, eval, propose, predict, doctor
presets.py      presets list, presets show
usage.py        mistakes on the command line, in our form of error
answers.py      what a verb found, for people or as JSON
process.py      exit codes, signals, closed streams, and how an error is printed

`frcnn --help` imports neither torch nor the rooms below.
"""

import sys
from collections.abc import Sequence

from frcnn.cli import process


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; None: those of this process.

    Returns:
        The exit code: 0 ok, 1 our bug, 2 usage or config, 3 data, 4 training diverged, 5 model
        file, 6 disk or permission, 130 and 143 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)

    def run() -> int:
        from frcnn.cli import app  # inside the guard: its packages may be missing

        return app.run(words)

    guard = process.to_the_end if arguments is None else process.guarded
    return guard(run, words)
