"""A checkpoint in the forms its consumers read: a Hugging Face folder (transformers, vLLM), GGUF (llama.cpp).

No torch: tensors come from the memory-mapped checkpoint and are converted in numpy, one at a time. A file of
a folder is held in its new form until it is written; GGUF is written tensor by tensor.
"""

from mull.errors import MullError


class ExportError(MullError):
    """A checkpoint that cannot be written in the form asked for."""
