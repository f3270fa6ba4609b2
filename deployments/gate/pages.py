"""The gate's own pages: signing in, and setting a password by a one-time link."""

from functools import cache
from importlib.resources import files
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from deployments.gate.accounts import SHORTEST, Accounts, LinkError
from deployments.gate.people import ROLES, TITLES
from schemas.settings import PAGES

#: Paths of these pages begin so.
BELOW = "/gate/"
SIGN_IN, SIGN_OUT, FIRST = f"{BELOW}sign-in", f"{BELOW}sign-out", f"{BELOW}first"
#: With no-referrer a browser would send its forms with `Origin: null`, as another site's page.
HEADERS = {"Referrer-Policy": "same-origin", "Cache-Control": "no-store", "X-Frame-Options": "DENY"}
_FIELDS = 8
#: What a person reads whose session ended while a form lay open.
RAN_OUT = "登录已过期，刚才提交的没有写入。请重新登录，即回到原来的页面：填写的文字还在那里，附件请重新选择"


def shown(request: Request, accounts: Accounts) -> Response:
    """The page a person opens."""
    if request.scope["path"] == SIGN_IN:
        return sign_in(request.query_params.get("next", ""))
    if request.scope["path"] == FIRST:
        return first(accounts, request.query_params.get("token", ""))
    if request.scope["path"] == SIGN_OUT:
        return _page("sign_out.html.j2", 200, {})
    return HTMLResponse(refusal("没有这个页面"), 404, headers=HEADERS)


def sign_in(following: str, message: str = "", status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The page to sign in on; `following`: the page to go on to."""
    return _page("sign_in.html.j2", status, headers or {}, following=safe_next(following), message=message)


def first(accounts: Accounts, token: str, message: str = "", status: int = 200) -> Response:
    """The page that sets a password, where the link is good."""
    try:
        link = accounts.link(token)
    except LinkError as over:
        return HTMLResponse(refusal(str(over)), 410, headers=HEADERS)
    role = TITLES[ROLES[link.role]]
    return _page(
        "first.html.j2", status, {}, token=token, name=link.name, role=role, message=message, shortest=SHORTEST
    )


def refusal(sentence: str) -> str:
    """A page with one sentence."""
    return _templates().get_template("refusal.html.j2").render(sentence=sentence)


def forbidden(_request: Request, error: Exception) -> Response:
    """The answer of a mounted application to somebody whose role does not reach so far."""
    return HTMLResponse(refusal(str(error)), 403, headers=HEADERS)


def sign_in_address(path: str, query: str) -> str:
    """Where to sign in, and to come back from."""
    return f"{SIGN_IN}?{urlencode({'next': f'{path}?{query}' if query else path})}"


def safe_next(address: str) -> str:
    """An address on this server, for whatever a link asked to go on to; the desk where it asked for none."""
    fit = address.startswith("/") and not address.startswith(("//", "/\\", BELOW)) and address.isprintable()
    return address if fit and "\\" not in address else f"{PAGES}/"


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a form, the last of each name; none where it cannot be read."""
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        return {}


def _page(template: str, status: int, headers: dict[str, str], **values: object) -> Response:
    text = _templates().get_template(template).render(**values)
    return HTMLResponse(text, status, headers={**HEADERS, **headers})


@cache
def _templates() -> Environment:
    return templates("gate")


def templates(room: str, *, trim: bool = False) -> Environment:
    """The templates of a room of this package, where every text is escaped and none may be missing.

    `trim`: a line of tags alone leaves no blank line.
    """
    folder = files("deployments") / room / "templates"
    loader = FunctionLoader(lambda name: (folder / name).read_text("utf-8"))
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=trim, lstrip_blocks=trim)
