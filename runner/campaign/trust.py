"""What a campaign file reaches beyond its folder, and whether this user wrote it.

A campaign file can come from anybody. It can have a command run, and name any file. So that is
shown before anything is sent, and a command of somebody else's file is not run unless a person has
agreed to it.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_downloads_path

from runner.campaign.kind import with_paths
from runner.campaign.setting import CampaignSettings
from runner.campaign.target import Command, Target, Webhook
from runner.system.file import others_can_change, owner_if_other, was_downloaded
from runner.words import without_userinfo


def reaches(said: Mapping[str, Any], target: Target | None) -> Iterator[str]:
    """Say what the values that a campaign file gives reach: a command, an address, the key, files
    outside its folder. `said` has them as the file does."""
    match target:
        case Command():
            yield f"When a run ends, the campaign file has a command run: {shown(target)}"
        case Webhook():
            yield f"When a run ends, the campaign file has {target.name} told how it ended."
    if "key_file" in said:
        yield f"The campaign file has the API key read from {said['key_file']}."
    outside: list[str] = []

    def note(key: str, path: str) -> str:
        if key != "key_file" and _leads_out(path):
            outside.append(f"{key} {path}")
        return path

    with_paths(CampaignSettings, said, note)
    if outside:
        yield f"The campaign file names files outside its folder: {', '.join(outside)}."


def shown(target: Target) -> str:
    """Write a command as a person would type it; of a webhook, only the host is shown."""
    if isinstance(target, Command):
        return without_userinfo(shlex.join(target.words))
    return target.name


def stranger(path: Path) -> str | None:
    """Return the reason why a campaign file may be somebody else's, if there is one."""
    if owner := owner_if_other(path):
        return f"{path.name} was written by another user ({owner})"
    if others_can_change(path):
        return f"other users of this computer can change {path.name}"
    if was_downloaded(path) or was_downloaded(path.parent):
        return f"{path.name} was downloaded"
    if user_downloads_path() in path.resolve().parents:
        return f"{path.name} lies in the folder of downloads"
    return None


def fingerprint(path: Path, target: Target) -> str:
    """Return a text that stands for this command in this file, and for no other."""
    words = target.words if isinstance(target, Command) else (target.url,)
    told = json.dumps([str(path.resolve()), *words])
    return hashlib.sha256(told.encode()).hexdigest()


def _leads_out(said: str) -> bool:
    path = Path(said)
    return path.is_absolute() or said.startswith("~") or ".." in path.parts
