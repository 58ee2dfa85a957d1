"""What each chain holds of the runner's memory, and how it gets more.

`Pages` counts references; this module applies that to chains: sharing on fork, copy-on-write before
a shared page is written, finding and publishing common prefixes, giving everything back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mull.engine.pages import Key, Pages, next_key
from mull.runner.base import Runner

if TYPE_CHECKING:
    from mull.engine.chain import Chain


@dataclass(slots=True)
class Held:
    """One chain's share of the memory.

    pages     in order
    keys      of its full pages
    reached   how far it was ever computed
    writable  up to here the pages behind the computed tokens are its own
    moved     whether `pages` changed since the engine last copied them into a page table
    """

    pages: list[int] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    reached: int = 0
    writable: int = 0
    moved: bool = True


class Memory:
    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.size = runner.limits.page_size
        self.pages = Pages(runner.limits.pages, self.size)
        self.held: dict[Chain, Held] = {}

    def add(self, chain: Chain) -> None:
        self.held[chain] = Held()

    def fork(self, chain: Chain, child: Chain) -> None:
        """The child shares the pages of all that the chain has computed.

        Pages behind them, reserved for a step that was never taken in, are given back: whoever writes makes
        the page it begins in its own, and takes those behind it for new.
        """
        held, computed = self.held[chain], len(chain.ids) - chain.pending
        keep = -(-computed // self.size)
        self.pages.release(held.pages[keep:])
        del held.pages[keep:]
        self.pages.share(held.pages)
        held.writable, held.moved = 0, True
        self.held[child] = Held(held.pages.copy(), held.keys.copy(), computed)

    def shorten(self, chain: Chain) -> None:
        """Give back the pages that lie wholly behind the chain's last token."""
        held, length = self.held[chain], len(chain.ids)
        keep = -(-length // self.size)
        self.pages.release(held.pages[keep:])
        del held.pages[keep:]
        del held.keys[length // self.size :]
        held.reached = min(held.reached, length)
        held.writable, held.moved = 0, True

    def evict(self, chain: Chain) -> None:
        """Take all pages away; the chain is computed again when it next thinks."""
        held = self.held[chain]
        self.pages.release(held.pages)
        held.pages.clear()
        held.writable, held.moved = 0, True
        chain.pending = len(chain.ids)

    def drop(self, chain: Chain) -> None:
        held = self.held.pop(chain, None)
        if held is not None:
            self.pages.release(held.pages)

    def key(self, chain: Chain, index: int) -> Key:
        """Key of the chain's full page `index`."""
        keys, size = self.held[chain].keys, self.size
        while len(keys) <= index:
            start = len(keys) * size
            keys.append(next_key(keys[-1] if keys else chain.salt, chain.ids[start : start + size]))
        return keys[index]

    def attach(self, chain: Chain) -> int:
        """Take over published pages that continue what the chain holds; returns tokens gained.

        The last token is always left to compute: its logits are what comes next.
        """
        computed = len(chain.ids) - chain.pending
        if computed % self.size or chain.pending <= self.size:
            return 0
        first, last = computed // self.size, (len(chain.ids) - 1) // self.size
        found = self.pages.find(self.key(chain, index) for index in range(first, last))
        if not found:
            return 0
        held = self.held[chain]
        self.pages.release(held.pages[first:])
        held.pages[first:] = found
        held.writable, held.moved = 0, True
        gained = len(found) * self.size
        chain.pending -= gained
        return gained

    def reserve(self, chain: Chain, tokens: int) -> bool:
        """Make the pages of the next `tokens` positions the chain's own; False if memory is out."""
        held, size = self.held[chain], self.size
        computed = len(chain.ids) - chain.pending
        if computed + tokens <= held.writable:
            return True
        index = computed // size
        if index < len(held.pages) and not self._own(held, index, copy=computed % size > 0):
            return False
        for _ in range(len(held.pages), -(-(computed + tokens) // size)):
            page = self.pages.take()
            if page is None:
                return False
            held.pages.append(page)
        held.writable, held.moved = len(held.pages) * size, True
        return True

    def room(self, chain: Chain) -> int:
        """How many more positions lie in pages that are the chain's own."""
        return self.held[chain].writable - len(chain.ids) + chain.pending

    def _own(self, held: Held, index: int, *, copy: bool) -> bool:
        """Make page `index` safe to write: nobody else reads it, no key promises its old content."""
        page = held.pages[index]
        if not self.pages.shared(page):
            self.pages.unpublish(page)
            return True
        own = self.pages.take()
        if own is None:
            return False
        if copy:
            self.runner.copy_page(page, own)
        self.pages.release([page])
        held.pages[index] = own
        return True

    def publish(self, chain: Chain, start: int, end: int) -> None:
        """Make the pages filled by computing positions `start` to `end` findable."""
        held = self.held[chain]
        for index in range(start // self.size, end // self.size):
            self.pages.publish(held.pages[index], self.key(chain, index))
