"""An HTTP API of pages, brought page by page.

Each page is kept as it came with its ETag, and asked for with it the next time. A pull that stopped goes on with the
page it stopped at, unless the first page says that the list has changed since.
"""

from hashlib import sha256
from typing import Final

import httpx

from tasks.gateways.sources.cells.column_map import ColumnMap
from tasks.gateways.sources.far import http_pages
from tasks.gateways.sources.far.addresses import Address, Allowance, SourceError
from tasks.gateways.sources.far.http_pages import Answer, Asking
from tasks.gateways.sources.far.landing import Copy, Landed, Landing

#: Folder of a copy that holds the pages.
_FOLDER: Final = "0001"
#: A list that changes while it is read is read again so often; then it is taken as it came, with a sentence that says so.
_ROUNDS: Final = 3
#: A page that is no JSON is asked for so often: an answer cut off without a sign of it looks so too.
_READINGS: Final = 3
#: So many pages that came before end a pull: some servers give their last page for ever.
_REPEATS: Final = 3


class HttpApi:
    """Brings all pages of an API."""

    def __init__(self, where: Address, column_map: ColumnMap, allowance: Allowance) -> None:
        self._where, self._map, self._allowance = where, column_map, allowance
        try:
            self._asking = Asking(where, allowance)
            self._base = str(httpx.URL(where.bare))
        except (httpx.InvalidURL, UnicodeError) as wrong:
            raise SourceError(
                f"{where.public_name} cannot be asked: FILING_SOURCE or _TOKEN has signs none may have"
            ) from wrong
        url = httpx.URL(self._base)
        spelled = [*url.query.decode("ascii").split("&"), *str(url.params).split("&")]
        self._given = sorted({pair for pair in spelled if "=" in pair}, key=len, reverse=True)

    def land(self, landing: Landing) -> list[str]:
        """A copy of all pages; returns a sentence for whatever may be missing in it."""
        with self._asking.client:
            former = landing.current
            for rounds_left in reversed(range(_ROUNDS)):
                pull = _Pull(self, landing, former, self._base)
                pull.run()
                if not pull.changed_meanwhile():
                    break
                if not rounds_left:
                    pull.complaints.append("the list changed each time while it was read: what moved may be missing")
                    break
                landing.restart()
        landing.settle()
        return [f"{self._where.public_name}: {complaint}" for complaint in pull.complaints]

    def understood(self, address: str, etag: str) -> tuple[Answer, http_pages.PageSummary]:
        """A page and what it says; one that is no JSON is asked for again."""
        for readings_left in reversed(range(_READINGS)):
            answer = self._asking.page(address, etag)
            summary = http_pages.PageSummary() if answer.unchanged else http_pages.read_summary(answer.body, self._map)
            if not summary.trouble or not readings_left:
                break
        return answer, summary

    def after(self, address: str, answer: Answer, summary: http_pages.PageSummary) -> str:
        """The address of the page after this one, "" after the last; only one of the same server is followed."""
        pages = self._map.pages
        if answer.next:
            following = str(httpx.URL(address).join(answer.next))
        elif summary.next and pages.next_parameter:
            following = self._with(address, pages.next_parameter, summary.next)
        elif summary.next:
            following = str(httpx.URL(address).join(summary.next))
        elif pages.page_parameter and (summary.records or summary.trouble):
            number = httpx.URL(address).params.get(pages.page_parameter, "1")
            following = self._with(address, pages.page_parameter, str(int(number) + 1 if number.isdecimal() else 2))
        else:
            return ""
        if _server(following) != _server(self._base):
            raise SourceError(f"{self._where.public_name} names a next page on another server, which is not followed")
        return following

    def is_unchanged(self, address: str, page: Landed) -> bool:
        """Whether a page still has the records it had."""
        answer = self._asking.page(address, page.mark)
        return answer.unchanged or http_pages.read_summary(answer.body, self._map).digest == page.notes["digest"]

    @property
    def reading(self) -> str:
        """The map by which pages say what comes after them; under another one they are asked for anew."""
        return self._map.identity

    @property
    def name(self) -> str:
        """How the API is named to people."""
        return self._where.public_name

    @property
    def most_pages(self) -> int:
        """How many pages are a pull at most."""
        return self._allowance.bounds.pages

    def kept(self, address: str) -> str:
        """An address as it may be written down: parameters of FILING_SOURCE, which may be secret, by their place."""
        for place, pair in enumerate(self._given):
            address = address.replace(pair, f"{{{place}}}")
        return address

    def restored(self, address: str) -> str:
        """The address that was written down."""
        for place, pair in enumerate(self._given):
            address = address.replace(f"{{{place}}}", pair)
        return address

    def _with(self, address: str, parameter: str, value: str) -> str:
        return str(httpx.URL(address).copy_set_param(parameter, value))


class _Pull:
    """One pull of all pages, from the first or from where another stopped."""

    def __init__(self, api: HttpApi, landing: Landing, former: Copy | None, first: str) -> None:
        self._api, self._landing, self._first = api, landing, first
        self._former = former
        before = former.entries.values() if former else ()
        entries = [entry for entry in before if entry.notes["map"] == api.reading]
        self._known = {api.restored(entry.notes["address"]): entry for entry in entries}
        self._draft = self._gone_on_with()
        self._fetched = 0
        self._bodies: list[bytes] = []
        self.complaints = [entry.notes["trouble"] for entry in self._pages if entry.notes["trouble"]]

    @property
    def _pages(self) -> list[Landed]:
        """The pages of this pull so far, in order."""
        return [self._draft.entries[name] for name in sorted(self._draft.entries)]

    def run(self) -> None:
        """Ask for one page after another until there is none."""
        pages = self._pages
        addresses_asked = {self._api.restored(page.notes["address"]) for page in pages}
        address = self._api.restored(pages[-1].notes["next"]) if pages else self._first
        place = len(pages)
        while address:
            place += 1
            if address in addresses_asked:
                self.complaints.append(f"page {place - 1} leads back to one before it: pages may be missing")
                return
            if place > self._api.most_pages:
                raise SourceError(f"{self._api.name} has more than {self._api.most_pages} pages: narrow FILING_SOURCE")
            addresses_asked.add(address)
            address = self._take(address, f"{_FOLDER}/{place:06}.json", place)

    def changed_meanwhile(self) -> bool:
        """Whether the first page is another one by now: what stood on later ones may have moved past us."""
        pages = self._pages
        if not self._fetched or len(pages) < 2:  # noqa: PLR2004  on one page nothing moves
            return False
        return not self._api.is_unchanged(self._first, pages[0])

    def _take(self, address: str, name: str, place: int) -> str:
        """One page; returns where the next one is."""
        entry = self._known.get(address)
        answer, summary = self._api.understood(address, entry.mark if entry else "")
        if entry and self._former and answer.unchanged:
            self._draft.adopt(self._former, entry, name)
            return self._api.restored(entry.notes["next"])
        self._fetched += 1
        following = self._api.after(address, answer, summary)
        trouble = f"page {place} {summary.trouble}, and what follows it may be missing" if summary.trouble else ""
        notes = {
            "address": self._api.kept(address),
            "next": self._api.kept(following),
            "digest": summary.digest,
            "map": self._api.reading,
            "trouble": trouble,
        }
        # a page in trouble is never taken for known
        self._draft.put(Landed(name, "" if trouble else answer.etag, notes), [answer.body])
        if trouble:
            self.complaints.append(trouble)
        return following if self._is_new(answer.body, summary.records) else ""

    def _is_new(self, body: bytes, records: int) -> bool:
        digest = sha256(body).digest()
        if records and self._bodies.count(digest) >= _REPEATS:
            self.complaints.append("the same page comes again and again: pages may be missing")
            return False
        self._bodies.append(digest)
        return True

    def _gone_on_with(self) -> Copy:
        """The draft a stopped pull left, if it may be gone on with; else an empty one."""
        self._draft = draft = self._landing.draft()
        pages = self._pages
        same = all(page.notes["map"] == self._api.reading for page in pages)
        begun = bool(pages) and same and pages[0].notes["address"] == self._api.kept(self._first)
        if begun and self._api.is_unchanged(self._first, pages[0]):
            return draft
        return self._landing.restart()


def _server(address: str) -> tuple[str, str, int | None]:
    url = httpx.URL(address)
    return url.scheme, url.host, url.port
