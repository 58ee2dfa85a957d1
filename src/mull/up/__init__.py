"""Starting other people's servers, for `mull.connect`: we start them, we never imitate them.

vllm     what `vllm serve` is told, and what of a model fits into the memory of GPUs
process  a server as a process: until it is well, its log, its end
"""
