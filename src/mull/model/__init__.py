"""What a checkpoint is: everything a model's files say, before any of it is run.

config      the network's shape, from `config.json`
rope        its rotary angles
shapes      its tensors, parameters and memory, by arithmetic
tensorfile  one `.safetensors` file, memory-mapped
weights     the tensors of a folder, checked against the shape
tokenizer   text to ids and back; plain text never yields a control id
boxes       the `\\boxed{}` of a growing text
formats     where thoughts end and the answer begins
chat        from messages to prompt ids
checkpoint  all of it together: the embedded model, a folder or a hub name
"""
