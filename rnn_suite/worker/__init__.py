"""A process in one environment that does what it is told, a line of JSON at a time.

`python -m rnn_suite.worker`, or the file `__main__.py` of this folder given to any Python: then nothing
else of the environment that the file lies in is visible. Paired runs drive two of them.

Requests come on standard input, each a line: `{"do": NAME, ...}`. Each is answered by one line on standard
output, `{"done": {...}}` or `{"failed": WORDS}`. What libraries print goes to standard error. A worker ends
when its input ends, or with the process that started it. What can be asked for, and what it answers, is in
`tasks`.
"""
