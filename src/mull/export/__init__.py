"""A checkpoint in the forms its consumers read: a Hugging Face folder (transformers, vLLM), GGUF (llama.cpp).

No torch: tensors stream from the memory-mapped checkpoint through numpy, one at a time.
"""

from mull.errors import MullError


class ExportError(MullError):
    """A checkpoint that cannot be written in the form asked for."""
