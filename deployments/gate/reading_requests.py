"""A request as the gate reads it, and how it says that one goes no further."""

from starlette.requests import Request


class Refused(Exception):  # noqa: N818  an answer, not an error
    """A request that goes no further: the status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def path_of(request: Request) -> str:
    """The path as the server behind reads it; a request's URL is put together with the Host header."""
    return str(request.scope["path"])


async def read_body(request: Request, most: int) -> bytes:
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > most:
            raise Refused(413, f"a body of at most {most:,} bytes")
    return bytes(read)
