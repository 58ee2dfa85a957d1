"""The same tasks and the same scorer in other people's trainers, for models of real size.

`rows` says what a problem looks like outside; each other file is one trainer: `trl` calls it, `verl` and
`openrlhf` write the files it reads, `datasets` writes what anything on the Hugging Face hub reads. None of
them trains anything itself.
"""
