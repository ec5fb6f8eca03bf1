"""What springhead raises.

```
SpringheadError
├── UnknownSource        the host has no active source of this name
├── InvalidConfig        the settings given for a source are wrong
├── PluginFailure        a plugin cannot be used, and SPRINGHEAD_STRICT_PLUGINS=1
├── VerificationFailed   a plugin that verifies requests failed
├── InvalidSource        a source folder has problems
├── InvalidSchema        schema.json is not a JSON Schema, or uses what is not supported
├── InvalidPath          a path or a target cannot be read
├── InvalidRegex         a regular expression cannot be used
├── InvalidArgument      a function of `apply` was given a wrong argument
├── InvalidJson          bytes are not JSON, or are beyond a limit
├── InvalidEvent         the fields of an event break a rule that holds for every event
├── InvalidFixture       a fixture cannot be run
├── InvalidDraft         a source cannot be drafted from what was given
├── InvalidRevision      there is no such git revision, or it does not have the source
├── BodyError            a request's body cannot be read
│   └── EncodingError    it is not encoded as its header says
├── BadCall              a call that the page of the playground does not make
├── EvaluationFailed     trying or drafting a source in the playground took too long, or ended its process
├── NotWritten           the playground did not write files
├── InvalidSettings      the gateway's settings are wrong
├── StoreFull            the store or its disk is full
├── StoreBusy            another process locks the store, or too many calls wait for it
├── StoreUnusable        the store cannot be opened or read
├── LetterGone           a dead letter was replayed or dropped meanwhile
├── SameStore            a store is to be moved to itself
├── EventsHeld           events cannot be moved: another process has claimed them
├── ServerRefused        a NATS server is not what the store needs
├── InvalidCredentials   a NATS credentials file is missing, or is not what `nsc` writes
└── ApiError             JetStream refused a request
```

Each is a mistake of a caller, an author or an operator, or a problem of the machine. What a sender posts never
makes the host raise, unless a plugin fails over it: `InvalidJson` and `InvalidEvent` become rejections, and the
errors of an author's files become the problems that `InvalidSource` lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .json_value import Steps
    from .source_file import Problem


class SpringheadError(Exception):
    """The root of all errors of springhead. Its last argument is its sentence, unless a class builds one."""

    def __str__(self) -> str:
        return str(self.args[-1]) if self.args else ""


class UnknownSource(SpringheadError):  # noqa: N818 - an error here is named after what is wrong
    """The host has no active source of this name."""

    def __init__(self, name: str, advice: str) -> None:
        super().__init__(name, advice)
        self.name = name
        self.advice = advice

    def __str__(self) -> str:
        return f"no active source {self.name!r}: {self.advice}"


class InvalidConfig(SpringheadError):  # noqa: N818
    """A setting of a source has a value it cannot have, or a name that is nearly a setting's."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    def __str__(self) -> str:
        return f"the settings of source {self.source!r} are wrong: {self.reason}"


class PluginFailure(SpringheadError):  # noqa: N818
    """Plugins that should be active are not; one line for each."""

    def __init__(self, failures: Sequence[str]) -> None:
        super().__init__(failures)
        self.failures: tuple[str, ...] = tuple(failures)

    def __str__(self) -> str:
        return "\n  ".join(["plugins are not active (SPRINGHEAD_STRICT_PLUGINS=1):", *self.failures])


class VerificationFailed(SpringheadError):  # noqa: N818
    """A plugin could not verify a request, which is therefore neither accepted nor refused."""

    def __init__(self, plugin: str, reason: str) -> None:
        super().__init__(plugin, reason)
        self.plugin = plugin
        self.reason = reason

    def __str__(self) -> str:
        return f"plugin {self.plugin} could not verify the request: it {self.reason}"


class InvalidSource(SpringheadError):  # noqa: N818
    """A source folder cannot be loaded; the error holds all its problems."""

    def __init__(self, folder: str, problems: Sequence[Problem]) -> None:
        super().__init__(folder, problems)
        self.folder = folder
        self.problems: tuple[Problem, ...] = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.folder} has {count} problem{'s' if count > 1 else ''}:"
        return "\n  ".join([head, *map(str, self.problems)])


class InvalidSchema(SpringheadError):  # noqa: N818
    """A document is not a JSON Schema, or uses what is not supported; `steps` lead to the place."""

    def __init__(self, steps: Steps, reason: str) -> None:
        super().__init__(steps, reason)
        self.steps = steps
        self.reason = reason


class InvalidPath(SpringheadError):  # noqa: N818
    """A path or a target cannot be read."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason, advice)
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.reason}: {self.advice}" if self.advice else self.reason


class InvalidRegex(SpringheadError):  # noqa: N818
    """A text is not a regular expression, or not one that is searched in linear time."""

    def __init__(self, pattern: object, reason: str) -> None:
        super().__init__(pattern, reason)
        self.pattern = pattern
        self.reason = reason

    def __str__(self) -> str:
        return f"the expression {self.pattern!r} cannot be used: {self.reason}"


class InvalidArgument(SpringheadError):  # noqa: N818
    """A function of `apply` was given a wrong argument; the reason says what it accepts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidJson(SpringheadError):  # noqa: N818
    """Bytes are not JSON, or are beyond a limit: `rule` names which, the reason says where."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(rule, reason)
        self.rule = rule
        self.reason = reason


class InvalidEvent(SpringheadError):  # noqa: N818
    """The fields of an event break a rule that holds for every event: `rule` names it."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(rule, reason)
        self.rule = rule
        self.reason = reason


class InvalidFixture(SpringheadError):  # noqa: N818
    """A fixture of a source cannot be run; `folder` names it."""

    def __init__(self, folder: str, reason: str, advice: str) -> None:
        super().__init__(folder, reason, advice)
        self.folder = folder
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.folder} {self.reason}: {self.advice}"


class InvalidDraft(SpringheadError):  # noqa: N818
    """A source cannot be drafted from what was given; `subject` is the name, the body or the folder."""

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject = subject
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.subject} {self.reason}"


class InvalidRevision(SpringheadError):  # noqa: N818
    """A text is not a git revision that has the source."""

    def __init__(self, revision: str, reason: str) -> None:
        super().__init__(revision, reason)
        self.revision = revision
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.revision} {self.reason}"
