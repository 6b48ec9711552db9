"""`avocet login` and `avocet logout`: which Avocet, and who one is there.

Passwords are asked for or piped in, never given as an option: everybody on a machine can read running commands.
"""

import sys
from typing import Annotated

import httpx
import typer

from cli import output
from cli.config import Account, Deployment, checked_url, forget_choice, save_choice
from cli.errors import CommandError, SignInError, UnexpectedAnswerError, UnreachableError
from cli.identity import SignIn
from cli.surroundings import Surroundings

_PAGE_CONFIG = "/config.json"


def login(
    context: typer.Context,
    user: Annotated[str, typer.Option("--user", "-u", metavar="NAME", help="E-mail address to sign in with.")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    admin: Annotated[bool, typer.Option("--admin", help="Embedded cloud: be its demo administrator.")] = False,
    page: Annotated[str, typer.Option(metavar="URL", help="Choose the Avocet whose page is there.")] = "",
    api: Annotated[str, typer.Option(metavar="URL", help="Choose the Avocet whose API is there.")] = "",
    cognito: Annotated[
        str, typer.Option("--cognito-url", metavar="URL", help="With --api: where people sign in.")
    ] = "",
    client_id: Annotated[str, typer.Option("--client-id", help="With --api: the app client.")] = "",
    embedded: Annotated[bool, typer.Option("--embedded", help="Go back to the embedded cloud.")] = False,
) -> None:
    """Sign in; in the embedded cloud the demo user does so without being asked."""
    surroundings: Surroundings = context.obj
    chosen = _chosen(surroundings, page=page, api=api, cognito=cognito, client_id=client_id, embedded=embedded)
    if chosen is None and embedded:
        forget_choice(surroundings.config_dir)
    deployment = chosen or surroundings.deployment()
    if not deployment.cognito_url or not deployment.client_id:
        raise SignInError("It is not known where people sign in: set AVOCET_COGNITO_URL and AVOCET_CLIENT_ID.")
    account = _account(deployment, user=user, is_admin=admin, password_stdin=password_stdin)
    with surroundings.connect(deployment) as connection:
        ask = None if password_stdin else _ask
        tokens = connection.cognito.sign_in(account.username, account.password, ask=ask)
        if not tokens.refresh_token:
            raise UnexpectedAnswerError("The sign-in service gave nothing to stay signed in with.")
        surroundings.vault.put(deployment, SignIn(account.username, tokens.refresh_token))
    if chosen is not None:
        save_choice(surroundings.config_dir, chosen)
    output.out().print(f"Signed in at {output.printable(deployment.api_url)} as {output.printable(account.username)}.")


def logout(context: typer.Context) -> None:
    """Forget who is signed in here, and make the remembered sign-in worthless."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        deployment = connection.deployment
        sign_in = surroundings.vault.get(deployment)
        if sign_in is None:
            output.out().print("Nobody is signed in.")
            return
        surroundings.vault.drop(deployment)
        try:
            connection.cognito.revoke(sign_in.refresh_token)
        except CommandError as error:
            raise SignInError(f"Signed out here, but the sign-in could not be revoked: {error}") from error
    output.out().print(f"Signed out at {output.printable(deployment.api_url)}.")


def _chosen(
    surroundings: Surroundings, *, page: str, api: str, cognito: str, client_id: str, embedded: bool
) -> Deployment | None:
    """Return the deployment that the options name; None when they name none."""
    if sum(map(bool, (page, api, embedded))) > 1:
        raise typer.BadParameter("--page, --api and --embedded exclude each other.")
    if page:
        return _of_page(surroundings, checked_url(page, "--page"))
    if api:
        if not cognito or not client_id:
            raise typer.BadParameter("--api needs --cognito-url and --client-id; --page finds both by itself.")
        return Deployment.of_urls(api_url=api, cognito_url=cognito, client_id=client_id, origin="--api")
    return None


def _of_page(surroundings: Surroundings, page_url: str) -> Deployment:
    with surroundings.http(page_url) as http:
        try:
            response = http.get(page_url + _PAGE_CONFIG)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(f"Nothing answers at {page_url}.") from error
    try:
        document = response.raise_for_status().json()
        return Deployment.of_urls(
            api_url=str(document["apiUrl"]),
            cognito_url=str(document["cognitoUrl"]),
            client_id=str(document["clientId"]),
            page_url=page_url,
            origin="--page",
        )
    except (httpx.HTTPStatusError, ValueError, KeyError, TypeError) as error:
        raise UnexpectedAnswerError(f"{page_url} is not the page of an Avocet.") from error


def _account(deployment: Deployment, *, user: str, is_admin: bool, password_stdin: bool) -> Account:
    """Return whom to sign in; a demo account where there are some and nobody else is named."""
    if is_admin and not deployment.is_embedded:
        raise typer.BadParameter("--admin is for the embedded cloud; name the account with --user.")
    if not user:
        demo = deployment.demo_accounts.get("admin" if is_admin else "user")
        if demo is not None:
            return demo
        user = _asked("E-mail address", is_secret=False)
    known = next((one for one in deployment.demo_accounts.values() if one.username == user), None)
    if known is not None and not password_stdin:
        return known
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _asked("Password", is_secret=True)
    return Account(user, password)


def _ask(what: str) -> str:
    return _asked(what, is_secret=True)


def _asked(what: str, *, is_secret: bool) -> str:
    if not sys.stdin.isatty():
        raise SignInError("There is nobody to ask: give --user, and the password with --password-stdin.")
    return str(typer.prompt(what, hide_input=is_secret, err=True))
