"""The API key is found in one order, refused where others could read it, and never shown."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.sending import key
from runner.sending.key import find_key
from tests.loopback import KEY, serving

ROOT = Path(__file__).parents[2]
posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
KEYRING = """
class errors: pass
def get_password(service, username):
    assert (service, username) == ("campaign-runner", "api-key")
    {body}
"""
ERRORS = "class NoKeyringError(RuntimeError): pass\nclass KeyringLocked(Exception): pass\n"


@pytest.fixture(autouse=True)
def usual_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the default key file lie in the test's folder."""
    monkeypatch.setattr(key, "user_config_path", lambda *_, **__: tmp_path / "config")


def private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def keyring(folder: Path, body: str) -> Path:
    """Return a folder with a keyring library whose `get_password` does this."""
    package = folder / "library" / "keyring"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(KEYRING.format(body=body), encoding="utf-8")
    (package / "errors.py").write_text(ERRORS, encoding="utf-8")
    return package.parent


@pytest.fixture
def fake_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], None]]:
    def make(body: str) -> None:
        monkeypatch.syspath_prepend(str(keyring(tmp_path, body)))

    yield make
    for name in ("keyring", "keyring.errors"):
        sys.modules.pop(name, None)


def test_the_places_are_asked_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_keyring: Callable[[str], None]
) -> None:
    """Each place wins over all places after it, and its result names it."""
    named = private(tmp_path / "named", "from-the-named-file\n")
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", "from-the-variable")
    monkeypatch.setenv("CONNECTSAFELY_API_TOKEN", "from-the-alias")
    dotenv = private(tmp_path / ".env", "# mine\nCONNECTSAFELY_API_KEY='from-dotenv'\n")
    usual = private(tmp_path / "config" / "key", "from-the-usual-file")
    fake_keyring("return 'from-the-keyring'")

    def found(named: Path | None = None) -> tuple[str, str, Path | None]:
        result = find_key(named, tmp_path)
        assert result.secret.reveal() not in repr(result)
        return result.secret.reveal(), result.origin, result.path

    assert found(named) == ("from-the-named-file", f"the key file {named}", named)
    assert found() == ("from-the-variable", "the environment variable CONNECTSAFELY_API_KEY", None)
    monkeypatch.delenv("CONNECTSAFELY_API_KEY")
    assert found()[0] == "from-the-alias"
    monkeypatch.delenv("CONNECTSAFELY_API_TOKEN")
    assert found() == ("from-dotenv", f"the file {dotenv}", dotenv)
    assert "CONNECTSAFELY_API_KEY" not in os.environ
    dotenv.write_text("OTHER=1\n", encoding="utf-8")
    dotenv.chmod(0o644)  # a .env without the key may be as open as its owner likes
    assert found() == ("from-the-usual-file", f"the key file {usual}", usual)
    usual.unlink()
    assert found() == ("from-the-keyring", "the system's keyring", None)


def test_a_named_file_is_the_only_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named key file that is missing is an error, even where another place has a key."""
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", KEY)
    with pytest.raises(UsageError, match="There is no key file"):
        find_key(tmp_path / "nowhere", tmp_path)


@posix_only
@pytest.mark.parametrize("mode", [0o604, 0o620, 0o640, 0o644, 0o601, 0o666])
@pytest.mark.parametrize("name", ["named key", ".env", "config/key"])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    """A key file is refused when any bit for group or others is set. The remedy is the command that
    mends it."""
    path = private(tmp_path / name, "CONNECTSAFELY_API_KEY=abc" if name == ".env" else "abc", mode)
    with pytest.raises(UsageError, match="other users") as caught:
        find_key(path if name == "named key" else None, tmp_path)
    remedy = str(caught.value.remedy)
    assert remedy.startswith("chmod 600 ")
    subprocess.run(remedy, shell=True, check=True)
    find_key(path if name == "named key" else None, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " \n",
            "two\nlines",
            "with space",
            "schlüssel",
            "a\x00b",
            "a\tb",
            "\x1b[0m",
            "x" * 70_000,
        ),
        *(
            "CONNECTSAFELY_API_KEY=abcdef123",
            "export CONNECTSAFELY_API_KEY=abcdef123",
            '"abcdef123"',
            "'abcdef123'",
        ),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    """A text is refused as a key when it is blank, too long or of several lines, or holds blanks,
    control characters or characters beyond ASCII. It is not repeated."""
    path = private(tmp_path / "named", text)
    with pytest.raises(UsageError) as caught:
        find_key(path, tmp_path)
    said = f"{caught.value.what} {caught.value.remedy}"
    assert text.strip() == "" or text.strip() not in said


def test_white_space_and_a_mark_of_encoding_are_taken_off(tmp_path: Path) -> None:
    """White space and a byte order mark are taken off. Editors leave a final line end or such a
    mark."""
    path = tmp_path / "named"
    path.write_bytes(b"\xef\xbb\xbf" + KEY.encode() + b"\r\n")
    path.chmod(0o600)
    assert find_key(path, tmp_path).secret.reveal() == KEY


def test_a_dotenv_file_is_taken_literally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable is put into a value of a .env file."""
    monkeypatch.setenv("OTHER", "other")
    private(tmp_path / ".env", "CONNECTSAFELY_API_KEY=a${OTHER}b\n")
    assert find_key(None, tmp_path).secret.reveal() == "a${OTHER}b"


@pytest.mark.parametrize("kind", ["folder", pytest.param("pipe", marks=posix_only)])
def test_a_key_file_that_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    """A key file that is a folder, or a pipe that no process writes to, is refused at once."""
    path = tmp_path / kind
    path.mkdir() if kind == "folder" else os.mkfifo(path)  # type: ignore[func-returns-value]
    with pytest.raises(UsageError):
        find_key(path, tmp_path)


def test_no_key_anywhere_names_every_place(tmp_path: Path) -> None:
    """The error names each of the five ways to give a key, and how to try without one."""
    with pytest.raises(UsageError) as caught:
        find_key(None, tmp_path)
    remedy = str(caught.value.remedy)
    ways = (
        "CONNECTSAFELY_API_KEY",
        str(tmp_path / "config" / "key"),
        "--key-file",
        ".env",
        "keyring set",
        "rehearse",
    )
    assert [way for way in ways if way not in remedy] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "from keyring.errors import NoKeyringError\n    raise NoKeyringError('no backend')",
            "There is no API key",
        ),
        ("return None", "There is no API key"),
        (
            "from keyring.errors import KeyringLocked\n    raise KeyringLocked('secret words')",
            r"\(KeyringLocked\)",
        ),
        ("raise ValueError('secret words')", r"\(ValueError\)"),
        ("import threading; threading.Event().wait(20)", "no answer within"),
        ("return 'two words'", "holds no API key"),
    ],
)
def test_a_keyring_in_trouble_is_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fake_keyring: Callable[[str], None],
    body: str,
    words: str,
) -> None:
    """A keyring that is locked, failing or silent is an error with a way out, soon. Without a
    backend it is as if there were no keyring."""
    monkeypatch.setattr(key, "KEYRING_SECONDS", 0.3 if "wait" in body else 20.0)
    fake_keyring(body)
    with pytest.raises(UsageError, match=words) as caught:
        find_key(None, tmp_path)
    assert "secret words" not in f"{caught.value.what} {caught.value.remedy}"


@pytest.mark.parametrize("place", ["key file", "campaign file", "dotenv", "usual file", "keyring"])
def test_a_run_without_any_environment(tmp_path: Path, place: str) -> None:
    """A run as a scheduler starts it has nothing but a home. The key comes from the place that has
    it, and is in no output or file."""
    home, folder = tmp_path / "home", tmp_path / "lists"
    home.mkdir()
    folder.mkdir()
    (folder / "people.csv").write_text("First Name,LinkedIn URL\nJo,jo-doe\n", encoding="utf-8")
    (folder / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    campaign_file = 'sheet = "people.csv"\ntemplate = "hello.j2"\n'
    environment = (
        {"HOME": str(home)} if os.name == "posix" else {**os.environ, "LOCALAPPDATA": str(home)}
    )
    more: list[str] = []
    if place == "key file":
        more = ["--key-file", str(private(home / "secret", KEY))]
    elif place == "campaign file":
        private(folder / "secret", KEY)
        campaign_file += 'key_file = "secret"\n'
    elif place == "dotenv":
        private(
            folder / ".env",
            f"no line of = the kind 'it reads\nexport CONNECTSAFELY_API_KEY={KEY}\n",
        )
    elif place == "usual file":
        found = subprocess.run(
            [
                sys.executable,
                "-c",
                "import runner.sending.key; print(runner.sending.key.default_key_file())",
            ],
            env=environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        private(Path(found.stdout.strip()), KEY)
    else:
        environment["PYTHONPATH"] = str(keyring(home, f"return {KEY!r}"))
    (folder / "spring.toml").write_text(campaign_file, encoding="utf-8")
    with serving() as server:
        command = [
            sys.executable,
            "-m",
            "runner",
            "run",
            str(folder / "spring.toml"),
            "--now",
            "--yes",
            *more,
        ]
        ended = subprocess.run(
            [*command, "--base-url", server.url, "--ledger", str(folder / "ledger.db")],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert (ended.returncode, len(server.endpoint.receipts)) == (0, 1), ended.stderr
    assert KEY not in ended.stdout + ended.stderr
    assert "dotenv" not in ended.stderr  # no library speaks for itself
    written = [
        path for path in folder.iterdir() if path.is_file() and path.name not in ("secret", ".env")
    ]
    assert KEY.encode() not in b"".join(path.read_bytes() for path in written)
