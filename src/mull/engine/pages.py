"""Who owns which page of a runner's memory.

Pages are counted by reference: forked chains share them, and a chain that writes into a shared page
gets its own copy first (copy-on-write). A full page also has a key, a hash of all tokens up to its
end; a page nobody holds any more keeps its content until it is needed, so that a chain which begins
like an earlier one finds its prefix there.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence

Key = bytes


class Pages:
    """Reference counts, the free list (longest unused first) and the prefix cache."""

    def __init__(self, count: int, size: int) -> None:
        self.size = size
        self.count = count
        self._references = [0] * count
        self._free: OrderedDict[int, None] = OrderedDict.fromkeys(range(count))
        self._by_key: dict[Key, int] = {}
        self._key_of: dict[int, Key] = {}

    @property
    def free(self) -> int:
        """Pages nobody holds (some of them may still hold a cached prefix)."""
        return len(self._free)

    @property
    def used(self) -> int:
        return self.count - len(self._free)

    def take(self) -> int | None:
        """A page of one's own, or None when all are held."""
        if not self._free:
            return None
        page, _ = self._free.popitem(last=False)
        self.unpublish(page)
        self._references[page] = 1
        return page

    def share(self, pages: Iterable[int]) -> None:
        """One more holder for each of these pages, all of which are held already."""
        references = self._references
        for page in pages:
            references[page] += 1

    def release(self, pages: Iterable[int]) -> None:
        """One holder less; pages that lose their last one become free."""
        references, free = self._references, self._free
        for page in pages:
            references[page] -= 1
            if not references[page]:
                free[page] = None

    def shared(self, page: int) -> bool:
        return self._references[page] > 1

    def publish(self, page: int, key: Key) -> None:
        """A full page's content is known by `key` from now on. The first of two equal pages stays."""
        if key not in self._by_key and page not in self._key_of:
            self._by_key[key] = page
            self._key_of[page] = key

    def find(self, keys: Iterable[Key]) -> list[int]:
        """The pages of the longest published prefix, each with one more holder."""
        found = []
        for key in keys:
            page = self._by_key.get(key)
            if page is None:
                break
            self._free.pop(page, None)
            self._references[page] += 1
            found.append(page)
        return found

    def unpublish(self, page: int) -> None:
        """The page's content is about to change."""
        key = self._key_of.pop(page, None)
        if key is not None:
            del self._by_key[key]


def next_key(previous: Key, tokens: Sequence[int]) -> Key:
    """Key of the page that holds `tokens` behind the page with key `previous`."""
    return hashlib.blake2b(previous + array("i", tokens).tobytes(), digest_size=16).digest()
