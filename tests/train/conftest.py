import pytest
import torch
from tokenizers import Tokenizer

from mull.train import tokenizer as tokenizers


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return tokenizers.build(samples=60)


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """Small matrices gain nothing from more threads, and sums keep one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
