"""What can go wrong for the person at the keyboard, each as one sentence; nothing here is ever shown as a trace."""


class CommandError(Exception):
    """A sentence for the person at the keyboard.

    Attributes:
        exit_code: What the process ends with.
    """

    exit_code = 1


class NoDeploymentError(CommandError):
    """No Avocet is known: neither an embedded one nearby nor a hosted one that was chosen."""


class BrokenSettingsError(CommandError):
    """A file or variable that says where Avocet is cannot be used as it stands."""


class SignInError(CommandError):
    """The person could not be signed in; the sentence says what to do."""


class WrongCredentialsError(SignInError):
    """The name, the password or the remembered sign-in is not (or no longer) good."""


class UnreachableError(CommandError):
    """No answer came back over the network."""


class UnexpectedAnswerError(CommandError):
    """Something answered, but not in Avocet's words."""


class PhotoFileError(CommandError):
    """A photo or folder given on the command line cannot be read."""


class StoppedError(CommandError):
    """The person asked to stop while a request was waiting for its turn."""

    exit_code = 130


class ProblemError(CommandError):
    """The API refused, in RFC 9457 words.

    Attributes:
        status: HTTP status.
        code: Last part of the problem's type, such as ``upload-expired``.
        title: The same sentence for every occurrence.
        correlation_id: What to quote when asking about it; empty when the answer carried none.
    """

    def __init__(self, *, status: int, code: str, title: str, detail: str, correlation_id: str) -> None:
        """Keep the parts; the sentence is the detail, or the title when there is none."""
        sentence = detail or title or f"The API answered {status}."
        # Only a fault on the other side is worth a number to quote; a refusal explains itself.
        super().__init__(f"{sentence} (reference {correlation_id})" if status >= 500 and correlation_id else sentence)
        self.status = status
        self.code = code
        self.title = title
        self.correlation_id = correlation_id
