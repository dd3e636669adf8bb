"""One engine has a profile, and the next one is told who that is."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.engine.store.lock import ProfileLock, file_system_of

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/ann/My\\040Disk ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
"""


def test_the_second_engine_is_told_who_has_the_profile(tmp_path: Path) -> None:
    lock = ProfileLock(Profile.at(tmp_path))
    with pytest.raises(DoorError) as caught:
        ProfileLock(Profile.at(tmp_path))
    assert caught.value.code == "profile-in-use"
    holder = f"{getpass.getuser()} on {socket.gethostname()} (process {os.getpid()})"
    assert holder in caught.value.sentence
    lock.release()
    ProfileLock(Profile.at(tmp_path)).release()


def test_the_lock_goes_with_the_process_that_took_it(tmp_path: Path) -> None:
    script = (
        "import os, sys; from desktopmail.door.profile import Profile;"
        "from desktopmail.engine.store.lock import ProfileLock;"
        "ProfileLock(Profile.at(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    result = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert result.returncode == -9
    ProfileLock(Profile.at(tmp_path)).release()


def test_a_user_whom_no_file_knows_has_a_profile_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", unknown)
    lock = ProfileLock(Profile.at(tmp_path))
    with pytest.raises(DoorError, match=f"by somebody on .* \\(process {os.getpid()}\\)"):
        ProfileLock(Profile.at(tmp_path))
    lock.release()


def test_a_profile_on_a_network_file_system_is_refused_in_one_sentence() -> None:
    with pytest.raises(DoorError) as caught:
        ProfileLock(Profile.at("/dev/shm"), mounts="server:/x /dev/shm nfs4 rw 0 0\n")
    assert caught.value.code == "network-profile"
    assert "network file system (nfs4)" in caught.value.sentence


def test_the_file_system_is_that_of_the_nearest_mount() -> None:
    assert file_system_of(Path("/home/ann/mail"), MOUNTS) == "nfs4"
    assert file_system_of(Path("/home/ann/My Disk/mail"), MOUNTS) == "ext4"
    assert file_system_of(Path("/var/mail"), MOUNTS) == "ext4"
    assert file_system_of(Path("/tmp/x"), MOUNTS) == "tmpfs"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DoorError) as caught:
        ProfileLock(Profile.at(tmp_path / "file" / "profile"))
    assert caught.value.code == "profile-unwritable"
