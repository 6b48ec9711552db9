"""What is told of a place once it is ready: to people, and to programs through ``local.json``."""

import json
from collections.abc import Mapping
from pathlib import Path

from local.accounts import Account
from local.publish import Addresses


def write_local_json(
    path: Path,
    to: Addresses,
    page_url: str,
    accounts: Mapping[str, Account],
    *,
    inbox_url: str,
    mlflow_url: str | None,
) -> None:
    """Write what the command line, tests and scripts read; in one step, readable by its owner alone."""
    content = {
        "api_url": to.api_url,
        "page_url": page_url,
        "cognito_url": to.cognito_url,
        "client_id": to.client_id,
        "inbox_url": inbox_url,
        # Filled in when the first training wants MLflow.
        "mlflow_url": mlflow_url,
        "accounts": {
            group: {"username": account.username, "password": account.password} for group, account in accounts.items()
        },
    }
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(content, indent=2) + "\n")
    partial.replace(path)


def read_accounts(path: Path) -> dict[str, Account]:
    """Return the accounts that an earlier start wrote to ``path``; none when there was none, or it cannot be read."""
    try:
        accounts = json.loads(path.read_text())["accounts"]
        return {group: Account(account["username"], account["password"]) for group, account in accounts.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def show(
    to: Addresses, page_url: str, *, model_version: str | None, has_page: bool, accounts: Mapping[str, Account]
) -> None:
    """Print where everything is."""
    print()
    print(f"  Page      {page_url if has_page else page_url + '   (not built yet)'}")
    print(f"  API       {to.api_url}")
    print(f"  Sign-in   {to.cognito_url}   client {to.client_id}")
    print(f"  Model     {model_version or 'none yet: make starter-model'}")
    for group, account in accounts.items():
        print(f"  {group.title():<9} {account.username}   {account.password}")
    print()
