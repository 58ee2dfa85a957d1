"""Chains on a server: any that has `/v1/completions`; those that only chat give whole answers.

wire       what one piece of a reply says, in the dialects of the servers
servers    which server is asked, and what happens when one fails
reply      one request while it is answered
abilities  what a server can do, found out by trying
remote     the engine
chat       the engine where there are only chat completions
connecting from a URL to an engine
"""

from mull.engine.remote.abilities import Abilities
from mull.engine.remote.chat import ChatEngine
from mull.engine.remote.connecting import connect
from mull.engine.remote.remote import RemoteEngine

__all__ = ["Abilities", "ChatEngine", "RemoteEngine", "connect"]
