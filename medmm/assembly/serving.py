"""What serving the page needs before anybody can sign in."""

from medmm import ownership
from medmm.assembly import users
from medmm.assembly.homes import OpenHome
from medmm.assembly.users import OneTime
from medmm.records import passwords
from medmm.records.users import FIRST_ADMIN, has_users

ownership.check_packages()
DEMO_SIGNER = "demo"


def first_admin(opened: OpenHome) -> OneTime | None:
    """Make the first admin of a new home; None where somebody was added before.

    Raises:
        InputError: another process made it at this moment.
    """
    if has_users(opened.database):
        return None
    return users.add(opened, FIRST_ADMIN, "admin", None).first_admin


def demo_signer(opened: OpenHome) -> OneTime:
    """The demo's signer with a new password, which is good until the next one is made.

    For a home made to try things out: whoever runs the command may sign there.
    """
    password = passwords.one_time()
    if not has_users(opened.database):
        users.add(opened, DEMO_SIGNER, "signer", password)
    else:
        users.set_password(opened, DEMO_SIGNER, password)
    return OneTime(DEMO_SIGNER, password)
