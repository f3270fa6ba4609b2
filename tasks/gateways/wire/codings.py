"""How an answer is packed (RFC 9110, 8.4); what to do about it is the caller's to say."""

import httpx


def codings(response: httpx.Response) -> list[str]:
    """The codings an answer was put through, one after another.

    httpx undoes all of them before the first byte can be counted: each layer of gzip makes a thousand bytes of one.
    """
    named = response.headers.get_list("Content-Encoding", split_commas=True)
    return [each for each in (name.strip().lower() for name in named) if each not in ("", "identity")]
