"""One process of a program: answers lines of JSON on its standard output, so that it can be timed from outside.

python -m benchmarks.speed.serve MODULE FUNCTION
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
import time

from benchmarks.speed.work import work_named


def main() -> None:
    module, function = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    start = time.perf_counter()
    program = getattr(importlib.import_module(module), function)()
    answer: object = time.perf_counter() - start
    while True:
        print(json.dumps(answer), file=answers, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        asked = json.loads(line)
        if asked["verb"] == "prepare":
            answer = program.prepare(work_named(asked["work"], asked["short"]), asked["seeds"])
        else:
            answer = dataclasses.asdict(program.train(asked["seeds"]))


if __name__ == "__main__":
    main()
