"""`mull serve`: the model behind the APIs that clients know, its thoughts apart from its answers.

app.py        which path leads where            door.py      who may come in: keys, hosts, sizes, logs
fields.py     what all requests share           ask.py       a request as a question, a line, a budget
chat.py       /v1/chat/completions              run.py       one running request, whatever the API
course.py     its engine: streams, wishes       control.py   answer now, more thinking, a hint, stop
limits.py     places, queue, fairness           wire.py      how answers leave: JSON or events
"""
